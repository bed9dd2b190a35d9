"""The file of the run that lives: JSON lines in gzip members, on the disk when that is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.changes.journal.frames import packed
from kazoo_sup.changes.journal.reading import SUFFIX
from kazoo_sup.concurrency import held
from kazoo_sup.errors import SupError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.types import Document

_MEMBER = 4_000_000
"""About how much of JSON goes into one member: readers unpack it whole."""

NEW = ".new"

_ENCODE = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""What is circular is nested without an end."""


class CannotRecord(SupError):
    """what is to be changed cannot be written down: {reason}"""

    reason: str


class Lines:
    """A record that grows. Nobody sees it by its name before it is locked and its first line is on the disk."""

    def __init__(self, directory: Path, run: str, first: Document) -> None:
        """Make the file; raises OSError."""
        self.run = run
        self.path = directory / f"{run}{SUFFIX}"
        self.size = 0
        self._previous = 0
        unlocked = directory / f"{run}{NEW}"
        self._file = own_files.create_unbuffered(unlocked)
        try:
            own_files.hold(self._file)
            self.write([first], sync=True)
            unlocked.rename(self.path)
            own_files.sync(directory)
        except BaseException:
            unlocked.unlink(missing_ok=True)
            self._file.close()
            raise

    def write(self, lines: Sequence[Document], *, sync: bool = False) -> None:
        """Add lines, and have them on the disk where SYNC is wanted.

        Raises OSError, and CannotRecord for what JSON has no words for; then none of them is there.
        """
        start = self.size, self._previous
        with held():
            try:
                for content in _pieces(lines):
                    self._append(content)
                if sync:
                    os.fdatasync(self._file.fileno())
            except BaseException:
                self.size, self._previous = start
                os.ftruncate(self._file.fileno(), self.size)
                self._file.seek(self.size)
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _append(self, content: bytes) -> None:
        member = packed(content, self._previous)
        rest = memoryview(member)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._previous = len(member)
        self.size += len(member)


def _pieces(lines: Sequence[Document]) -> list[bytes]:
    pieces = []
    waiting: list[str] = []
    size = 0
    for line in lines:
        try:
            text = _ENCODE(line)
        except (TypeError, ValueError, RecursionError) as error:
            raise CannotRecord(reason=str(error)) from error
        waiting.append(text)
        size += len(text)
        if size >= _MEMBER:
            pieces.append(_joined(waiting))
            waiting, size = [], 0
    return [*pieces, _joined(waiting)] if waiting else pieces


def _joined(texts: Sequence[str]) -> bytes:
    return ("\n".join(texts) + "\n").encode()
