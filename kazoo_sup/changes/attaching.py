"""Attachments through the door: stored on top of a document that was saved, streamed, reported and announced."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.changes import announcer, recording
from kazoo_sup.changes.change import Change, Report
from kazoo_sup.changes.reports import tell
from kazoo_sup.errors import Delivered, NotFound, ServerRefused
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class File:
    """An attachment to be: its name, its content from the start, and its MIME type."""

    name: str
    content: bytes | BinaryIO
    content_type: str


def described(document: Document | None) -> Document | None:
    """Return a document with the contents of its attachments left out: of each its length and digest stay."""
    files = (document or {}).get("_attachments")
    if document is None or not isinstance(files, dict) or not any(map(_is_inline, files.values())):
        return document
    return {**document, "_attachments": {name: _described(each) for name, each in files.items()}}


def digest(content: bytes) -> str:
    """Return the digest of an attachment as CouchDB tells it."""
    return "md5-" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _is_inline(stub: object) -> bool:
    return isinstance(stub, dict) and isinstance(stub.get("data"), str)


def _described(stub: Json) -> Json:
    if not _is_inline(stub):
        return stub
    try:
        content = base64.b64decode(stub["data"], validate=True)
    except ValueError:
        return stub  # CouchDB will refuse it
    kept = {key: each for key, each in stub.items() if key != "data"}
    return {**kept, "length": len(content), "digest": digest(content)}


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
        tell(zone, report)
        return report
    change = Change(database, after, document if action == "edited" else None)
    with announcer.of(zone) as events:
        record = recording.of(zone)
        number = record.expect([Change(database, after, document if "_rev" in document else None)])
        token = events.expect([change])
        try:
            revision = zone.couchdb.put_attachment(
                plain(database), document["_id"], file.name, file.content, file.content_type, rev=document.get("_rev")
            )
        except (NotFound, ServerRefused) as error:
            if error.delivered is not Delivered.MAYBE:
                record.settle({}, [number])
            raise
        report = Report(database, document["_id"], action, document, {**after, "_rev": revision})
        record.settle({number: revision})
        events.announce([report])
        events.settle(token)
    tell(zone, report)
    return report
