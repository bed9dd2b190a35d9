"""Removing numbers for good that are in a state of no more use: deleted, discovery.

Source: Kazoo kazoo_number_manager_maintenance:purge_number_db/2, which reads the first page again and again, and so
for ever when one number of it cannot be deleted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.databases.walk import Databases
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

PAGE = 500
_STATE = "pvt_state"


@dataclass(frozen=True, slots=True)
class PageRemoved:
    """So many numbers in a state are removed from a database now."""

    database: str
    numbers: int
    state: str


def purge(zone: Zone, databases: Databases, state: str) -> Iterator[Event]:
    """Remove every number in STATE from the number databases, a page at a time; the last event is a report of them."""
    parts = Parts(zone)
    counts = Counter[str]()
    for database in databases.names():
        with parts.part(database):
            query: ViewQuery = {"start": [state], "end": [state, {}], "include_docs": True, "page": PAGE}
            rows = views.rows_for_change(zone, database, "numbers", "status", **query)
            while page := list(islice(rows, PAGE)):
                yield PageRemoved(database, len(page), state)
                documents = (row["doc"] for row in page if (row.get("doc") or {}).get(_STATE) == state)
                again = partial(_unless_used, state)
                counts += changes.apply(zone, (Change(database, None, each, again) for each in documents)).counts
    yield parts.report if parts.failed else BulkReport(counts, of=f"numbers in state {state}")


def _unless_used(state: str, stored: Document | None) -> Document:
    """Remove what is stored now, unless somebody has put the number to another use meanwhile."""
    if stored is None or stored.get(_STATE) != state:
        return stored or {}
    return {**stored, "_deleted": True}
