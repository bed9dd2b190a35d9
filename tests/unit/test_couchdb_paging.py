from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.transports.couchdb import paging
from kazoo_sup.transports.couchdb.paging import distinct_keys, of_keys
from kazoo_sup.transports.limits import Limits, OversizedAnswer


def rank(key):
    return (key is not None, key is not False, key is not True, key or 0)


rows = st.lists(
    st.tuples(st.sampled_from([None, False, True, 0, 1, 2]), st.sampled_from("abcd"), st.integers(0, 9)), max_size=40
).map(
    lambda emitted: [
        {"id": identifier, "key": key, "value": value}
        for key, identifier, value in sorted(emitted, key=lambda row: (rank(row[0]), row[1:]))
    ]
)


def view_of(emitted, *, descending=False, knows_docid=True, requests=None):
    """Answer as a CouchDB, or a PouchDB, with these rows does."""
    emitted = emitted[::-1] if descending else emitted

    def place(key, identifier=None):
        return (rank(key), identifier) if knows_docid and identifier is not None else (rank(key),)

    def fetch(*, limit, startkey=..., startkey_docid=None):
        if requests is not None:
            requests.append(limit)
        found = emitted
        if startkey is not ...:
            begin = place(startkey, startkey_docid)
            places = [place(row["key"], row["id"])[: len(begin)] for row in emitted]
            found = [
                row for row, at in zip(emitted, places, strict=True) if (at <= begin if descending else at >= begin)
            ]
        return found[:limit]

    return fetch


class TestRows:
    @given(emitted=rows, page=st.integers(1, 7), descending=st.booleans(), knows_docid=st.booleans())
    def test_every_row_comes_exactly_once_and_in_order(self, emitted, page, descending, knows_docid):
        fetch = view_of(emitted, descending=descending, knows_docid=knows_docid)
        wanted = emitted[::-1] if descending else emitted
        assert list(paging.rows(fetch, {}, page)) == wanted

    def test_a_page_is_fetched_only_when_its_rows_are_asked_for(self):
        requests = []
        emitted = [{"id": f"{number:03}", "key": 1, "value": None} for number in range(100)]
        found = paging.rows(view_of(emitted, requests=requests), {}, 10)
        assert [next(found)["id"] for _ in range(10)] == [f"{number:03}" for number in range(10)]
        assert requests == [11]

    def test_no_page_is_larger_than_asked_for_when_many_documents_share_a_key(self):
        requests = []
        emitted = [{"id": f"{number:03}", "key": "user", "value": None} for number in range(100)]
        assert list(paging.rows(view_of_strings(emitted, requests), {}, 10)) == emitted
        assert set(requests) == {11}

    def test_rows_deleted_between_two_pages_cost_no_others(self):
        emitted = [{"id": f"{number}", "key": 1, "value": None} for number in range(9)]
        found = paging.rows(view_of(emitted), {}, 3)
        first = [next(found)["id"] for _ in range(3)]
        del emitted[3:5]
        assert first + [row["id"] for row in found] == ["0", "1", "2", "5", "6", "7", "8"]


def view_of_strings(emitted, requests):
    def fetch(*, limit, startkey="", startkey_docid=""):
        requests.append(limit)
        return [row for row in emitted if (row["key"], row["id"]) >= (startkey, startkey_docid)][:limit]

    return fetch


class TestDistinctKeys:
    @pytest.mark.parametrize("page", [1, 2, 3, 10, 11])
    def test_every_row_comes_exactly_once(self, page):
        emitted = [{"key": number, "value": 1} for number in range(10)]

        def fetch(*, limit, startkey=0):
            return [row for row in emitted if row["key"] >= startkey][:limit]

        assert list(paging.distinct_keys(fetch, {}, page)) == emitted


class TestNames:
    databases = ("account/aa/bb/cc", "account/ab", "accounts", "numbers/+1415", "numbers/+4930", "system_config")

    @pytest.mark.parametrize("pages", [True, False])
    @pytest.mark.parametrize("page", [1, 2, 5, 6, 7])
    @pytest.mark.parametrize(
        ("start", "end", "wanted"),
        [
            (None, None, databases),
            ("accounts", None, databases[2:]),
            ("numbers/", "numbers0", databases[3:5]),
            (None, "account/ab", databases[:2]),
            ("x", None, ()),
        ],
    )
    def test_a_range_comes_whole_from_servers_with_and_without_paging(self, pages, page, start, end, wanted):
        def fetch(*, limit, startkey='""', endkey='"~"'):
            if not pages:
                return list(reversed(self.databases))
            within = (json.loads(startkey), json.loads(endkey))
            return [name for name in self.databases if within[0] <= name <= within[1]][:limit]

        assert tuple(paging.names(fetch, start, end, page)) == wanted


class TestTooMuchAtOnce:
    """What is over the limit of one answer is asked for in smaller parts, and every row still comes once."""

    @pytest.mark.parametrize("most", [2, 3, 7, 50])
    def test_pages(self, most):
        asked = []

        def fetch(*, limit, startkey=0, startkey_docid=""):
            asked.append(limit)
            if limit > most:
                raise Limits().oversized(server="CouchDB", request="GET /db/_all_docs")
            return [{"key": key, "id": str(key)} for key in range(startkey, min(startkey + limit, 40))]

        wanted = list(range(40))
        assert [row["key"] for row in distinct_keys(fetch, {}, 30)] == wanted
        assert [row["key"] for row in paging.rows(fetch, {}, 30)] == wanted
        assert len([limit for limit in asked if limit > most]) <= 10

    def test_keys(self):
        def fetch(*, keys):
            if len(keys) > 3:
                raise Limits().oversized(server="CouchDB", request="POST /db/_all_docs")
            return [{"key": key} for key in keys]

        assert [row["key"] for row in of_keys(fetch, list(range(11)))] == list(range(11))

    def test_one_that_is_too_large_by_itself_is_an_error(self):
        def fetch(**_asked):
            raise Limits().oversized(server="CouchDB", request="GET /db/_all_docs")

        for ask in (
            lambda: distinct_keys(fetch, {}, 30),
            lambda: paging.rows(fetch, {}, 30),
            lambda: of_keys(fetch, [1, 2, 3]),
        ):
            with pytest.raises(OversizedAnswer):
                list(ask())
