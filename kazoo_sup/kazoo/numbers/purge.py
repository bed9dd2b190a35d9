"""Removing numbers for good that are in a state of no more use: deleted, discovery.

Source: Kazoo kazoo_number_manager_maintenance:purge_number_db/2, which reads the first page again and again, and so
for ever when one number of it cannot be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo import views

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.places import Databases
    from kazoo_sup.zone import Zone

PAGE = 500
DELETED = "deleted"
DISCOVERY = "discovery"
_STATE = "pvt_state"


class NotPurged(SupError):
    """{failed} numbers in state {state} could not be removed"""

    exit_code = ExitCode.PARTIAL


def purge(zone: Zone, databases: Databases, state: str) -> Iterator[str]:
    """Remove every number in STATE from the number databases, a page at a time.

    Raises NotPurged at the end when some could not be removed.
    """
    failed = 0
    for database in databases.names():
        query = {"start": [state], "end": [state, {}], "include_docs": True, "page": PAGE}
        rows = views.rows(zone, database, "numbers", "status", **query)
        while page := list(islice(rows, PAGE)):
            yield f"removing {len(page)} numbers in state '{state}' from {database}"
            documents = (row["doc"] for row in page if (row.get("doc") or {}).get(_STATE) == state)
            again = partial(_unless_used, state)
            tally = changes.apply(zone, (Change(database, None, document, again) for document in documents))
            failed += tally.counts["failed"]
    if failed:
        raise NotPurged(failed=failed, state=state)


def _unless_used(state: str, stored: Document | None) -> Document:
    """Remove what is stored now, unless somebody has put the number to another use meanwhile."""
    if stored is None or stored.get(_STATE) != state:
        return stored or {}
    return {**stored, "_deleted": True}
