"""Reading what runs have recorded; neither settings nor a server are needed."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.changes.journal.frames import Damaged, Members
from kazoo_sup.changes.journal.records import (
    Changed,
    DatabaseChanged,
    Done,
    Entry,
    Header,
    KeptFile,
    State,
    Summary,
)
from kazoo_sup.errors import ExitCode, SettingsError, SupError, UsageError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.types import Document

SUFFIX = ".jsonl.gz"

_NOT_OURS = "it holds what this version of sup does not write"

_TOGETHER = 100
"""So many lines are parsed at once."""

_ENDINGS: dict[int, str] = {
    ExitCode.OK: "done",
    ExitCode.TIMED_OUT: "timed out",
    ExitCode.PARTIAL: "partly done",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}

_Outcomes = dict[int, tuple[State, str | None]]


class Unreadable(SupError):
    """the record {file} cannot be read: {reason}"""

    file: str
    reason: str


class NoSuchRun(UsageError):
    """there is no run {run!r} in the journal{hint}"""

    remedy = "sup history list shows which there are"

    run: str
    hint: str


UNREADABLE = (Damaged, Unreadable)
"""What reading a record may raise; FileNotFoundError where another run has just removed it."""


class Journal:
    """The records of a directory."""

    def __init__(self, directory: Path) -> None:
        """DIRECTORY need not be there."""
        self.directory = directory

    def runs(self) -> Iterator[Record]:
        """Yield the records, the newest first; those whose first line cannot be read are left out, see `unreadable`.

        Raises SettingsError where the directory cannot be read.
        """
        for path in self._paths():
            record = Record(path)
            with suppress(FileNotFoundError, *UNREADABLE):
                record.header  # noqa: B018 - whether it can be read
                yield record

    def unreadable(self) -> list[Path]:
        """Return the files of which not even the first line can be read."""
        found = []
        for path in self._paths():
            try:
                Record(path).header  # noqa: B018
            except FileNotFoundError:
                continue
            except UNREADABLE:
                found.append(path)
        return found

    def find(self, run: str) -> Record:
        """Return the record of the run whose id is RUN or alone begins with it; raises NoSuchRun."""
        found = [path for path in self._paths() if run and _id(path).startswith(run)]
        if len(found) > 1 and run not in map(_id, found):
            several = ", ".join(map(_id, found[:5])) + (", …" if found[5:] else "")
            raise NoSuchRun(run=run, hint=f"; several begin so: {several}")
        for path in found:
            if len(found) == 1 or _id(path) == run:
                return Record(path)
        raise NoSuchRun(run=run, hint="; sup history list shows those there are")

    def _paths(self) -> list[Path]:
        try:
            self.directory.lstat()
            own_files.check(self.directory)
            return sorted(self.directory.glob(f"*{SUFFIX}"), reverse=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SettingsError(source=str(self.directory), reason=f"cannot be read: {error.strerror}") from error


class Record:
    """What one run recorded; reading it raises Damaged or Unreadable, and FileNotFoundError once it is gone."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self.path = path

    @property
    def run(self) -> str:
        """The run's id."""
        return _id(self.path)

    @property
    def size(self) -> int:
        """How many bytes it takes on the disk."""
        return self.path.stat().st_size

    @cached_property
    def header(self) -> Header:
        """What the run said of itself."""
        with self._members() as members:
            first = members.first()
            if first is None:
                raise Damaged(file=str(self.path), place=0)
            fields = json.loads(first.partition(b"\n")[0])["run"]
            datetime.fromisoformat(fields["began"])
            if not (isinstance(fields["about"], dict) and all(isinstance(word, str) for word in fields["command"])):
                raise TypeError
            return Header(**{**fields, "command": tuple(fields["command"])})

    @property
    def is_running(self) -> bool:
        """Whether the run lives: it holds its file."""
        with self._open() as file:
            return not own_files.hold(file, shared=True)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Have the record stay in the block, whatever the bounds of the journal: as long as somebody needs it.

        Raises Unreadable where it is gone already.
        """
        try:
            file = self._open()
        except FileNotFoundError:
            reason = "another run has removed it, to keep the journal within its bounds"
            raise Unreadable(file=str(self.path), reason=reason) from None
        with file:
            own_files.hold(file, shared=True)  # a run that lives keeps its own
            yield

    @property
    def state(self) -> str:
        """How it is with the run, in a word or two: while it lives, and then by its exit code."""
        summary = self.ending
        if summary is None:
            return "running" if self.is_running else "interrupted"
        return _ENDINGS.get(summary.code or ExitCode.OK, "failed")

    @property
    def ending(self) -> Summary | None:
        """What the run told of itself at its end; None for one that lives or was killed."""
        with self._members() as members:
            last = members.last() or b""
            line = last.rstrip(b"\n").rpartition(b"\n")[2]
            return Summary.of_json(json.loads(line)["end"]) if line.startswith(b'{"end"') else None

    @property
    def summary(self) -> Summary:
        """What the run did: as it told at its end, or worked out from all that it recorded."""
        found = self.ending
        if found is not None:
            return found
        summary = Summary()
        for entry in self.newest_first():
            database = getattr(entry, "database", "")
            if database:
                summary.expected(database)
            take_in(summary, entry)
        found_incomplete = self._line(b'{"incomplete"')
        summary.incomplete = found_incomplete["incomplete"] if found_incomplete else ""
        return summary

    @property
    def cluster(self) -> str:
        """What tells the cluster from others; empty where the run never asked a CouchDB."""
        if self.header.cluster:
            return self.header.cluster
        told = self._line(b'{"cluster"')
        return str(told["cluster"][1]) if told else ""

    def newest_first(self) -> Iterator[Entry]:
        """Yield what the run did, the newest first, each with what became of it.

        What is kept in memory is one batch, and what became of those that were under way beside it.
        """
        outcomes: _Outcomes = {}
        files: list[Document] = []
        with self._members() as members:
            for content in members.backwards():
                for value in _values_backwards(content):
                    if _note_outcome(outcomes, value):
                        continue
                    if "file" in value:
                        files.insert(0, value)
                    elif "n" in value:
                        yield _entry(value, *outcomes.pop(value["n"], ("unknown", None)), files)
                        files = []

    def oldest_first(self) -> Iterator[Entry]:
        """Yield what the run did in the order of its doing, each once it is known what became of it.

        What nobody knows the end of comes last.
        """
        waiting: dict[int, tuple[Document, list[Document]]] = {}
        with self._members() as members:
            for line in chain.from_iterable(map(bytes.splitlines, members.forwards())):
                value = json.loads(line)
                outcomes: _Outcomes = {}
                if _note_outcome(outcomes, value):
                    for number, outcome in outcomes.items():
                        if number in waiting:
                            begun, files = waiting.pop(number)
                            yield _entry(begun, *outcome, files)
                elif "file" in value:
                    waiting[value["file"]][1].append(value)
                elif "n" in value:
                    waiting[value["n"]] = value, []
            for begun, files in waiting.values():
                yield _entry(begun, "unknown", None, files)

    def _line(self, start: bytes) -> Document | None:
        """Return the first line that begins with START."""
        with self._members() as members:
            for content in members.forwards():
                if start in content:
                    for line in content.splitlines():
                        if line.startswith(start):
                            found: Document = json.loads(line)
                            return found
        return None

    @contextmanager
    def _members(self) -> Iterator[Members]:
        """Open the file for a block that reads it, of which every failure is one of UNREADABLE."""
        try:
            with self._open() as file:
                yield Members(file, str(self.path))
        except OSError as error:
            raise self._unreadable(error) from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(file=str(self.path), reason=_NOT_OURS) from error

    def _open(self) -> BinaryIO:
        """Open the file, and nothing that lies in its place and may keep a reader waiting for ever."""
        try:
            file = os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
        except OSError as error:
            raise self._unreadable(error) from error
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise Unreadable(file=str(self.path), reason="it is not a file")
        return file

    def _unreadable(self, error: OSError) -> Exception:
        return (
            error
            if isinstance(error, FileNotFoundError)
            else Unreadable(file=str(self.path), reason=error.strerror or str(error))
        )


def _values_backwards(content: bytes) -> Iterator[Document]:
    """Yield the values of a member's lines, the last one first; to parse some at a time takes half the time."""
    lines = content.splitlines()
    for end in range(len(lines), 0, -_TOGETHER):
        values: list[Document] = json.loads(b"[%b]" % b",".join(lines[max(0, end - _TOGETHER) : end]))
        yield from reversed(values)


def take_in(summary: Summary, entry: Entry) -> None:
    """Count what was done, or may have been, in a summary."""
    if entry.state == "unsaved":
        summary.counts["unsaved"] += 1
        return
    action = {Changed: "", DatabaseChanged: "databases", Done: "deeds"}[type(entry)] or getattr(entry, "act", "")
    summary.add("unknown" if entry.state == "unknown" else action, entry)


def _note_outcome(outcomes: _Outcomes, value: Document) -> bool:
    """Take in a line that tells what became of something; False where it does not."""
    if "saved" in value:
        outcomes.update({number: ("saved", revision) for number, revision in value["saved"]})
    elif "unsaved" in value:
        outcomes.update(dict.fromkeys(value["unsaved"], ("unsaved", None)))
    else:
        return False
    return True


def _entry(value: Document, state: State, revision: str | None, files: list[Document]) -> Entry:
    number, zone = value["n"], value["zone"]
    if "deed" in value:
        reverse = value["reverse"]
        before = value["before"]
        left = value.get("left", before)  # what recorded deeds first did not say it
        return Done(number, zone, value["deed"], before, None if reverse is None else tuple(reverse), state, left)
    if "database" in value:
        return DatabaseChanged(number, zone, value["database"], value["act"], state)
    before, written = value["before"], value["set"]
    if not (isinstance(before, dict | None) and isinstance(written, dict)):
        raise TypeError
    return Changed(
        number,
        zone,
        value["db"],
        value["id"],
        value["act"],
        before,
        revision,
        state,
        written,
        value["gone"],
        tuple(map(_file, files)) if files else (),
    )


def _file(value: Document) -> KeptFile:
    content = value["content"]
    return KeptFile(
        name=value["name"],
        content_type=value["type"],
        digest=value["digest"],
        length=value["length"],
        content=None if content is None else base64.b64decode(content),
    )


def _id(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)
