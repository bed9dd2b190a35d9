"""What commands hand back."""

from __future__ import annotations

from kazoo_sup.outcome import NO_RETURN, OK, UNDEFINED, Outcome, table, text, value
from kazoo_sup.terms import Atom


def test_without_more_it_is_ok_as_kazoo_says_it():
    assert Outcome().result == OK
    assert all(isinstance(each, Atom) for each in (OK, NO_RETURN, UNDEFINED))


def test_a_value_is_the_result():
    assert value([1]).result == [1]
    assert value(True, data={"is": True}).data == {"is": True}


def test_a_line_is_one_line_of_text():
    assert list(text("one line").text) == ["one line"]
    assert list(text(["a", "b"], NO_RETURN).text) == ["a", "b"]
    assert text("x").result == OK


def test_a_table_is_all_that_is_shown_and_its_rows_wait():
    rows = iter([{"a": 1}])
    shown = table(("a",), rows)
    assert (shown.result, shown.columns, shown.text) == (NO_RETURN, ("a",), ())
    assert next(rows) == {"a": 1}
