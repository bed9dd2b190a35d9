"""What we take back of a document and what others made of it meanwhile, put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.changes.merging import BothChanged, merged

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from("pqrs"), values, max_size=4)


@given(documents, documents)
def test_what_only_one_side_changed_is_taken_whole(base, changed):
    assert merged(base, changed, base) == changed
    assert merged(base, base, changed) == changed
    assert merged(base, changed, changed) == changed


@given(documents, documents, documents)
def test_nothing_of_theirs_is_lost_and_nothing_is_made_up(base, ours, theirs):
    try:
        found = merged(base, ours, theirs)
    except BothChanged:
        assert ours not in (base, theirs)
        return
    assert merged(base, theirs, ours) == found
    for name in {*base, *ours, *theirs}:
        if base.get(name, "absent") == ours.get(name, "absent"):
            assert found.get(name, "absent") == theirs.get(name, "absent")


def test_different_keys_deep_down_do_not_touch():
    base = {"a": {"b": {"c": 1, "d": 2}}, "n": 1}
    found = merged(base, {"a": {"b": {"c": 9, "d": 2}}}, {"a": {"b": {"c": 1, "d": 8, "e": 3}}, "n": 1, "m": 5})
    assert found == {"a": {"b": {"c": 9, "d": 8, "e": 3}}, "m": 5}


def test_the_same_key_is_named_with_its_path():
    with pytest.raises(BothChanged, match=r"^both changed a\.b, l$"):
        merged({"a": {"b": 1}, "l": [1]}, {"a": {"b": 2}, "l": [1, 2]}, {"a": {"b": 3}, "l": []})


def test_true_is_not_one():
    with pytest.raises(BothChanged):
        merged({"a": 1}, {"a": True}, {"a": 2})
    assert merged({"a": 1}, {"a": True}, {"a": 1}) == {"a": True}


def test_what_is_set_aside_is_theirs():
    found = merged({"t": 1, "a": 1}, {"t": 2, "a": 2}, {"t": 3, "a": 1}, aside=("t",))
    assert found == {"t": 3, "a": 2}
