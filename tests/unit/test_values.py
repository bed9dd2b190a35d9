"""Values as Kazoo's kz_term turns them into one another, and as they are read from the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.arguments.values import Float, Integer, Json, JsonSetting, Setting
from kazoo_sup.command import bind
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.documents import values
from kazoo_sup.terms import Atom, Charlist


def refuses(function, value):
    with pytest.raises(ValueError, match=" is n"):
        function(value)
    return True


class TestConverting:
    @pytest.mark.parametrize(
        ("value", "number"),
        [(3, 3), ("3", 3), ("-3", -3), ("+3", 3), (2.5, 3), (-2.5, -3), (2.4, 2), ("2.5", 3), ("1e3", 1000)],
    )
    def test_to_a_whole_number_rounding_away_from_zero(self, value, number):
        assert values.to_integer(value) == number

    @pytest.mark.parametrize("value", ["", "x", "1_0", " 1", True, None, [1], {}, "٤"])
    def test_what_is_no_number_is_refused(self, value):
        assert refuses(values.to_integer, value)
        assert refuses(values.to_float, value)

    @given(st.integers())
    def test_any_whole_number_is_read_exactly(self, number):
        assert values.to_integer(str(number)) == number

    @pytest.mark.parametrize(("value", "number"), [(3, 3.0), ("3", 3.0), ("2.50", 2.5), (2.5, 2.5), ("-1e-2", -0.01)])
    def test_to_a_number_with_a_fraction(self, value, number):
        found = values.to_float(value)
        assert (found, type(found)) == (number, float)

    def test_only_true_and_its_name_are_true(self):
        assert values.is_true(True)
        assert values.is_true("true")
        assert not any(map(values.is_true, (1, "1", "yes", "True", "TRUE", [], None, "on")))
        assert values.is_false(False)
        assert values.is_false("false")
        assert not any(map(values.is_false, (0, "0", "no", "False", "", None, [])))

    def test_to_a_truth_value(self):
        assert values.to_boolean("true") is True
        assert values.to_boolean(False) is False
        for value in (1, 0, "yes", "", None, []):
            assert refuses(values.to_boolean, value)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("x", "x"),
            (1, "1"),
            (True, "true"),
            (None, "null"),
            ({"a": [1]}, '{"a":[1]}'),
            (Atom("undefined"), "undefined"),
        ],
    )
    def test_to_text(self, value, text):
        assert values.to_text(value) == text
        assert type(values.to_charlist(value)) is Charlist
        assert type(values.to_atom(value)) is Atom

    def test_a_list_is_no_text(self):
        assert refuses(values.to_text, ["a"])

    def test_what_kazoo_takes_for_nothing(self):
        for value in (None, "", 0, "0", "NULL", "undefined", Atom("undefined"), [], {}):
            assert values.is_empty(value)
        for value in (False, True, 1, "null", "x", " ", [0], {"a": None}):
            assert not values.is_empty(value)


def read(annotation, word):
    def function(argument):
        return argument

    function.__annotations__ = {"argument": annotation}
    return bind(function, [word], {}, {})


class TestReading:
    @pytest.mark.parametrize(
        ("word", "setting"),
        [
            ("text", "text"),
            ("", ""),
            ("42", "42"),
            ("true", "true"),
            ("null", "null"),
            ('["a","b"]', ["a", "b"]),
            ('{"a":1}', {"a": 1}),
            ('"quoted"', '"quoted"'),
        ],
    )
    def test_a_setting_is_text_unless_it_is_a_json_list_or_object(self, word, setting):
        assert read(Setting, word) == setting

    @pytest.mark.parametrize("word", ["[NaN]", '{"a":1e999}', '{"a":1,"a":2}', "[not json", "{tuple}"])
    def test_a_setting_that_is_nearly_json_is_refused(self, word):
        with pytest.raises(BadArgument, match="begins like JSON but is not JSON"):
            read(Setting, word)

    @pytest.mark.parametrize(
        ("word", "value"), [("42", 42), ("null", None), ('{"a":[1.5]}', {"a": [1.5]}), ('[<<"a">>,b]', ["a", "b"])]
    )
    def test_json_may_be_an_erlang_literal(self, word, value):
        assert read(Json, word) == value

    @pytest.mark.parametrize("word", ["[knm_local]", "{a,1}", "knm_local", ""])
    def test_a_setting_of_json_is_nothing_else(self, word):
        with pytest.raises(BadArgument, match="is none|is not JSON"):
            read(JsonSetting, word)
        assert read(JsonSetting, '["knm_local"]') == ["knm_local"]

    @pytest.mark.parametrize("word", ["{broken", "", '{"a":1,"a":2}', "NaN"])
    def test_what_is_neither_is_refused(self, word):
        with pytest.raises(BadArgument, match="^ARGUMENT: "):
            read(Json, word)

    def test_numbers(self):
        assert read(Integer, "2.5") == 3
        assert read(Float, "2") == 2.0
        for annotation in (Integer, Float):
            with pytest.raises(BadArgument, match='^ARGUMENT: <<"x">> is not a number$'):
                read(annotation, "x")
