"""Putting media documents in order: the names and content types of their files, and fields of old.

Source: Kazoo kapps_maintenance:migrate_media/0,1. Better than there: the file under its new name, the type and the
fields are saved in one step, so that a run that is cut off leaves no file twice; the old content is kept in a file that
only its owner reads.
"""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Conflict, Declined, NotFound
from kazoo_sup.kazoo import views
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

OUTDATED = (
    "status",
    "content_size",
    "size",
    "content_type",
    "content_length",
    "format",
    "sample",
    "media_type",
)
_ENDINGS = {
    "audio/x-wav": ".wav",
    "audio/wav": ".wav",
    "audio/mpeg3": ".mp3",
    "audio/x-mpeg-3": ".mp3",
    "audio/mpeg": ".mp3",
    "audio/x-mpeg": ".mp3",
    "audio/mp3": ".mp3",
}


def migrate(zone: Zone, database: str) -> Iterator[str]:
    """Put the media of an account's (encoded) database in order, and tell of each change."""
    for view, kind, missing in (
        ("listing_by_name", "no public media files", "unable to fetch media files"),
        ("listing_private_media", "no private media files", "unable to fetch private media files"),
    ):
        try:
            ids = [row["id"] for row in views.rows(zone, database, "media", view)]
        except NotFound:
            yield f"{missing} in db {database}: {{error,not_found}}"
            continue
        if not ids:
            yield f"{kind} in db {database}"
        for identifier in ids:
            yield from _migrated(zone, database, identifier)


def renamed(name: str, stub: Document, document: Document) -> tuple[str, str]:
    """Return the name and content type that a file of a document shall have."""
    own, said = stub.get("content_type"), document.get("content_type")
    kind = next((each for each in (own, said) if str(each).startswith("audio/")), None)
    if kind is None:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if Path(name).suffix:
        return name, str(kind)
    return name + _ENDINGS.get(str(kind), ""), str(kind)


def without_outdated(document: Document) -> Document:
    """Return a document without fields of old; one that had some tells where its file came from instead."""
    kept = {key: each for key, each in document.items() if key not in OUTDATED}
    if len(kept) == len(document):
        return document
    return {**kept, "media_source": "upload" if document.get("source_id") is None else "recording"}


def _migrated(zone: Zone, database: str, identifier: str) -> Iterator[str]:
    document = zone.couchdb.get(plain(database), identifier)
    place = f"{database}/{identifier}"
    if document is None:
        yield f"unable to open media for attachment migration {place}: not_found"
        return
    stubs = document.get("_attachments") or {}
    lines = []
    attached: dict[str, Any] = {}
    for name, stub in stubs.items():
        wanted, kind = renamed(name, stub, document)
        if (wanted, kind) == (name, stub.get("content_type")):
            attached[name] = stub
        elif wanted != name and wanted in stubs:
            raise Declined(reason=f"{place} has both a file {name} and a file {wanted}: remove the wrong one")
        else:
            attached[wanted] = _with_content(zone, database, identifier, name, kind)
            said = "updated content type for" if wanted == name else "updated attachment name"
            lines.append(f"{said} {place}/{wanted}")
    changed = without_outdated({**document, "_attachments": attached} if stubs else document)
    if changed is not document and changed.get("media_source") != document.get("media_source"):
        lines.append(f"removed depreciated properties from {place}")
    if not stubs:
        lines.insert(0, f"media doc {place} has no attachments, removing")
        changed = {**changed, "pvt_deleted": True}
    if lines:
        changes.apply(zone, [Change(database, changed, document, _unchanged)]).check()
        yield from lines


def _unchanged(found: Document | None) -> Document:
    raise Conflict(database="", id=(found or {}).get("_id", ""), reason="somebody else changed it, run this again")


def _with_content(zone: Zone, database: str, identifier: str, name: str, kind: str) -> Document:
    """Return a file as it is to be stored anew; its content is kept outside of the database before."""
    if zone.run.dry_run:
        return {"content_type": kind}
    source = zone.couchdb.get_attachment(plain(database), identifier, name)
    if source is None:
        raise NotFound(server="CouchDB", what=f"attachment {name} of {plain(database)}/{identifier}")
    with source:
        content = source.read()
    _keep(zone.state_dir / "media" / f"{identifier}_{name}".replace("/", "_"), content)
    return {"content_type": kind, "data": base64.b64encode(content).decode()}


def _keep(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
            kept.write(content)
    except OSError as error:
        raise Declined(reason=f"cannot keep a copy in {file}: {error.strerror}") from error
