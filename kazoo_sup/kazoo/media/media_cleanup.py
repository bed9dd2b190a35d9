"""Media documents without audio, and prompts whose ids are URL-encoded.

Source: Kazoo kazoo_media_maintenance:remove_empty_media_docs/0,1, fix_media_names/0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, TextIO
from urllib.parse import unquote_plus

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change
from kazoo_sup.errors import Declined, NotFound, SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Documents
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.media.prompts import DATABASE
from kazoo_sup.kazoo.migrations import document_moves
from kazoo_sup.kazoo.migrations.document_moves import Place
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.kazoo.accounts import NamedAccount
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class EmptyPromptFound:
    """A prompt without audio was found, and is deleted."""

    document: str


@dataclass(frozen=True, slots=True)
class MediaUnreadable:
    """The media of an account, as the operator calls it, could not be listed."""

    account: str


@dataclass(frozen=True, slots=True)
class MediaListed:
    """So many media of an account were listed."""

    account: str
    count: int


@dataclass(frozen=True, slots=True)
class ArchiveNamed:
    """Media that are deleted are kept in a file."""

    file: str


@dataclass(frozen=True, slots=True)
class MediaKept:
    """Media with audio were left alone."""

    document: str


@dataclass(frozen=True, slots=True)
class EmptyMediaFound:
    """Media without audio were found, and are deleted."""

    document: str


@dataclass(frozen=True, slots=True)
class MediaArchived:
    """Media were kept in the file."""

    document: str


@dataclass(frozen=True, slots=True)
class MediaDeleted:
    """Media were deleted."""

    document: str


@dataclass(frozen=True, slots=True)
class MediaCleaned:
    """All media of an account were looked at."""

    account: str


Cleaning = (
    MediaUnreadable
    | MediaListed
    | ArchiveNamed
    | MediaKept
    | EmptyMediaFound
    | MediaArchived
    | MediaDeleted
    | MediaCleaned
)


def remove_empty_prompts(zone: Zone) -> Iterator[EmptyPromptFound]:
    """Delete the documents of system_media that have no audio.

    Raises NotFound for a missing database, and as `Items.end`.
    """
    done = Documents("deletions")
    with changes.together(zone):
        for document in zone.couchdb.documents(DATABASE):
            if document.get("_attachments") or "_design" in document["_id"]:
                continue
            yield EmptyPromptFound(document["_id"])
            tally = changes.apply(zone, [_deletion(DATABASE, document)])
            done.include(tally.counts, tally.errors)
    done.end()


def remove_empty_media(zone: Zone, account: NamedAccount) -> Iterator[Cleaning]:
    """Delete the media of an account that have no audio, after keeping each in a file.

    Raises Declined when the file cannot be written, and as `Items.end`.
    """
    done = Documents("deletions")
    database = account_database(account.id)
    try:
        ids = [row["id"] for row in views.rows_for_change(zone, database, "media", "crossbar_listing")]
    except NotFound:
        yield MediaUnreadable(account.said)
        raise
    yield MediaListed(account.said, len(ids))
    if not ids:
        return
    name = f"{gettempdir()}/empty_media_{account.id}_{now()}.json"
    yield ArchiveNamed(name)
    with _archive(zone, name) as file, changes.together(zone):
        for identifier in ids:
            document = zone.couchdb.get(plain(database), identifier)
            if document is None:
                continue
            if document.get("_attachments"):
                yield MediaKept(identifier)
                continue
            yield EmptyMediaFound(identifier)
            _write(file, name, document)
            yield MediaArchived(identifier)
            tally = changes.apply(zone, [_deletion(database, document)])
            done.include(tally.counts, tally.errors)
            if not tally.errors:
                yield MediaDeleted(identifier)
    yield MediaCleaned(account.said)
    done.end()


def rename_encoded(zone: Zone) -> bool:
    """Give prompts whose ids are URL-encoded their real ones; tell whether there were any.

    Raises NotFound for a missing database, and as `Items.end`.
    """
    found = False
    done = Documents("renamings")
    with changes.together(zone):
        for each in zone.couchdb.documents(DATABASE, include_docs=False):
            name = each["_id"]
            real = unquote_plus(name, errors="strict") if _is_encoded(name) else name
            if real == name:
                continue
            found = True
            document = zone.couchdb.get(DATABASE, name)
            if document is not None:
                try:
                    _rename(zone, document, real)
                    done.add()
                except SupError as error:
                    done.fail(zone, DATABASE, name, error)
    done.end()
    return found


def _is_encoded(name: str) -> bool:
    try:
        return unquote_plus(name, errors="strict") != name
    except UnicodeDecodeError:
        return False  # a name that no document can have


def _rename(zone: Zone, document: Document, real: str) -> None:
    document_moves.move(
        zone,
        document,
        Place(DATABASE, document["_id"]),
        Place(DATABASE, real),
        transform=lambda moved: {**moved, "name": real},
    )


def _deletion(database: str, document: Document) -> Change:
    """Return the change that deletes a document, unless it got its audio meanwhile."""

    def again(stored: Document | None) -> Document:
        if stored is None or stored.get("_attachments"):
            return stored or {"_id": document["_id"], "_deleted": True}
        return {"_id": stored["_id"], "_rev": stored["_rev"], "_deleted": True}

    return Change(database, None, document, again)


def _archive(zone: Zone, name: str) -> TextIO:
    try:
        return changes.if_made(zone, lambda: own_files.create(Path(name)), shown=own_files.nowhere)
    except OSError as error:
        raise Declined(reason=f"cannot write {name}: {error.strerror}") from error


def _write(file: TextIO, name: str, document: Document) -> None:
    try:
        file.write(f"{terms.json_encode(document)}\n")
        file.flush()
    except OSError as error:
        raise Declined(reason=f"cannot write {name}: {error.strerror}") from error
