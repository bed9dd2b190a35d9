"""Reading many documents by their ids: those that lie close together in one range of _all_docs.

CouchDB looks up each of `keys` for itself, in a cluster with a request to every copy; a range it reads in one go. The
ids of numbers, a prefix and an account at a time, mostly lie close together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.transports.couchdb.paging import of_keys
from kazoo_sup.transports.limits import OversizedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kazoo_sup.types import ViewRow

MANY = 50
"""Fewer ids are asked for one by one."""

_SORTED_ALIKE = re.compile(r"\+?[0-9a-f]+")
"""Ids that every server sorts as Python does, whatever it takes for the order of characters."""


class Neighbours:
    """Knows the databases whose ids, as they are asked for, do not lie close together."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._scattered: set[str] = set()

    def rows(self, fetch: Callable[..., list[ViewRow]], database: str, ids: Sequence[str]) -> Iterable[ViewRow]:
        """Return the rows of _all_docs with these ids; FETCH asks for them. Those not there are left out or errors."""
        if len(ids) >= MANY and database not in self._scattered and all(map(_SORTED_ALIKE.fullmatch, ids)):
            found = self._range(fetch, ids)
            if found is not None:
                wanted = frozenset(ids)
                return (row for row in found if row["id"] in wanted)
            self._scattered.add(database)
        return of_keys(fetch, list(ids))

    def _range(self, fetch: Callable[..., list[ViewRow]], ids: Sequence[str]) -> list[ViewRow] | None:
        """Return all rows from the first of the ids to the last; None where these are many more."""
        most = len(ids) * 3 // 2
        bounds = {"startkey": min(ids), "endkey": max(ids)}
        try:
            found = fetch(**bounds, limit=most + 1)
        except OversizedAnswer:
            return None
        return found if len(found) <= most else None
