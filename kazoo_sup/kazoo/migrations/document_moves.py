"""Moving a document with its attachments to another id or database.

Source: Kazoo kz_datamgr:move_doc/5, kzs_doc:copy_doc/5. Better than there: attachments pass through without being held
in memory, and a move that was cut off is completed by making it again: what has arrived is not stored twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from kazoo_sup import changes
from kazoo_sup.changes import Change, File, same
from kazoo_sup.errors import Conflict, NotFound
from kazoo_sup.kazoo.documents import body_of
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

ATTACHMENTS = "_attachments"
_NOT_MOVED = ("id", "pvt_attachments")
_IN_MEMORY = 1 << 20
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Place:
    """A document's (encoded) database and id."""

    database: str
    id: str


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment that is there: its document's place, its name, and its stub."""

    place: Place
    name: str
    stub: Json


def move(
    zone: Zone,
    source: Document,
    origin: Place,
    target: Place,
    *,
    transform: Callable[[Document], Document] = lambda document: document,
    override: bool = False,
) -> Document:
    """Move the document SOURCE, as it was read at ORIGIN, to TARGET; return it as it is stored there.

    Another document that is there is replaced with OVERRIDE, else that is a Conflict. The original is deleted once
    all its attachments have arrived. Raises NotFound for a missing database, and what the door raises.
    """
    files = source.get(ATTACHMENTS) or {}
    body = {key: value for key, value in body_of(source).items() if key not in _NOT_MOVED}
    wanted = transform({**body, "_id": target.id, "pvt_account_db": target.database})

    def arrived(stored: Document | None) -> Document:
        if stored is None:
            return wanted
        if same(body_of(stored), wanted):
            return stored
        if not override:
            raise Conflict(database=target.database, id=target.id, reason="another document is there")
        return {**wanted, "_rev": stored["_rev"], **_kept(stored, files)}

    tally = changes.update(zone, target.database, target.id, arrived)
    saved, action = tally.document, "created" if tally.counts["created"] else "edited"
    for name, stub in files.items():
        saved = copy_file(zone, Attached(origin, name, stub), target.database, saved, name, action=action)
    changes.apply(zone, [Change(origin.database, None, source, _gone)]).check()
    return saved


def copy_file(
    zone: Zone, source: Attached, database: str, document: Document, name: str, *, action: str = "edited"
) -> Document:
    """Store a copy of SOURCE as NAME with a stored document of DATABASE, unless it is there; return the document.

    ACTION tells what has just become of the document; see `changes.attach`.
    """
    if _is_same_file((document.get(ATTACHMENTS) or {}).get(name), source.stub):
        return document
    with SpooledTemporaryFile(_IN_MEMORY) as kept:
        content = cast("BinaryIO", kept)
        changes.if_made(zone, lambda: _read(zone, source, content))
        file = File(name, content, source.stub.get("content_type") or "application/octet-stream")
        return changes.attach(zone, database, document, file, action=action).after or document


def _read(zone: Zone, source: Attached, into: BinaryIO) -> None:
    """Read the content of an attachment INTO a file."""
    place = source.place
    content = zone.couchdb.get_attachment(plain(place.database), place.id, source.name)
    if content is None:
        raise NotFound(server="CouchDB", what=f"attachment {source.name} of {plain(place.database)}/{place.id}")
    with content:
        while block := content.read(_BLOCK):
            into.write(block)


def _gone(stored: Document | None) -> Document:
    raise Conflict(database="", id=(stored or {}).get("_id", ""), reason="somebody else changed it while it was moved")


def _kept(stored: Document, files: Document) -> Document:
    """Return what stays attached of a document that is replaced: files that the new one has, too."""
    kept = {
        name: stub
        for name, stub in (stored.get(ATTACHMENTS) or {}).items()
        if name in files and _is_same_file(stub, files[name])
    }
    return {ATTACHMENTS: kept} if kept else {}


def _is_same_file(one: object, other: object) -> bool:
    """Return whether two stubs stand for the same content; one without a digest never does."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return bool(one.get("digest")) and all(one.get(key) == other.get(key) for key in ("digest", "length"))
