"""Recording what this run changes, before it is changed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING

from kazoo_sup import __version__
from kazoo_sup.changes.journal import bounds
from kazoo_sup.changes.journal.lines import CannotRecord, Lines
from kazoo_sup.changes.journal.records import Changed, DatabaseChanged, Done, Entry, KeptFile, Summary
from kazoo_sup.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.changes.change import Change
    from kazoo_sup.settings.journaling import Journaling
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Was

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""For ids that people read and type: without those that look like others."""


_TIME = "%Y%m%d-%H%M%S%f"


class NotRecorded(SettingsError):
    """{source}: {reason}"""


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line knows of a run: module and function, the words typed with secrets masked."""

    module: str = ""
    function: str = ""
    command: tuple[str, ...] = ()


@dataclass(slots=True)
class Begun:
    """Things that are recorded and not settled yet: numbered from `first` on; 0 when nothing is recorded."""

    first: int
    count: int = 1


NOTHING = Begun(0, 0)


class Recorder:
    """The record of this run, made when the first thing is about to be changed.

    What cannot be recorded is not done where a record is required; otherwise WARN is told once, and the run goes on.
    Several threads may record at once.
    """

    def __init__(self, told: Told, *, warn: Callable[[str], object], wanted: bool = True) -> None:
        """Nothing is made yet, and nothing will be where that is not WANTED."""
        self._told = told
        self._warn = warn
        self._lines: Lines | None = None
        self._off = False
        self._wanted = wanted
        self._required = ""
        self.required_by = ""
        """What in the run, beside its settings, needs a record: without one nothing is changed. Nothing by default."""
        self.begun: Callable[[str], None] = lambda run: None
        """Is told the run's id when its record is there, and raises what keeps the run from changing anything."""
        self._most = 0
        self._next = 1
        self._clusters: set[str] = set()
        self._open: dict[int, Entry] = {}
        self._summary = Summary()
        self._one_at_a_time = RLock()
        self.about: Document = {}
        """What the run says of itself in its first line; set before it changes anything."""
        self.unfinished = False
        """Whether a run that takes changes back is not through them all; what it is when the run ends is recorded."""

        self.left = False
        """Whether such a run left documents alone that somebody has edited."""

    @property
    def run(self) -> str | None:
        """The id of the run; None while it has changed nothing."""
        return self._lines.run if self._lines else None

    def begin(
        self, directory: Path, settings: Journaling, *, zone: str, host: str, cluster: Callable[[], str] | None
    ) -> bool:
        """Have the record ready for a change in ZONE, and tell whether there is one.

        CLUSTER asks what tells the cluster from others; None where the change needs no CouchDB. Raises what it raises,
        and NotRecorded where a record is required and cannot be made.
        """
        if not self._wanted and settings.mode == "required":
            raise NotRecorded(source="--no-journal", reason="a record is required here (journal: required)")
        if not self._wanted or self._off or settings.mode == "off":
            return False
        known = cluster() if cluster and zone not in self._clusters else ""
        with self._one_at_a_time:
            self._required = self.required_by or ("journal: required" if settings.mode == "required" else "")
            self._most = settings.run_size
            try:
                if self._lines is None:
                    self._begin(directory, settings, zone=zone, host=host, cluster=known)
                elif known and zone not in self._clusters and self._lines:
                    self._lines.write([{"cluster": [zone, known]}])
                if known:
                    self._clusters.add(zone)
            except OSError as error:
                self._failed(str(directory), error.strerror or str(error))
            except CannotRecord as error:
                self._failed(str(directory), str(error))
            return not self._off

    def _begin(self, directory: Path, settings: Journaling, *, zone: str, host: str, cluster: str) -> None:
        from kazoo_sup.settings import own_files

        own_files.directory(directory)
        last = ""
        try:
            last = bounds.keep_within(directory, days=settings.days, size=settings.size)
        except OSError as error:
            self._warn(f"{directory}: old records cannot be removed: {error.strerror}")
        now = datetime.now(UTC)
        chance = "".join(random.SystemRandom().choices(_LETTERS, k=4))
        run = f"{_stamp(now, last)}-{chance}"
        user, sudo_user = who()
        header = {
            "run": run,
            "began": now.isoformat(timespec="milliseconds"),
            "user": user,
            "sudo_user": sudo_user,
            "host": host,
            "zone": zone,
            "cluster": cluster,
            "module": self._told.module,
            "function": self._told.function,
            "command": list(self._told.command),
            "version": __version__,
            "about": self.about,
        }
        self._lines = Lines(directory, run, {"run": header})
        self.begun(run)

    def changes(self, zone: str, batch: Sequence[Change], files: Mapping[int, Sequence[KeptFile]]) -> Begun:
        """Record the changes of a batch with the files, by their place in it, that they remove; sync; return them."""
        entries = []
        lines: list[Document] = []
        with self._one_at_a_time:
            first = self._next
            for place, change in enumerate(batch):
                kept = tuple(files.get(place, ()))
                act = "created" if change.previous is None else "edited"
                if change.document is None or change.document.get("_deleted") is True:
                    act = "deleted"
                number, database, identifier = first + place, change.database, change.id
                # What is kept while it is under way are not its documents.
                files_then = tuple(map(_light, kept))
                entries.append(
                    Changed(number, zone, database, identifier, act, None, None, "unknown", {}, (), files_then)
                )
                lines.append(_line(number, zone, database, identifier, act, change.previous, change.document))
                lines += [_line_of_file(number, file) for file in kept]
            return self._record(entries, lines)

    def restored(self, zone: str, database: str, documents: Sequence[Document]) -> Begun:
        """Record the revisions that are about to come back from a backup."""
        with self._one_at_a_time:
            first = self._next
            entries = [
                Changed(first + place, zone, database, each["_id"], "restored", None, None, "unknown", {}, ())
                for place, each in enumerate(documents)
            ]
            lines = [
                _line(entry.number, zone, database, entry.id, "restored", None, {"_id": entry.id}) for entry in entries
            ]
            return self._record(entries, lines)

    def database(self, zone: str, database: str, act: str) -> Begun:
        """Record that a database is about to be created or deleted."""
        with self._one_at_a_time:
            entry = DatabaseChanged(self._next, zone, database, act, "unknown")
            line = {"n": entry.number, "zone": zone, "database": database, "act": act}
            return self._record([entry], [line])

    def deed(self, zone: str, deed: str, was: Was) -> Begun:
        """Record that DEED is about to be done, and what WAS there before."""
        with self._one_at_a_time:
            words = None if was.reverse is None else tuple(was.reverse)
            entry = Done(self._next, zone, deed, was.before, words, "unknown", was.left)
            line = {"n": entry.number, "zone": zone, "deed": deed, **was._asdict()}
            return self._record([entry], [line])

    def settle(self, saved: Mapping[int, str | None], unsaved: Sequence[int] = ()) -> None:
        """Record what became of things, by number; those that are in neither stay unknown.

        It is not synced: what was recorded before the request is enough to take it back.
        """
        with self._one_at_a_time:
            lines: list[Document] = []
            known = {number: revision for number, revision in saved.items() if number in self._open}
            if known:
                lines.append({"saved": list(map(list, known.items()))})
            gone = [number for number in unsaved if number in self._open]
            if gone:
                lines.append({"unsaved": gone})
            for number in known:
                self._count(number, "saved")
            for number in gone:
                self._count(number, "unsaved")
            self._write(lines, sync=False, must=False)

    def end(self, code: int) -> None:
        """Record how the run ended; without this it counts as interrupted."""
        with self._one_at_a_time:
            if self._lines is None:
                return
            for number in list(self._open):
                self._count(number, "unknown")
            self._summary.at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._summary.code = int(code)
            self._summary.unfinished = self.unfinished
            self._summary.left = self.left
            with suppress(OSError, CannotRecord):
                self._lines.write([{"end": self._summary.as_json()}])
            self._lines.close()
            self._lines = None
            self._off = True

    def _record(self, entries: Sequence[Entry], lines: Sequence[Document]) -> Begun:
        begun = Begun(self._next, len(entries))
        self._next += len(entries)
        if not self._write(lines, sync=True, must=True):
            return NOTHING
        self._open.update((entry.number, entry) for entry in entries)
        for database in dict.fromkeys(entry.database for entry in entries if not isinstance(entry, Done)):
            self._summary.expected(database)
        return begun

    def _write(self, lines: Sequence[Document], *, sync: bool, must: bool) -> bool:
        """Write lines; where that fails, note that the record is not complete. What MUST be written may be refused."""
        if self._off or self._lines is None or not lines:
            return False
        where = str(self._lines.path)
        if must and self._lines.size >= self._most:
            reason = f"the record of this run has reached {self._most / 10**6:g} MB (journal.run_megabytes)"
            self._failed(where, reason)
            return False
        try:
            self._lines.write(lines, sync=sync)
        except OSError as error:
            self._failed(where, error.strerror or str(error))
        except CannotRecord as error:
            self._failed(where, str(error))
        return not self._off

    def _failed(self, where: str, reason: str) -> None:
        if self._required:
            raise NotRecorded(source=where, reason=f"{reason}; a record is required ({self._required})")
        self._off = True
        self._summary.incomplete = f"not everything was recorded: {reason}"
        self._warn(f"{where}: {reason}; what this run changes from here on is not recorded and cannot be undone")
        if self._lines is not None:
            with suppress(OSError, CannotRecord):
                self._lines.write([{"incomplete": self._summary.incomplete}])

    def _count(self, number: int, state: str) -> None:
        entry = self._open.pop(number)
        if state == "unsaved":
            self._summary.counts["unsaved"] += 1
        else:
            named = entry.act if isinstance(entry, Changed) else "deeds" if isinstance(entry, Done) else "databases"
            self._summary.add("unknown" if state == "unknown" else named, entry)


def who() -> tuple[str, str]:
    """Return the name of the user that runs this, and of who became that user with sudo."""
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    sudo_user = os.environ.get("SUDO_USER", "")
    return user, sudo_user if sudo_user != user else ""


def _light(file: KeptFile) -> KeptFile:
    """Return what matters of a file once it is recorded: whether it was kept."""
    return KeptFile(file.name, "", "", 0, None if file.content is None else b"")


def _line(
    number: int,
    zone: str,
    database: str,
    identifier: str,
    act: str,
    before: Document | None,
    document: Document | None,
) -> Document:
    there: Document = before or {}
    after: Document = {} if act == "deleted" else document or {}
    written = {key: each for key, each in after.items() if key != "_rev" and (not there or _differs(key, each, there))}
    if "_attachments" in written:
        written["_attachments"] = _bare(written["_attachments"])
    return {
        "n": number,
        "zone": zone,
        "db": database,
        "id": identifier,
        "act": act,
        "before": before,
        "set": written,
        "gone": [key for key in there if key not in after and key != "_rev"] if act == "edited" else [],
    }


def _differs(key: str, value: object, before: Document) -> bool:
    if key not in before:
        return True
    found = before[key]
    return found is not value and (type(found) is not type(value) or found != value or isinstance(value, list | dict))


def _bare(value: Json) -> Json:
    """Return attachments without their content, which a later run keeps when it removes them."""
    if not isinstance(value, dict):
        return value
    return {
        name: {key: each for key, each in stub.items() if key != "data"} if isinstance(stub, dict) else stub
        for name, stub in value.items()
    }


def _line_of_file(number: int, file: KeptFile) -> Document:
    import base64

    return {
        "file": number,
        "name": file.name,
        "type": file.content_type,
        "digest": file.digest,
        "length": file.length,
        "content": None if file.content is None else base64.b64encode(file.content).decode(),
    }


def _stamp(now: datetime, last: str) -> str:
    """Return how the id of a run begins: with NOW, but behind the LAST id, whose clock may have been fast."""
    milliseconds = -3  # of the microseconds that the format has
    stamp = now.strftime(_TIME)[:milliseconds]
    if stamp > last[: len(stamp)]:
        return stamp
    with suppress(ValueError, OverflowError):
        before = datetime.strptime(last[: len(stamp)], _TIME).replace(tzinfo=UTC)
        return (before + timedelta(milliseconds=1)).strftime(_TIME)[:milliseconds]
    return stamp
