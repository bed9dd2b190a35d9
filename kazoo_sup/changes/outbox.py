"""Change events that could not be published wait here, on disk, and go out with the next run.

One directory a cluster, one file a run, one JSON value a line. A run notes which events are due before it saves the
documents ("due" lines), so that not even a killed process leaves a saved document of which no node ever hears; an event
too many only makes a node read a document again. The file is locked while its run lives and removed when the broker
has confirmed everything.

What cannot be read or published ever (a line that was damaged, an event that names no document) is set aside in a file
of its own, where it stops none of the others.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from kazoo_sup.changes import events
from kazoo_sup.errors import SettingsError, SupError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.types import Document

Due = tuple[str, str, str, str | None, str | None]
"""An event that is due: action, database, document id, document type, account id.

The actions db_created, db_edited and db_deleted are a database's own; then the rest is empty.
"""

SET_ASIDE = "set-aside.log"
_SHOWN = 120


class Left(NamedTuple):
    """What a run leaves: events that wait, and how many more of documents that may or may not have been saved."""

    kept: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Unusable:
    """A line of an outbox of which no event can be made, and why."""

    file: str
    line: str
    reason: str

    def __str__(self) -> str:
        """Name it in a sentence."""
        shown = self.line if len(self.line) <= _SHOWN else f"{self.line[:_SHOWN]}…"
        return f"{self.file}: {shown!r} cannot be published: {self.reason}"


class Outbox:
    """The waiting events of one cluster. NODE is the name in events that have to be made again."""

    def __init__(self, directory: Path, node: str) -> None:
        """Use DIRECTORY, which is made when the first event has to wait."""
        self._directory = directory
        self._node = node

    @property
    def aside(self) -> Path:
        """The file of what was set aside."""
        return self._directory / SET_ASIDE

    def open(self) -> Spool:
        """Open this run's file.

        Raises SettingsError when it cannot be written: nothing may be saved then.
        """
        path = self._directory / f"{time.time_ns()}-{os.getpid()}.jsonl"
        try:
            own_files.directory(self._directory)
            return Spool(path)
        except OSError as error:
            raise _unwritable(self._directory, error) from error

    def claim(self, but: Path | None = None) -> list[Claim]:
        """Take hold of every file that no living run holds, BUT for this one, oldest first."""
        claims = []
        try:
            if self._directory.exists():
                own_files.check(self._directory)
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        for path in sorted(set(self._directory.glob("*.jsonl")) - {but}):
            with suppress(FileNotFoundError):  # its run has ended meanwhile
                file = path.open("rb")
                if own_files.hold(file) and os.fstat(file.fileno()).st_nlink:
                    claims.append(Claim(path, file, self._node))
                else:
                    file.close()
        return claims

    def set_aside(self, unusable: Unusable) -> None:
        """Keep a line of which no event can be made where nobody reads it again.

        Raises SettingsError when that cannot be written.
        """
        entry = {"file": unusable.file, "reason": unusable.reason, "line": unusable.line}
        try:
            own_files.directory(self._directory)
            with own_files.append(self.aside) as file:
                file.write(_line(entry))
        except OSError as error:
            raise _unwritable(self._directory, error) from error

    def take_over(self, earlier: Outbox) -> None:
        """Move the events of another outbox here, once no living run holds them; what is there already stays."""
        for claim in earlier.claim():
            try:
                own_files.directory(self._directory)
                claim.move(self._directory)
            except OSError as error:
                raise _unwritable(self._directory, error) from error
        with suppress(OSError):  # a run that lives still has its file there, or nothing was there at all
            earlier._directory.rmdir()


class Claim:
    """The events that an earlier run left, held by this one."""

    def __init__(self, path: Path, file: BinaryIO, node: str) -> None:
        """Hold FILE, open and locked, of PATH."""
        self.path = path
        self._file = file
        self._node = node

    @property
    def since(self) -> str:
        """When the run that left these events began."""
        try:
            nanoseconds = int(self.path.name.partition("-")[0])
            return datetime.fromtimestamp(nanoseconds // 10**9, tz=UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return ""

    def messages(self, unusable: Callable[[Unusable], object] = lambda _: None) -> Iterator[tuple[str, bytes]]:
        """Yield routing key and body of each event; UNUSABLE is told of what none can be made of.

        A last line that was cut off while it was written is left out: nothing was saved after it.
        """
        self._file.seek(0)
        for line in self._file:
            if not line.endswith(b"\n"):
                return
            try:
                entry = json.loads(line)
                waiting = [{"due": [each]} for each in entry["due"]] if "due" in entry else [entry]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                unusable(Unusable(self.path.name, line.decode(errors="replace").rstrip("\n"), _why(error)))
                continue
            for each in waiting:
                try:
                    yield self._event(each)
                except (ValueError, KeyError, TypeError, SupError) as error:
                    unusable(Unusable(self.path.name, json.dumps(each), _why(error)))

    def _event(self, entry: Document) -> tuple[str, bytes]:
        if "due" not in entry:
            if not isinstance(entry["key"], str):
                raise ValueError("its routing key is not text")
            return entry["key"], json.dumps(entry["body"], separators=(",", ":"), ensure_ascii=False).encode()
        [(action, database, identifier, document_type, account)] = entry["due"]
        if action.startswith("db_"):
            return events.database_event(action.removeprefix("db_"), database, self._node)
        document = {"_id": identifier, "pvt_type": document_type, "pvt_account_id": account}
        return events.document_event(action, database, document, self._node)

    def move(self, directory: Path) -> None:
        """Put these events into another directory, and leave them there for another run."""
        self.path.rename(directory / self.path.name)
        self.release()

    def remove(self) -> None:
        """Forget these events."""
        self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave these events for another run."""
        self._file.close()


class Spool:
    """The file of the run that lives: what is due, and what the broker did not take."""

    def __init__(self, path: Path) -> None:
        """Create PATH and hold it: nobody sees it by that name before it is locked."""
        self.path = path
        unlocked = path.with_suffix(".new")
        # Unbuffered: what could not be written must not be written later, behind what came after it.
        self._file = own_files.create_unbuffered(unlocked)
        own_files.hold(self._file)
        unlocked.rename(path)
        self._open: dict[int, Sequence[Due]] = {}
        self._next = 0
        self._size = 0
        self.kept = 0
        self.complete = True
        """Whether every event that was to be kept is there by itself."""

    def due(self, batch: Sequence[Due]) -> int:
        """Note the events that saving a batch of documents will make due; `settle` takes the token returned.

        Raises SettingsError when that cannot be written.
        """
        self._next += 1
        self._write({"due": batch})
        self._open[self._next] = batch
        return self._next

    def settle(self, token: int, but: Sequence[Due] = ()) -> None:
        """Note that the events of the batch, BUT for these, were handed to the publisher, or will never be due."""
        if but:
            self._open[token] = but
        else:
            self._open.pop(token, None)

    def keep(self, key: str, body: bytes) -> None:
        """Keep one event that the broker did not take.

        Where that cannot be written the event stays as it was noted when it became due: nothing is taken out any more.
        """
        self.kept += 1
        try:
            self._write({"key": key, "body": json.loads(body)})
        except SettingsError:
            self.complete = False

    def close(self) -> Left:
        """Remove the file when nothing is left in it, else leave just what is."""
        left = Left(self.kept, sum(len(batch) for batch in self._open.values()))
        if not any(left):
            self.path.unlink(missing_ok=True)
        elif self.complete:
            self._compact()
        self._file.close()
        return left

    def discard(self) -> None:
        """Forget what was kept, which is elsewhere, too."""
        self.path.unlink(missing_ok=True)
        self._file.close()

    def _compact(self) -> None:
        # Where it cannot be written the file stays as it is, with more than is needed.
        with suppress(OSError), self.path.open("rb") as lines, own_files.replacing(self.path) as file:
            file.writelines(line for line in lines if not line.startswith(b'{"due"'))
            file.writelines(_line({"due": batch}) for batch in self._open.values())

    def _write(self, entry: Document) -> None:
        rest = memoryview(_line(entry))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
                self._file.seek(self._size)
            raise _unwritable(self.path.parent, error) from error
        self._size = self._file.tell()


def _unwritable(directory: Path, error: OSError) -> SettingsError:
    reason = f"cannot keep change events there: {error.strerror}; set SUP_STATE_DIR or use --no-events"
    return SettingsError(source=str(directory), reason=reason)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, SupError) else f"it is not an event ({error or type(error).__name__})"


def _line(entry: Document) -> bytes:
    try:
        return (json.dumps(entry, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half a pair of surrogates, which only an escape can hold
        return (json.dumps(entry, separators=(",", ":")) + "\n").encode()
