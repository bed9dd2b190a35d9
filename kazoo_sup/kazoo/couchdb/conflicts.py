"""Conflicts: documents with losing revisions beside the one that everybody reads.

They come from two writers on either side of a network split. CouchDB has chosen the winner, the same on every node; the
others take room, and hold what somebody once saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict, NotFound
from kazoo_sup.messages.names import encoded

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("id", "winner", "losing", "revisions")
PAGE = 200


def found(zone: Zone, database: str, identifier: str = "") -> Iterator[Document]:
    """Yield every document that has losing revisions, or the one with that id.

    Raises NotFound for a missing database.
    """
    only = identifier or None
    with zone.run.progress("looking for conflicts", None) as advance:
        for document in zone.couchdb.documents(database, start=only, end=only, page=PAGE, conflicts=True):
            advance(1)
            if document.get("_conflicts"):
                yield document


def check_there(zone: Zone, database: str, identifier: str) -> None:
    """Raise NotFound for a document, if one is named, that the database does not have."""
    if identifier and zone.couchdb.get(database, identifier) is None:
        raise NotFound(server=f"database {database}", what=f"document {identifier!r}")


def row(document: Document) -> Row:
    """Show a document's conflict."""
    losing = document["_conflicts"]
    return {"id": document["_id"], "winner": document["_rev"], "losing": len(losing), "revisions": " ".join(losing)}


def count(zone: Zone, database: str, identifier: str = "") -> tuple[int, int]:
    """Return how many documents have conflicts, and how many revisions lost."""
    documents = losing = 0
    for document in found(zone, database, identifier):
        documents += 1
        losing += len(document["_conflicts"])
    return documents, losing


def resolve(zone: Zone, database: str, identifier: str = "", *, total: int | None = None) -> changes.Tally:
    """Delete the losing revisions and keep the winners.

    No events: what everybody reads stays what it was.
    """
    wanted = (
        change for document in found(zone, database, identifier) for change in _deletions(zone, database, document)
    )
    return changes.apply(zone, wanted, total=total, label="deleting losing revisions", announced=False)


def _deletions(zone: Zone, database: str, document: Document) -> Iterator[Change]:
    for revision in document["_conflicts"]:
        losing = zone.couchdb.get_revision(database, document["_id"], revision)
        if losing is None:  # somebody else has resolved it
            continue

        def settle(stored: Document | None, revision: str = revision) -> Document:
            """Be content when the revision is gone: the answer to our own request may have been lost."""
            if stored and revision not in _losing(zone, database, stored["_id"]):
                return stored
            raise Conflict(database=database, id=document["_id"], reason=f"revision {revision} cannot be deleted")

        yield Change(encoded(database), None, losing, settle)


def _losing(zone: Zone, database: str, identifier: str) -> list[str]:
    return [revision for each in found(zone, database, identifier) for revision in each["_conflicts"]]
