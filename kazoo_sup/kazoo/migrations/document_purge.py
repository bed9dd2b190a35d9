"""Deleting documents for good: all of a type, and voicemail that no mailbox refers to.

Source: Kazoo kapps_maintenance:purge_doc_type/2,3, cleanup_voicemail_media/1. Better than there: pages are read by key,
so that a document that cannot be deleted is reported and passed over, where Kazoo reads the first page for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, Tally
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import shapes
from kazoo_sup.kazoo.documents.shapes import INTEGER, POSITIVE
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import BulkReport

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

CHUNK = 1000
MEDIA = "private_media"


def chunk(zone: Zone) -> int:
    """Return how many documents Kazoo deletes at once: `kazoo_couch.default_chunk_size`."""
    return system_config.read(zone, "kazoo_couch", "default_chunk_size", CHUNK, POSITIVE)


def count_of_type(zone: Zone, database: str, kind: str) -> int:
    """Return how many documents of a pvt_type there are. Raises NotFound when the database or its view is missing."""
    rows = views.rows_for_change(zone, database, "maintenance", "reduced_by_type", key=kind, reduce=True)
    return sum(views.value_of(row, INTEGER) for row in rows)


def purge(zone: Zone, database: str, kind: str, *, page: int, total: int | None = None) -> Tally:
    """Delete every document of a pvt_type in an (encoded) database, PAGE at a time, in constant memory.

    Raises NotFound when the database or its view is missing.
    """
    rows = views.rows_for_change(
        zone, database, "maintenance", "listing_by_type", key=kind, include_docs=True, page=page
    )
    again = partial(_while_of_type, kind)
    deletions = (Change(database, None, row["doc"], again) for row in rows if row.get("doc"))
    return changes.apply(zone, deletions, total=total, label=f"deleting {kind}")


def purge_account(zone: Zone, account: str, kinds: Sequence[str], size: int | None) -> BulkReport:
    """Delete every document of an account (an id) of these pvt_types for good, SIZE at a time. Asks first.

    Raises NotFound when its database or the view is missing.
    """
    database = account_database(account)
    totals = {kind: count_of_type(zone, database, kind) for kind in kinds}
    if any(totals.values()):
        shown = ", ".join(f"{count} of type {kind}" for kind, count in totals.items())
        zone.run.confirm_watched(f"delete documents of account {account} for good: {shown}")
    page = chunk(zone) if size is None else size
    found = BulkReport({})
    for kind in kinds:
        found += BulkReport(purge(zone, database, kind, page=page, total=totals[kind]).counts)
    return found


def delete_unused_voicemail(zone: Zone, account: str) -> tuple[Tally, list[Document]]:
    """Delete the voicemail of an account (an id) that no mailbox refers to; return as `delete` does. Asks first."""
    database = account_database(account)
    ids = unused_voicemail(zone, database)
    if ids:
        zone.run.confirm_watched(f"delete {len(ids)} messages that no mailbox of account {account} refers to")
    return delete(zone, database, ids)


def unused_voicemail(zone: Zone, database: str) -> list[str]:
    """Return the ids of voicemail in an account's database that no mailbox refers to.

    Raises NotFound when a view is missing, where Kazoo takes every message for unused, and Misshapen where a mailbox
    does not tell its messages.
    """
    used = {
        message.get("media_id")
        for row in views.rows_for_change(zone, database, "vmboxes", "crossbar_listing", include_docs=True)
        for message in shapes.at(row.get("doc") or {}, ["messages"], shapes.OBJECTS, [])
    }
    rows = views.rows_for_change(zone, database, "media", "listing_private_media")
    return list(dict.fromkeys(row["id"] for row in rows if row["id"] not in used))


def delete(zone: Zone, database: str, ids: Sequence[str]) -> tuple[Tally, list[Document]]:
    """Delete documents; return the tally, and for each deleted what CouchDB answers: its id and revision."""
    stored = zone.couchdb.get_many(plain(database), ids)
    answers: list[Document] = []

    def seen(report: Report) -> None:
        if report.action == "deleted" and report.after:
            answers.append({"ok": True, "id": report.id, "rev": report.after.get("_rev")})

    return changes.apply(zone, _deletions(database, stored), total=len(stored), label="deleting", seen=seen), answers


def _deletions(database: str, stored: dict[str, Document]) -> Iterator[Change]:
    for document in stored.values():
        yield Change(database, None, document)


def _while_of_type(kind: str, found: Document | None) -> Document:
    """Delete what is stored now, unless somebody has made something else of it."""
    if found is None or found.get("pvt_type") != kind:
        return found or {}
    return {**found, "_deleted": True}


def require(zone: Zone, database: str) -> None:
    """Raise NotFound for a database that is missing."""
    if not zone.couchdb.exists(plain(database)):
        raise NotFound(server="CouchDB", what=f"database {plain(database)}")
