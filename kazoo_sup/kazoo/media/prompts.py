"""System prompts: audio files as media documents of `system_media`, one a language, each with its file attached.

Source: Kazoo kazoo_media_maintenance:import_prompt/2, import_prompts/2. Better than there: a file is streamed, not held
in memory; a prompt that is there just so is left alone; one whose file differs keeps it until the new one is stored; a
run that was cut off is completed by running it again, and what could not be imported ends it partly done.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document, File, same
from kazoo_sup.errors import ExitCode, ServerRefused, SupError, Unfinished, UsageError
from kazoo_sup.kazoo import mime_types, values, views
from kazoo_sup.kazoo.documents import stamped
from kazoo_sup.kazoo.failures import PartlyFailed
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DATABASE = "system_media"
TRIES = 3

Result = tuple[Atom, Any] | None
"""Why a file was not imported, as Kazoo's function returns it; None when it was."""

Failed = tuple[str, tuple[Atom, Any]]
"""A file as it was named, and why it was not imported."""

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
        """Tell whether the document has this very file."""
        stub = (document.get("_attachments") or {}).get(self.attachment)
        return isinstance(stub, dict) and stub.get("digest") == self.digest and stub.get("length") == self.length


def files_in(directory: str) -> list[str]:
    """Return the audio files of a directory in their order.

    Raises NoPrompts when it is none or cannot be read, or there is no such file in it.
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


def imported(zone: Zone, files: Sequence[str], language: str, failed: list[Failed]) -> Iterator[str]:
    """Import FILES, and tell of each step; FAILED takes in those that were not, each with Kazoo's result for it.

    Raises Unfinished when the server fails after something was imported.
    """
    done = 0
    with zone.run.progress("importing", len(files)) as advance, changes.together(zone):
        views.ensure_database(zone, DATABASE)
        for said in files:
            try:
                result = yield from _imported(zone, said, language)
            except SupError as error:
                if done and error.exit_code in (ExitCode.USAGE, ExitCode.FAILED):
                    raise Unfinished(reason=str(error), saved=done) from error
                raise
            if result is None:
                done += 1
            else:
                failed.append((said, result))
            advance(1)


def imported_all(zone: Zone, directory: str, files: Sequence[str], language: str) -> Iterator[str]:
    """Import the FILES of a directory, and tell of each step and of what failed. Raises PartlyFailed then."""
    yield f"importing prompts from '{directory}' with language '{language}'"
    failed: list[Failed] = []
    yield from imported(zone, files, language, failed)
    if not failed:
        yield "importing went successfully"
        return
    yield "errors encountered during import:"
    for said, result in failed:
        yield f"  '{said}': {terms.pretty(result)}"
    raise PartlyFailed(failed=len(failed), what="files")


def _imported(zone: Zone, said: str, language: str) -> Generator[str, None, Result]:
    """Import one file; the generator's value is None, or Kazoo's result when it could not be."""
    try:
        prompt = read(said, language)
    except OSError as error:
        reason = values.posix_reason(error)
        yield f"failed to open path '{said}' for importing: {reason}"
        return (Atom("error"), reason)
    yield f"importing prompt '{said}' with language '{language}'"
    yield f"  importing as '{prompt.id}'"
    stored = zone.couchdb.get(DATABASE, prompt.id)
    again = partial(_document, zone, prompt)
    tally = changes.apply(zone, [Change(DATABASE, again(stored), stored, again)])
    if tally.errors:
        refused = str(tally.errors[0])
        yield f"  error saving metadata: {terms.pretty(refused)}"
        return (Atom("error"), refused)
    yield f"  saved metadata about '{said}'"
    return (yield from _uploaded(zone, prompt, tally.document, "created" if tally.counts["created"] else "edited"))


def _document(zone: Zone, prompt: Prompt, stored: Document | None) -> Document:
    return document(prompt, stored, node=zone.node)


def _uploaded(zone: Zone, prompt: Prompt, saved: Document, action: str) -> Generator[str, None, Result]:
    refused: Any
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
            if error.facts.get("lost"):
                raise  # it may have arrived: the next run sees
            if error.facts["status"] == _CONFLICT:
                yield "  conflict when uploading media binary; checking doc to see if it was actually successful"
                saved = zone.couchdb.get(DATABASE, prompt.id) or {}
                if saved:
                    continue
            refused = str(error)
        yield f"  error uploading prompt binary: {terms.pretty(refused)}"
        yield from _cleaned_up(zone, prompt, saved, action)
        return (Atom("error"), refused)
    else:
        yield f"  retries exceeded for uploading {prompt.attachment} to {prompt.id}"
        return (Atom("error"), Atom("retries_exceeded"))
    yield f"  uploaded prompt binary to {prompt.id} as {prompt.attachment}"
    return None


def _cleaned_up(zone: Zone, prompt: Prompt, saved: Document, action: str) -> Iterator[str]:
    """Delete a document that was made for a file which was refused; Kazoo deletes what was there before, too."""
    if action == "created" and saved:
        yield f"  deleting metadata from {DATABASE}"
        changes.apply(zone, [Change(DATABASE, None, saved, lambda stored: stored or {})])
        yield f"  removed metadata for {prompt.id}"


def _compared(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in _VOLATILE}
