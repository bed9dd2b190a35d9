"""Paths into documents, with any document and any path."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.errors import BadValue
from kazoo_sup.kazoo.documents import value_at, with_value

keys = st.text("ab1", min_size=1, max_size=2)
plain_values = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
values = st.recursive(
    plain_values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
documents = st.dictionaries(keys, values, max_size=4)
objects_only = st.recursive(plain_values, lambda inner: st.dictionaries(keys, inner, max_size=3))
paths = st.lists(keys, min_size=1, max_size=4)
NOTHING = object()


@given(documents, paths, values.filter(lambda value: value is not None))
def test_what_was_written_is_found_there(document, path, value):
    before = copy.deepcopy(document)
    try:
        changed = with_value(document, path, value)
    except BadValue as error:
        assert "has no element" in str(error)  # noqa: PT017 - whether it is raised depends on the document
    else:
        assert value_at(changed, path, NOTHING) == value
        assert [key for key in changed if key in before] == list(before)
    assert document == before


@given(st.dictionaries(keys, objects_only, max_size=4), paths)
def test_what_was_removed_is_not_found_and_nothing_is_made(document, path):
    changed = with_value(document, path, None)
    assert value_at(changed, path, NOTHING) is NOTHING
    if value_at(document, path, NOTHING) is NOTHING and value_at(document, path[:-1], NOTHING) is NOTHING:
        assert set(changed) == set(document)


@given(st.dictionaries(keys, objects_only, max_size=4), paths, paths, st.integers())
def test_other_paths_keep_their_values(document, path, other, value):
    changed = with_value(document, path, value)
    if path[: len(other)] != other and other[: len(path)] != path:
        found = value_at(document, other, NOTHING)
        runs_through_what_was_replaced = any(
            not isinstance(value_at(document, path[:depth], {}), dict) for depth in range(1, len(path))
        )
        assert runs_through_what_was_replaced or value_at(changed, other, NOTHING) == found


def test_an_empty_list_on_the_way_becomes_an_object():
    assert with_value({"a": []}, ["a", "b"], 1) == {"a": {"b": 1}}
    assert with_value({"a": []}, ["a", "1"], "x") == {"a": {"1": "x"}}


@pytest.mark.parametrize("key", ["0", "3", "-1", "x", "1x", "²"])
def test_a_list_has_elements_from_one_to_the_next_free_place(key):
    with pytest.raises(BadValue, match=": a list of 1 has no element "):
        with_value({"l": ["a"]}, ["l", key], "b")
    assert value_at({"l": ["a"]}, ["l", key], NOTHING) is NOTHING


def test_null_removes_an_element_of_a_list():
    assert with_value({"l": ["a", "b"]}, ["l", "1"], None) == {"l": ["b"]}
    assert with_value({"l": ["a"]}, ["l", "2"], None) == {"l": ["a"]}
