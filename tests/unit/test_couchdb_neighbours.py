"""Documents whose ids lie close together are read as one range, the others by their keys, and nobody sees which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.transports.couchdb.neighbours import MANY, Neighbours
from kazoo_sup.transports.limits import Limits

FIRST = 14_150_000_000


class Index:
    """Answers as _all_docs of a database with these ids does, and keeps what it was asked."""

    def __init__(self, ids, largest=10**9):
        self.ids = sorted(ids)
        self.largest = largest
        self.asked = []

    def fetch(self, *, keys=None, startkey="", endkey="", limit=0):
        self.asked.append("range" if keys is None else "keys")
        found = [each for each in self.ids if startkey <= each <= endkey][:limit] if keys is None else keys
        if len(found) > self.largest:
            raise Limits().oversized(server="CouchDB", request="GET /_all_docs", status=200)
        there = set(self.ids)
        return [{"id": each, "key": each} if each in there else {"key": each, "error": "not_found"} for each in found]


def numbers(*places):
    return [f"+{FIRST + place}" for place in places]


def read(neighbours, index, ids):
    return sorted(row["id"] for row in neighbours.rows(index.fetch, "numbers/+1415", ids) if "error" not in row)


@given(
    stored=st.sets(st.integers(0, 300)),
    asked=st.lists(st.integers(0, 300), min_size=1, max_size=120, unique=True),
    others=st.lists(st.sampled_from(["_design/numbers", "+14150000abc", "x", "+1415000010é"]), unique=True),
    largest=st.sampled_from([10**9, 70]),
)
def test_the_very_documents_that_are_there_are_found(stored, asked, others, largest):
    index, ids = Index(numbers(*stored) + others[:2], largest), numbers(*asked) + others
    wanted = sorted(set(index.ids) & set(ids))
    neighbours = Neighbours()
    assert read(neighbours, index, ids) == wanted
    assert read(neighbours, index, ids) == wanted


def test_those_that_lie_close_together_are_one_range():
    index = Index(numbers(*range(MANY * 2)))
    ids = numbers(*range(0, MANY * 3, 3))[::-1]
    assert read(Neighbours(), index, numbers(*range(MANY))) == numbers(*range(MANY))
    assert read(Neighbours(), index, ids) == sorted(set(ids) & set(index.ids))
    assert index.asked == ["range", "range", "keys"]


def test_a_database_where_they_are_scattered_is_asked_by_key_from_then_on():
    index, neighbours = Index(numbers(*range(MANY * 4))), Neighbours()
    ids = numbers(*range(0, MANY * 4, 4))
    for _ in range(3):
        assert read(neighbours, index, ids) == ids
    assert index.asked == ["range", "keys", "keys", "keys"]
    list(neighbours.rows(index.fetch, "numbers/+1416", ids))
    assert index.asked[4:] == ["range", "keys"]


@pytest.mark.parametrize("ids", [numbers(*range(MANY - 1)), ["_design/a", *numbers(*range(MANY))]])
def test_few_ids_and_those_that_servers_may_sort_otherwise_are_asked_by_key(ids):
    index = Index(ids)
    assert read(Neighbours(), index, ids) == sorted(ids)
    assert index.asked == ["keys"]


def test_a_range_that_is_too_much_at_once_is_asked_by_key_in_halves():
    index = Index(numbers(*range(MANY)), largest=MANY - 1)
    assert read(Neighbours(), index, index.ids) == index.ids
    assert index.asked == ["range", "keys", "keys", "keys"]
