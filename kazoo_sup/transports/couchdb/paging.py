"""Reading a long index in pages by key, never by skip, which costs CouchDB all the rows that are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.transports.couchdb.session import encode
from kazoo_sup.transports.limits import OversizedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kazoo_sup.types import ViewRow

Place = tuple[bytes, str]


def names(fetch: Callable[..., list[str]], start: str | None, end: str | None, page: int) -> Iterator[str]:
    """Page through _all_dbs; CouchDB 1, BigCouch and PouchDB know no limit there and answer with all at once."""
    while True:
        bounds = {word: bound for word, bound in (("startkey", start), ("endkey", end)) if bound is not None}
        answer = fetch(**{word: encode(bound).decode() for word, bound in bounds.items()}, limit=page + 1)
        wanted = sorted(name for name in answer if (start is None or name >= start) and (end is None or name <= end))
        if len(answer) > page + 1:
            yield from wanted
            return
        yield from wanted[:page]
        if len(wanted) <= page:
            return
        start = wanted[page]


def distinct_keys(fetch: Callable[..., list[ViewRow]], options: dict[str, object], page: int) -> Iterator[ViewRow]:
    """Page through rows of which each has a key of its own: _all_docs, and grouped rows."""
    while True:
        rows, page = _fitting(fetch, options, page)
        yield from rows[:page]
        if len(rows) <= page:
            return
        options = {**options, "startkey": rows[page]["key"]}


def rows(fetch: Callable[..., list[ViewRow]], options: dict[str, object], page: int) -> Iterator[ViewRow]:
    """Page through the rows of a view, of which many may share a key, and some even key and document.

    A page begins at the (startkey, startkey_docid) of the first row that did not fit into the one before. When a
    document emits one key several times, rows of that very pair may have been handed out already: they come again and
    are dropped. PouchDB does not know startkey_docid and begins with the first row of the key: then all rows handed
    out with that key are dropped.
    """
    knows_docid = True
    begin: Place | None = None  # of this page
    first: Place | None = None  # the first row with the key that this page begins with
    of_row = of_key = 0  # how many rows handed out have that place, that key
    while True:
        again = of_row if knows_docid else of_key
        found, page = _fitting(fetch, options, page, again)
        if knows_docid and found and first != begin and _place(found[0]) == first:
            knows_docid = False
            continue
        full = len(found) == page + 1 + again
        if knows_docid:
            while again and found and _place(found[0]) == begin:
                found, again = found[1:], again - 1
        else:
            found = found[again:]
        handed_out = found[:-1] if full else found
        yield from handed_out
        if not full:
            return
        before, begin = begin, _place(found[-1])
        options = {**options, "startkey": found[-1]["key"], "startkey_docid": found[-1]["id"]}
        same_key = [place for place in map(_place, handed_out) if place[0] == begin[0]]
        if before is None or before[0] != begin[0]:
            of_key, first = 0, (*same_key, begin)[0]
        of_key += len(same_key)
        of_row = same_key.count(begin) + (of_row if before == begin else 0)


def of_keys(fetch: Callable[..., list[ViewRow]], keys: list[object]) -> Iterator[ViewRow]:
    """Yield the rows of these keys, asked for in halves where together they are more than may come at once."""
    try:
        yield from fetch(keys=keys)
    except OversizedAnswer:
        half = len(keys) // 2
        if not half:
            raise
        yield from of_keys(fetch, keys[:half])
        yield from of_keys(fetch, keys[half:])


def _fitting(
    fetch: Callable[..., list[ViewRow]], options: dict[str, object], page: int, again: int = 0
) -> tuple[list[ViewRow], int]:
    """Fetch a page, one row more, and the rows that come AGAIN; where that is too much at once, a smaller page.

    Returns the rows and the page's size.
    """
    while True:
        try:
            return fetch(**options, limit=page + 1 + again), page
        except OversizedAnswer:
            if page == 1:
                raise
            page //= 2


def _place(row: ViewRow) -> Place:
    """Where a row is in its view; encoded, since in Python 1 == True."""
    return encode(row["key"]), row["id"]
