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
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from kazoo_sup.errors import SupError

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
PIECE = 96 * 1024
"""Bytes of an attachment in one line: a multiple of 3, so that the base64 of pieces can be joined."""
ENDING, PARTIAL, MANIFEST = ".jsonl", ".jsonl.partial", ".manifest.json"


class BadBackup(SupError):
    """{file}: {reason}"""


Head = dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of a document, with its attachments; `size` is that of its line, `end` the place after all of it."""

    document: dict[str, Any]
    size: int
    end: int
    attachments: tuple[Content, ...] = field(default=())


def path_of(directory: Path, database: str) -> Path:
    """Return where the backup of a database stands; the name is escaped as in a URL."""
    return directory / f"{quote(database, safe='')}{ENDING}"


def manifest_path(file: Path) -> Path:
    """Return where the manifest of a backup stands."""
    return file.with_name(file.name.removesuffix(ENDING) + MANIFEST)


def read_manifest(file: Path) -> dict[str, Any]:
    """Return the manifest of a backup.

    Raises BadBackup when it is not there or no manifest.
    """
    path = manifest_path(file)
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["sup_backup"] == VERSION and isinstance(manifest["sha256"], str):
            return dict(manifest)
    except FileNotFoundError:
        raise BadBackup(file=file, reason=f"there is no manifest {path.name} beside it") from None
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
    stream.seek(0)
    offset = number = 0
    counts = Counts()
    head_read = False
    pending: Entry | None = None
    contents: list[Content] = []
    last = None
    missing = 0  # bytes of the attachment that is being read

    def bad(reason: str) -> BadBackup:
        return BadBackup(file=file, reason=f"line {number}: {reason}")

    def note(line: bytes) -> None:
        if sums is not None:
            sums.update(line)

    def finished() -> Entry | None:
        if pending is None:
            return None
        return Entry(pending.document, pending.size, offset, tuple(contents))

    for line in stream:
        number += 1
        if not line.endswith(b"\n"):
            raise bad("it breaks off")
        if line.startswith(b'{"data":"') and contents:
            missing -= _length_of(line) if sums is None else _decoded_length(line, bad)
        else:
            if missing:
                raise bad(f"the attachment before it has {missing} bytes too few or too many")
            value = _parsed(line, bad)
            match value:
                case {"sup_backup": int(version), "database": str()} if not head_read:
                    if version != VERSION:
                        raise bad(f"it is of version {version}, this reads version {VERSION}")
                    head_read = True
                    note(line)
                    offset += len(line)
                    yield value, None
                    continue
                case {"doc": {"_id": str(identifier), "_rev": str()} as document} if head_read:
                    if entry := finished():
                        yield None, entry
                    counts.revisions += 1
                    counts.documents += identifier != last
                    last, pending, contents = identifier, Entry(document, len(line), offset), []
                case {"attachment": str(name), "length": int(length)} if pending:
                    kind = str(value.get("content_type") or "application/octet-stream")
                    missing = length
                    contents.append(Content(name, kind, length, offset + len(line), value.get("revpos")))
                    counts.attachments += 1
                case {"end": {**told}} if head_read:
                    if entry := finished():
                        yield None, entry
                    if {key: told.get(key) for key in asdict(counts)} != asdict(counts):
                        raise bad("it tells of more or less than there is")
                    note(line)
                    if stream.read(1):
                        raise bad("something follows the end")
                    return
                case _:
                    raise bad("that is no line of a backup")
        note(line)
        offset += len(line)
    raise BadBackup(file=file, reason="it breaks off before its end" if number else "it is empty")


def _parsed(line: bytes, bad: Callable[[str], BadBackup]) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise bad("that is no JSON") from None


def _decoded_length(line: bytes, bad: Callable[[str], BadBackup]) -> int:
    try:
        return len(piece_of(line))
    except ValueError:
        raise bad("that is no base64") from None


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

    def readinto(self, buffer: Any) -> int:
        if not self._piece and self._left > 0:
            self._piece = piece_of(self._stream.readline())
            self._left -= len(self._piece)
        part, self._piece = self._piece[: len(buffer)], self._piece[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()
