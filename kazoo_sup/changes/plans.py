"""Plans: what a run would change, written down to be reviewed and then carried out exactly so.

A plan is a file of JSON lines with mode 0600, since documents hold secrets:

    {"plan": {"id", "made", "user", "host", "zone", "cluster", "command", "version"}}
    {"db", "id", "before", "after"}    a document as it is, with its _rev, and as it shall be; null for none
    {"database", "act", "designs"}     a database that shall be created with these, or forgotten by every node
    {"deed", "before"}                 what shall be done that is no document, and the value that it replaces
    {"repeat": {"module", "name", "words", "options", …}}   the command itself, where it takes that, secrets and all
    {"end": {"changes", "asks", "sum"}}   how many there are, the questions that were not asked, SHA-256 of all above

It is carried out once, on the cluster that it was made for, while every document is still at the revision that was
read. What was done of an interrupted one counts: the same command does the rest.

What only the command itself can do, a deed that is no document, or several changes of one document, each on top of the
one before, is done by running it once more: where a dry run of it foretells, change by change, what the plan has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

from kazoo_sup import __version__
from kazoo_sup.errors import SettingsError, SupError, UsageError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.changes.change import Report
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_ABOUT = frozenset({"plan", "repeat", "end"})
_FOREIGN = "it is not a plan that `sup … --plan` has written"
_HEADER = frozenset({"id", "made", "user", "host", "zone", "cluster", "command"})
_ID = re.compile(r"[0-9a-f]{24}")

DIRECTORY = "plans"
"""Where it is kept which plans were carried out, in the state directory."""


class NotPlanned(UsageError):
    """no plan was written: {reason}"""

    reason: str


class NoPlan(UsageError):
    """{file}: {reason}"""

    file: Path | str
    reason: str


class InUse(UsageError):
    """this plan is being carried out by another run at this moment; nothing was done"""


class Writer:
    """Writes the plan of this run, which is there when `finish` is called and not before; safe to use from threads.

    COMMAND is what was typed, secrets masked, and REPEAT what runs it once more, or why nothing can.
    """

    def __init__(self, path: Path, command: Sequence[str], repeat: Document | str = "it cannot be repeated") -> None:
        """Raise NotPlanned where there is something of that name already."""
        self.path = path
        self.count = 0
        self._command = list(command)
        self._repeat = repeat
        self.repeats = False
        self._lock = Lock()
        self._asks: list[str] = []
        self._met: set[bytes] = set()
        self._refused = ""
        self._sum = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._replacing: AbstractContextManager[IO[bytes]] | None = None
        if os.path.lexists(path):
            raise NotPlanned(reason=f"{path} exists already")

    def note(self, report: Report, zone: Zone) -> None:
        """Take in what would become of a document or a database."""
        with self._lock:
            self._note(report, zone)

    def foretold(self, deed: str, before: object, zone: Zone) -> None:
        """Take in what would be done that is no document, and the value that it replaces."""
        with self._lock:
            self.repeats = True
            self._write(zone, of_deed(deed, before))

    def repeated_not(self, reason: str) -> None:
        """Have no plan written, for REASON, where the command itself would have to be run once more."""
        self._repeat = reason

    def _note(self, report: Report, zone: Zone) -> None:
        if report.error is not None:
            self.refuse(f"{report.database}/{report.id}: {report.error}")
        if not report.planned or self._refused:
            return
        if not report.id:
            if report.action not in ("created", "forgotten"):
                self.refuse(f"a plan cannot have a database {report.action} ({report.database})")
                return
            self._write(zone, of_report(report))
            return
        key = hashlib.blake2b(f"{report.database}\0{report.id}".encode(errors="surrogatepass"), digest_size=12).digest()
        self.repeats = self.repeats or key in self._met
        if any("stub" not in each and "data" not in each for each in _attachments(report.after)):
            self.refuse(f"a plan does not hold the attachments of {report.database}/{report.id}")
        self._met.add(key)
        self._write(zone, of_report(report))

    def refuse(self, reason: str) -> None:
        """Have no plan written, for REASON."""
        self._refused = self._refused or reason

    def asked(self, deed: str) -> None:
        """Take in what the command asks about before it does it; who carries the plan out is asked."""
        self._asks.append(deed)

    def finish(self, zone: Zone | None) -> None:
        """Put the plan in its place; raises NotPlanned, and SettingsError where it cannot be written."""
        try:
            if not self.count:
                self.refuse("the command would change nothing that a plan could hold")
            if self.repeats and isinstance(self._repeat, str):
                self.refuse(self._repeat)
            if self._refused or zone is None:
                raise NotPlanned(reason=self._refused)
            file = self._open(zone)
            if self.repeats:
                self._put({"repeat": self._repeat})
            end = {"changes": self.count, "asks": self._asks, "sum": self._sum.hexdigest()}
            file.write(_line({"end": end}))
            replacing, self._replacing = self._replacing, None
            if replacing is not None:
                replacing.__exit__(None, None, None)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind, unless it is finished."""
        replacing, self._replacing = self._replacing, None
        if replacing is not None:
            with suppress(NotPlanned):
                replacing.__exit__(NotPlanned, NotPlanned(reason="it was not finished"), None)

    def _open(self, zone: Zone) -> IO[bytes]:
        if self._file is None:
            from kazoo_sup.changes.journal.recorder import who

            header = {
                "id": os.urandom(12).hex(),
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "user": who()[0],
                "host": zone.host,
                "zone": zone.name,
                "cluster": _cluster(zone),
                "command": self._command,
                "version": __version__,
            }
            self._replacing = own_files.replacing(self.path)
            self._file = self._replacing.__enter__()
            self._put({"plan": header})
        return self._file

    def _write(self, zone: Zone, value: Document) -> None:
        if self._refused:
            return
        try:
            self._open(zone)
            self._put(value)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.count += 1

    def _put(self, value: Document) -> None:
        line = _line(value)
        self._sum.update(line)
        if self._file is not None:
            self._file.write(line)


@dataclass(frozen=True, slots=True)
class Planned:
    """A document of a plan, as it was read and as it shall be."""

    database: str
    id: str
    before: Document | None
    after: Document | None


@dataclass(frozen=True, slots=True)
class PlannedDatabase:
    """A database that is to be created, or forgotten by every node."""

    database: str
    act: str
    designs: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedDeed:
    """What is to be done that is no document, and the value that it replaces."""

    deed: str
    before: object = None


class Plan:
    """A plan that was written; raises NoPlan where the file is not a plan, was not finished, or was changed."""

    def __init__(self, path: Path) -> None:
        """Read the file once, from its first line to its last."""
        self.path = path
        self.header: Document = {}
        self.end: Document = {}
        self.repeat: Document = {}
        """What runs the command once more, where the plan takes that; it may hold secrets."""
        counted = hashlib.sha256()
        is_ours = True
        try:
            own_files.check_file(path.stat(), path)
            for line in self._lines():
                if self.end:
                    raise NoPlan(file=path, reason="something follows its end")
                value = json.loads(line)
                is_ours = is_ours and _is_ours(value)
                if "end" in value:
                    self.end = value["end"]
                    continue
                counted.update(line)
                self.header = self.header or value["plan"]
                self.repeat = value.get("repeat", self.repeat)
            differs = self.end.get("sum") != counted.hexdigest()
        except OSError as error:
            raise NoPlan(file=path, reason=error.strerror or str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoPlan(file=path, reason=_FOREIGN) from error
        if not self.end:
            raise NoPlan(file=path, reason="it is cut off: its end is missing")
        if differs:
            raise NoPlan(file=path, reason="it is not as it was written: its checksum differs")
        if not is_ours:
            raise NoPlan(file=path, reason=_FOREIGN)
        if not (self.header.keys() >= _HEADER and _ID.fullmatch(str(self.header["id"]))):
            raise NoPlan(file=path, reason="it does not say what it is for")

    @property
    def id(self) -> str:
        """What no other plan is called."""
        return str(self.header["id"])

    @property
    def typed(self) -> str:
        """The command that it is of, secrets masked."""
        return " ".join(("sup", *self.header["command"]))

    def changes(self) -> Iterator[Planned | PlannedDatabase | PlannedDeed]:
        """Yield what is to be done, in the order of its doing."""
        for value in self.lines():
            if "database" in value:
                yield PlannedDatabase(value["database"], value["act"], tuple(value["designs"]))
            elif "deed" in value:
                yield PlannedDeed(value["deed"], value["before"])
            else:
                yield Planned(value["db"], value["id"], value["before"], value["after"])

    def lines(self) -> Iterator[Document]:
        """Yield what is to be done as it is written."""
        for line in self._lines():
            value = json.loads(line)
            if not value.keys() & _ABOUT:
                yield value

    def _lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield from file


class Use:
    """Whether a plan was carried out from this host."""

    def __init__(self, state_dir: Path, plan: str) -> None:
        """PLAN is its id."""
        self._path = state_dir / DIRECTORY / f"{plan}.json"

    @property
    def state(self) -> Document:
        """What is known: `began`, and `done` when it came through; nothing where it was never begun."""
        try:
            found: Document = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SettingsError(source=str(self._path), reason=f"cannot be read: {error}") from error
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs of this host from carrying the plan out in the block; raises InUse where one does."""
        path = self._path.with_suffix(".lock")
        try:
            own_files.directory(path.parent)
            file = own_files.reopen(path)
        except OSError as error:
            raise _unwritable(path, error) from error
        with file:
            if not own_files.hold(file):
                raise InUse
            yield

    def note(self, name: str) -> None:
        """Note that the plan `began` or is `done`, now."""
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            own_files.directory(self._path.parent)
            with own_files.replacing(self._path) as file:
                file.write(json.dumps({**self.state, name: moment}).encode())
        except OSError as error:
            raise _unwritable(self._path, error) from error


def of_report(report: Report) -> Document:
    """Return what a plan has of a document or a database that would be changed."""
    if not report.id:
        return {"database": report.database, "act": report.action, "designs": list(report.designs)}
    after = None if report.action == "deleted" else report.after
    return {"db": report.database, "id": report.id, "before": report.before, "after": after}


def of_deed(deed: str, before: object) -> Document:
    """Return what a plan has of what is no document."""
    return {"deed": deed, "before": json.loads(json.dumps(before, default=str))}


def _is_ours(value: Document) -> bool:
    """Return whether a line of a plan is as this version writes it."""
    try:
        return _has_its_shape(value)
    except (KeyError, TypeError):
        return False


def _has_its_shape(value: Document) -> bool:
    if "plan" in value:
        right = all(isinstance(word, str) for word in value["plan"]["command"])
    elif "end" in value:
        right = isinstance(value["end"]["changes"], int) and isinstance(value["end"]["asks"], list)
    elif "repeat" in value:
        right = isinstance(value["repeat"], dict)
    elif "database" in value:
        right = isinstance(value["database"], str) and isinstance(value["act"], str)
        right = right and all(isinstance(each, dict) for each in value["designs"])
    elif "deed" in value:
        right = isinstance(value["deed"], str) and "before" in value
    else:
        right = isinstance(value["db"], str) and isinstance(value["id"], str)
        right = right and all(isinstance(value[name], dict | None) for name in ("before", "after"))
    return right


def _cluster(zone: Zone) -> str:
    """Return which cluster it is, and nothing where only other servers than its CouchDB can be reached."""
    from kazoo_sup.changes import outboxes

    try:
        return outboxes.cluster(zone)
    except SupError:
        return ""


def _attachments(document: Document | None) -> list[Document]:
    found = (document or {}).get("_attachments")
    return [each for each in found.values() if isinstance(each, dict)] if isinstance(found, dict) else []


def _line(value: Document) -> bytes:
    return (json.dumps(value, separators=(",", ":")) + "\n").encode()


def _unwritable(path: Path, error: OSError) -> SupError:
    return SettingsError(source=str(path), reason=f"cannot be written: {error.strerror}")
