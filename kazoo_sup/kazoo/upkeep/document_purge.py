"""Deleting documents for good: all of a type, and voicemail that no mailbox refers to.

Source: Kazoo kapps_maintenance:purge_doc_type/2,3, cleanup_voicemail_media/1. Better than there: pages are read by key,
so that a document that cannot be deleted is reported and passed over, where Kazoo reads the first page for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, Report, Tally
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import system_config, views
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHUNK = 1000
MEDIA = "private_media"


def chunk(zone: Zone) -> int:
    """Return how many documents Kazoo deletes at once: `kazoo_couch.default_chunk_size`."""
    found = system_config.get(zone, "kazoo_couch", "default_chunk_size", CHUNK)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else CHUNK


def count_of_type(zone: Zone, database: str, kind: str) -> int:
    """Return how many documents of a pvt_type there are. Raises NotFound when the database or its view is missing."""
    rows = views.rows(zone, database, "maintenance", "reduced_by_type", key=kind, reduce=True)
    return sum(row["value"] for row in rows)


def purge(zone: Zone, database: str, kind: str, *, page: int, total: int | None = None) -> Tally:
    """Delete every document of a pvt_type in an (encoded) database, PAGE at a time, in constant memory.

    Raises NotFound when the database or its view is missing.
    """
    rows = views.rows(zone, database, "maintenance", "listing_by_type", key=kind, include_docs=True, page=page)
    again = partial(_while_of_type, kind)
    deletions = (Change(database, None, row["doc"], again) for row in rows if row.get("doc"))
    return changes.apply(zone, deletions, total=total, label=f"deleting {kind}")


def unused_voicemail(zone: Zone, database: str) -> list[str]:
    """Return the ids of voicemail in an account's database that no mailbox refers to.

    Raises NotFound when a view is missing, where Kazoo takes every message for unused.
    """
    used = {
        message.get("media_id")
        for row in views.rows(zone, database, "vmboxes", "crossbar_listing", include_docs=True)
        for message in (row.get("doc") or {}).get("messages") or []
        if isinstance(message, dict)
    }
    rows = views.rows(zone, database, "media", "listing_private_media")
    return list(dict.fromkeys(row["id"] for row in rows if row["id"] not in used))


def delete(zone: Zone, database: str, ids: Sequence[str]) -> tuple[Tally, list[dict[str, Any]]]:
    """Delete documents; return the tally, and for each deleted what CouchDB answers: its id and revision."""
    stored = zone.couchdb.get_many(plain(database), ids)
    answers: list[dict[str, Any]] = []

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
