"""Attachments through the door: stored on top of a document that was saved, streamed, reported and announced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.changes import announcer
from kazoo_sup.changes.change import Change, Document, Report
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class File:
    """An attachment to be: its name, its content from the start, and its MIME type."""

    name: str
    content: bytes | BinaryIO
    content_type: str


def attach(zone: Zone, database: str, document: Document, file: File, *, action: str = "edited") -> Report:
    """Store FILE with the stored DOCUMENT, as it was read or saved last; return the report.

    Readers must never keep the document without its file, so it is announced once more, as ACTION ("created" where the
    document has just been). Kazoo announces the document only, and a node that reads it at once keeps it without.

    Raises ServerRefused 409 when somebody else has changed the document, and what the transport raises.
    """
    # What is seen of the attachment before it is stored is only its name.
    attached = {**(document.get("_attachments") or {}), file.name: {"content_type": file.content_type}}
    after = {**document, "_attachments": attached}
    if zone.run.dry_run:
        report = Report(database, document["_id"], action, document, after, planned=True)
        zone.run.report(report)
        return report
    change = Change(database, after, document if action == "edited" else None)
    with announcer.of(zone) as events:
        token = events.expect([change])
        revision = zone.couchdb.put_attachment(
            plain(database), document["_id"], file.name, file.content, file.content_type, rev=document.get("_rev")
        )
        report = Report(database, document["_id"], action, document, {**after, "_rev": revision})
        events.announce([report])
        events.settle(token)
    zone.run.report(report)
    return report
