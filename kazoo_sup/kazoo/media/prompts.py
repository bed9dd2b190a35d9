"""System prompts: audio files as media documents of `system_media`, one a language, each with its file attached.

Source: Kazoo kazoo_media_maintenance:import_prompt/2, import_prompts/2. Better than there: a file is streamed, not held
in memory; a prompt that is already there like that is left alone; one whose file differs keeps it until the new one is
stored; a run that was cut off is completed by running it again, and what could not be imported ends it partly done.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, File, same
from kazoo_sup.errors import Delivered, ServerRefused, SupError, UsageError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import mime_types, stamped, values
from kazoo_sup.results import Items
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

DATABASE = "system_media"
TRIES = 3

Reason = Atom | str | None
"""Why a file was not imported, as Kazoo's function says it; None when it was."""

_NOT_PROMPTS = (
    "silence_stream://",
    "tone_stream://",
    "shout://",
    "local_stream://",
    "http://",
    "https://",
)
_VOLATILE = ("_rev", "_attachments", "pvt_created", "pvt_modified", "pvt_node", "pvt_document_hash")
_BLOCK = 1 << 20
_CONFLICT = 409


class NoPrompts(UsageError):
    """{reason}"""

    reason: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's file as it was named, its size in bytes, its digest as CouchDB writes it, and its language."""

    said: str
    length: int
    digest: str
    language: str

    @property
    def name(self) -> str:
        """The prompt's id without its language: the file's name without its ending."""
        return Path(self.said).stem

    @property
    def id(self) -> str:
        """The id of its document (Kazoo kz_media_util:prompt_id/2)."""
        if not self.language or self.name == "silence" or self.name.startswith(_NOT_PROMPTS):
            return self.name
        return f"{self.language}/{self.name}"

    @property
    def attachment(self) -> str:
        """The name of its attachment."""
        return f"{self.name}{Path(self.said).suffix}"

    @property
    def content_type(self) -> str:
        """The MIME type that its ending stands for."""
        return mime_types.of(self.said)

    def is_attached_to(self, document: Document) -> bool:
        """Return whether the document has this very file."""
        stub = (document.get("_attachments") or {}).get(self.attachment)
        return isinstance(stub, dict) and stub.get("digest") == self.digest and stub.get("length") == self.length


def files_in(directory: str) -> list[str]:
    """Return the audio files of a directory in their order.

    Raises NoPrompts when it is not a directory or cannot be read, or there is no such file in it.
    """
    try:
        names = sorted(path.name for path in Path(directory).iterdir())
    except OSError:
        raise NoPrompts(reason=f"not a directory, or is inaccessible: '{directory}'") from None
    found = [
        str(Path(directory, name)) for name in names if name.endswith((".wav", ".mp3")) and not name.startswith(".")
    ]
    if not found:
        raise NoPrompts(reason=f"failed to find media files in '{directory}'")
    return found


def read(said: str, language: str) -> Prompt:
    """Look at a file. Raises OSError when it cannot be read."""
    found = hashlib.md5(usedforsecurity=False)
    length = 0
    with Path(said).open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            length += len(block)
    return Prompt(said, length, f"md5-{base64.b64encode(found.digest()).decode()}", language)


def document(prompt: Prompt, stored: Document | None, *, node: str) -> Document:
    """Return the document of a prompt, on top of what is stored; the very same when nothing is to be changed."""
    made: Document = {
        "_id": prompt.id,
        **({"_rev": stored["_rev"]} if stored else {}),
        "name": prompt.id,
        "prompt_id": prompt.name,
        "description": f"System prompt in {prompt.language} for {prompt.name}",
        "content_length": prompt.length,
        "language": prompt.language.lower(),
        "content_type": prompt.content_type,
        "source_type": "kazoo_media_maintenance",
        "streamable": True,
    }
    made = stamped(made, DATABASE, node=node, document_type="media")
    if stored is None:
        return made
    # Another file's place would be the first, and that is the one that is played.
    kept = {name: stub for name, stub in (stored.get("_attachments") or {}).items() if name == prompt.attachment}
    if kept == (stored.get("_attachments") or {}) and same(_compared(made), _compared(stored)):
        return stored
    created = {"pvt_created": stored["pvt_created"]} if "pvt_created" in stored else {}
    return {**made, **created, **({"_attachments": kept} if kept else {})}


@dataclass(frozen=True, slots=True)
class FolderBegun:
    """The files of a directory are imported."""

    directory: str
    language: str


@dataclass(frozen=True, slots=True)
class FileUnreadable:
    """A file could not be read."""

    file: str
    reason: Atom | str


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A file, which was read, is imported as a prompt (an id)."""

    file: str
    language: str
    prompt: str


@dataclass(frozen=True, slots=True)
class DocumentRefused:
    """The document of a prompt could not be saved."""

    reason: str


@dataclass(frozen=True, slots=True)
class DocumentSaved:
    """The document of a file's prompt is stored."""

    file: str


@dataclass(frozen=True, slots=True)
class UploadConflicted:
    """Somebody else changed the document while a file was attached to it."""


@dataclass(frozen=True, slots=True)
class UploadRefused:
    """A file could not be attached."""

    reason: Atom | str


@dataclass(frozen=True, slots=True)
class DocumentDeleting:
    """The document that was made for a file which was refused is deleted."""


@dataclass(frozen=True, slots=True)
class DocumentDeleted:
    """The document of a prompt was deleted."""

    prompt: str


@dataclass(frozen=True, slots=True)
class UploadGivenUp:
    """Others kept changing the document of a prompt."""

    attachment: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A prompt has its file."""

    prompt: str
    attachment: str


@dataclass(frozen=True, slots=True)
class NotImported:
    """A file was not imported."""

    file: str
    reason: Atom | str


class FileNotImported(SupError):
    """{file} was not imported: {reason}"""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class FolderDone:
    """All files of a directory were tried."""


Event = (
    FolderBegun
    | FileUnreadable
    | FileBegun
    | DocumentRefused
    | DocumentSaved
    | UploadConflicted
    | UploadRefused
    | DocumentDeleting
    | DocumentDeleted
    | UploadGivenUp
    | Uploaded
    | NotImported
    | FolderDone
)


def import_files(zone: Zone, files: Sequence[str], language: str) -> Iterator[Event]:
    """Import FILES, and yield each step, with a NotImported for each that was not.

    Raises BrokenOff when the server goes away after something was imported.
    """
    failed: list[NotImported] = []
    parts = Parts(zone, "files", tell=lambda said, error: failed.append(NotImported(said, str(error))))
    with zone.run.progress("importing", len(files)) as advance, changes.together(zone):
        views.ensure_database(zone, DATABASE)
        for said in files:
            failed.clear()
            try:
                reason = yield from _import(zone, said, language)
            except SupError as error:
                parts.settle(said, error)
            else:
                if reason is not None:
                    failed.append(NotImported(said, reason))
                parts.add(FileNotImported(file=said, reason=str(reason)) if failed else None)
            yield from failed
            advance(1)


def import_folder(zone: Zone, directory: str, files: Sequence[str], language: str) -> Iterator[Event]:
    """Import the FILES of a directory, and yield each step. Raises at the end as `Items.end` does."""
    yield FolderBegun(directory, language)
    failed = []
    for event in import_files(zone, files, language):
        if isinstance(event, NotImported):
            failed.append(FileNotImported(file=event.file, reason=str(event.reason)))
        yield event
    yield FolderDone()
    items = Items("files")
    items.include({"done": len(files) - len(failed), "failed": len(failed)}, failed)
    items.end()


def _import(zone: Zone, said: str, language: str) -> Generator[Event, None, Reason]:
    """Import one file; the generator's value is why it could not be."""
    try:
        prompt = read(said, language)
    except OSError as error:
        reason = values.posix_reason(error)
        yield FileUnreadable(said, reason)
        return reason
    yield FileBegun(said, language, prompt.id)
    tally = changes.update(zone, DATABASE, prompt.id, partial(_document, zone, prompt))
    if tally.errors:
        refused = str(tally.errors[0])
        yield DocumentRefused(refused)
        return refused
    yield DocumentSaved(said)
    return (yield from _upload(zone, prompt, tally.document, "created" if tally.counts["created"] else "edited"))


def _document(zone: Zone, prompt: Prompt, stored: Document | None) -> Document:
    return document(prompt, stored, node=zone.node)


def _upload(zone: Zone, prompt: Prompt, saved: Document, action: str) -> Generator[Event, None, Reason]:
    refused: Atom | str
    for _try in range(TRIES):
        if prompt.is_attached_to(saved):
            break
        try:
            with Path(prompt.said).open("rb") as content:
                file = File(prompt.attachment, content, prompt.content_type)
                changes.attach(zone, DATABASE, saved, file, action=action)
            break
        except OSError as error:
            refused = values.posix_reason(error)
        except ServerRefused as error:
            if error.delivered is Delivered.MAYBE:
                raise  # it may have arrived: the next run sees
            if error.status == _CONFLICT:
                yield UploadConflicted()
                saved = zone.couchdb.get(DATABASE, prompt.id) or {}
                if saved:
                    continue
            refused = str(error)
        yield UploadRefused(refused)
        yield from _clean_up(zone, prompt, saved, action)
        return refused
    else:
        yield UploadGivenUp(prompt.attachment, prompt.id)
        return Atom("retries_exceeded")
    yield Uploaded(prompt.id, prompt.attachment)
    return None


def _clean_up(zone: Zone, prompt: Prompt, saved: Document, action: str) -> Iterator[Event]:
    """Delete a document that was made for a file which was refused; Kazoo deletes what was there before, too."""
    if action == "created" and saved:
        yield DocumentDeleting()
        changes.apply(zone, [Change(DATABASE, None, saved, lambda stored: stored or {})])
        yield DocumentDeleted(prompt.id)


def _compared(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in _VOLATILE}
