"""The file of a backup: one database, one JSON value a line, and a manifest beside it.

    {"sup_backup": 1, "database": "accounts", "security": {…}, …}     the head
    {"doc": {"_id": …, "_rev": …, …}}                                 a revision; its attachments follow it
    {"attachment": "pin.wav", "length": 48044, …}                     an attachment; its content follows it
    {"data": "UklGR…"}                                                a piece of the content, in base64
    {"end": {"documents": 1, "revisions": 1, "attachments": 1}}       the whole is there

The manifest has what the end has, and the SHA-256 of the file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from urllib.parse import quote

from kazoo_sup.errors import SupError
from kazoo_sup.types import Document, Json

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer

VERSION = 1
PIECE = 96 * 1024
"""Bytes of an attachment in one line: a multiple of 3, so that the base64 of pieces can be joined."""
ENDING, PARTIAL, MANIFEST = ".jsonl", ".jsonl.partial", ".manifest.json"


class BadBackup(SupError):
    """{file}: {reason}"""

    file: Path | str
    reason: str


Head = Document


@dataclass(slots=True)
class Counts:
    """What is in a backup. A document has more than one revision where there are conflicts."""

    documents: int = 0
    revisions: int = 0
    attachments: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """An attachment in a backup: what its line says, and where in the file its pieces begin."""

    name: str
    content_type: str
    length: int
    offset: int
    revpos: int | None = None


class Entry(NamedTuple):
    """One revision of a document, with its attachments; `line` is its line, `end` the place after all of it."""

    id: str
    rev: str
    line: bytes
    end: int
    attachments: tuple[Content, ...] = ()

    @property
    def document(self) -> Document:
        """The document itself, made anew; ValueError when Python does not read it, as numbers of 5000 digits."""
        from kazoo_sup.kazoo.couchdb.backup_lines import parsed

        found: Document = parsed(self.line)["doc"]
        return found

    @property
    def size(self) -> int:
        """Bytes of its line."""
        return len(self.line)


def path_of(directory: Path, database: str) -> Path:
    """Return where the backup of a database stands; the name is escaped as in a URL."""
    return directory / f"{quote(database, safe='')}{ENDING}"


def manifest_path(file: Path) -> Path:
    """Return where the manifest of a backup stands."""
    return file.with_name(file.name.removesuffix(ENDING) + MANIFEST)


def read_manifest(file: Path) -> Document:
    """Return the manifest of a backup.

    Raises BadBackup when it is not there or no manifest.
    """
    path = manifest_path(file)
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["sup_backup"] == VERSION and isinstance(manifest["sha256"], str):
            return dict(manifest)
    except FileNotFoundError:
        reason = f"there is no manifest {path.name} beside it"
        if file.is_dir():
            reason = f"it is a directory; name the files in it, {file / '*'}{ENDING}"
        elif not file.exists():
            reason = "there is no such file"
        raise BadBackup(file=file, reason=reason) from None
    except OSError as error:
        raise BadBackup(file=path, reason=f"cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise BadBackup(file=path, reason="is not the manifest of a backup")


def scan(
    stream: BinaryIO, file: Path, sums: hashlib._Hash | None = None
) -> Iterator[tuple[Head, None] | tuple[None, Entry]]:
    """Read a backup from its start to its end line: yield its head, then every revision.

    SUMS is given every byte; without it the content of attachments is only counted, not decoded. Raises BadBackup where
    the file is not what it should be, or breaks off before its end.
    """
    from kazoo_sup.kazoo.couchdb.backup_lines import names_in

    lines = _Lines(stream, file, sums)
    counts = Counts()
    head_read = False
    pending: tuple[str, str, bytes] | None = None
    contents: list[Content] = []
    last = None
    missing = 0  # bytes of the attachment that is being read

    for line in lines:
        if line.startswith(b'{"data":"') and contents:
            missing -= _length_of(line) if sums is None else _decoded_length(line, lines.bad)
            continue
        if missing:
            raise lines.bad(f"the attachment before it has {missing} bytes too few or too many")
        names = names_in(line) if head_read else None
        if names is not None:
            if pending is not None:
                yield None, Entry(*pending, lines.offset, tuple(contents))
            counts.revisions += 1
            counts.documents += names.id != last
            last, pending, contents = names.id, (names.id, names.rev, line), []
            continue
        value = _parsed(line, lines.bad)
        match value:
            case {"sup_backup": int(version), "database": str()} if not head_read:
                if version != VERSION:
                    raise lines.bad(f"it is of version {version}, this reads version {VERSION}")
                head_read = True
                yield value, None
            case {"attachment": str(name), "length": int(length)} if pending is not None:
                kind = str(value.get("content_type") or "application/octet-stream")
                missing = length
                contents.append(Content(name, kind, length, lines.offset + len(line), value.get("revpos")))
                counts.attachments += 1
            case {"end": {**told}} if head_read:
                if pending is not None:
                    yield None, Entry(*pending, lines.offset, tuple(contents))
                if {key: told.get(key) for key in asdict(counts)} != asdict(counts):
                    raise lines.bad("it counts more or fewer than there are")
                lines.end()
                return
            case _:
                raise lines.bad("that is not a line of a backup")
    raise BadBackup(file=file, reason="it breaks off before its end" if lines.number else "it is empty")


class _Lines:
    """The lines of a backup from its start: `number` counts them from 1, the last one begins at `offset`."""

    def __init__(self, stream: BinaryIO, file: Path, sums: hashlib._Hash | None) -> None:
        self.number = self.offset = 0
        self._stream = stream
        self._file = file
        self._sums = sums

    def __iter__(self) -> Iterator[bytes]:
        self._stream.seek(0)
        for line in self._stream:
            self.number += 1
            if not line.endswith(b"\n"):
                raise self.bad("it breaks off")
            if self._sums is not None:
                self._sums.update(line)
            yield line
            self.offset += len(line)

    def end(self) -> None:
        """Raise BadBackup where there is more."""
        if self._stream.read(1):
            raise self.bad("something follows the end")

    def bad(self, reason: str) -> BadBackup:
        return BadBackup(file=self._file, reason=f"line {self.number}: {reason}")


def _parsed(line: bytes, bad: Callable[[str], BadBackup]) -> Json:
    from kazoo_sup.kazoo.couchdb.backup_lines import parsed

    try:
        return parsed(line)
    except ValueError:
        raise bad("that is not JSON") from None


def _decoded_length(line: bytes, bad: Callable[[str], BadBackup]) -> int:
    try:
        return len(piece_of(line))
    except ValueError:
        raise bad("that is not base64") from None


def _length_of(line: bytes) -> int:
    """Return how many bytes a data line holds (RFC 4648: 3 in 4 characters, less one for each = at the end)."""
    return (len(line) - len(b'{"data":""}\n')) // 4 * 3 - line[-5:-3].count(b"=")


def piece_of(line: bytes) -> bytes:
    """Return the bytes of a data line; ValueError when it holds none."""
    if not (line.startswith(b'{"data":"') and line.endswith(b'"}\n')):
        raise ValueError(line[:20])
    try:
        return base64.b64decode(line[9:-3], validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


class Pieces(io.RawIOBase):
    """The content of an attachment in a backup, read piece by piece."""

    def __init__(self, file: Path, content: Content) -> None:
        """Open FILE at the content's place."""
        self._stream = file.open("rb")
        self._stream.seek(content.offset)
        self._left = content.length
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._piece and self._left > 0:
            self._piece = piece_of(self._stream.readline())
            self._left -= len(self._piece)
        room = memoryview(buffer)
        part, self._piece = self._piece[: len(room)], self._piece[len(room) :]
        room[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()
