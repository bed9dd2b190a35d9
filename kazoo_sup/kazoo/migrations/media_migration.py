"""Putting media documents in order: the names and content types of their files, and old fields.

Source: Kazoo kapps_maintenance:migrate_media/0,1. Better than there: the file under its new name, the type and the
fields are saved in one step, so that a run that is cut off leaves no file twice; the old content is kept in a file that
only its owner reads.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict, Declined, NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.messages.names import plain
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
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


@dataclass(frozen=True, slots=True)
class MediaUnread:
    """The view of an (encoded) database's public or private media is missing."""

    database: str
    private: bool


@dataclass(frozen=True, slots=True)
class NoMedia:
    """There are no public, or no private, media in the database."""

    database: str
    private: bool


@dataclass(frozen=True, slots=True)
class MediumMissing:
    """A document that its view names is not there."""

    database: str
    id: str


@dataclass(frozen=True, slots=True)
class FileSaved:
    """A file of a media document was stored again: under its new name, else with its content type."""

    database: str
    id: str
    name: str
    renamed: bool


@dataclass(frozen=True, slots=True)
class FieldsRemoved:
    """A media document has no old fields any more."""

    database: str
    id: str


@dataclass(frozen=True, slots=True)
class MediumRemoved:
    """A media document without files was marked as deleted."""

    database: str
    id: str


def migrate(zone: Zone, database: str) -> Iterator[Event]:
    """Put the media of an account's (encoded) database in order, and report each change."""
    for view, private in (("listing_by_name", False), ("listing_private_media", True)):
        try:
            ids = [row["id"] for row in views.rows_for_change(zone, database, "media", view)]
        except NotFound:
            yield MediaUnread(database, private)
            continue
        if not ids:
            yield NoMedia(database, private)
        for identifier in ids:
            yield from _migrate(zone, database, identifier)


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
    """Return a document without old fields; one that had some tells where its file came from instead."""
    kept = {key: each for key, each in document.items() if key not in OUTDATED}
    if len(kept) == len(document):
        return document
    return {**kept, "media_source": "upload" if document.get("source_id") is None else "recording"}


def _migrate(zone: Zone, database: str, identifier: str) -> Iterator[Event]:
    document = zone.couchdb.get(plain(database), identifier)
    place = f"{database}/{identifier}"
    if document is None:
        yield MediumMissing(database, identifier)
        return
    stubs = document.get("_attachments") or {}
    events: list[Event] = []
    attached: Document = {}
    for name, stub in stubs.items():
        wanted, kind = renamed(name, stub, document)
        if (wanted, kind) == (name, stub.get("content_type")):
            attached[name] = stub
        elif wanted != name and wanted in stubs:
            raise Declined(reason=f"{place} has both a file {name} and a file {wanted}: remove the wrong one")
        else:
            attached[wanted] = _with_content(zone, database, identifier, name, kind)
            events.append(FileSaved(database, identifier, wanted, renamed=wanted != name))
    changed = without_outdated({**document, "_attachments": attached} if stubs else document)
    if changed is not document and changed.get("media_source") != document.get("media_source"):
        events.append(FieldsRemoved(database, identifier))
    if not stubs:
        events.insert(0, MediumRemoved(database, identifier))
        changed = {**changed, "pvt_deleted": True}
    if events:
        changes.apply(zone, [Change(database, changed, document, _unchanged)]).check()
        yield from events


def _unchanged(found: Document | None) -> Document:
    raise Conflict(database="", id=(found or {}).get("_id", ""), reason="somebody else changed it, run this again")


def _with_content(zone: Zone, database: str, identifier: str, name: str, kind: str) -> Document:
    """Return a file as it is to be stored again; its content is kept outside of the database before."""
    return changes.if_made(
        zone,
        lambda: _kept_with_content(zone, database, identifier, name, kind),
        shown=lambda: {"content_type": kind},
    )


def _kept_with_content(zone: Zone, database: str, identifier: str, name: str, kind: str) -> Document:
    source = zone.couchdb.get_attachment(plain(database), identifier, name)
    if source is None:
        raise NotFound(server="CouchDB", what=f"attachment {name} of {plain(database)}/{identifier}")
    with source:
        content = source.read()
    _keep(zone.state_dir / "media" / f"{identifier}_{name}".replace("/", "_"), content)
    return {"content_type": kind, "data": base64.b64encode(content).decode()}


def _keep(file: Path, content: bytes) -> None:
    try:
        own_files.directory(file.parent)
        with own_files.replacing(file) as kept:
            kept.write(content)
    except OSError as error:
        raise Declined(reason=f"cannot keep a copy in {file}: {error.strerror}") from error
