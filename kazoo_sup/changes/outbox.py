"""Change events that could not be published wait here, on disk, and go out with the next run.

One directory a zone, one file a run, one JSON value a line. A run notes which events are due before it saves the
documents ("due" lines), so that not even a killed process leaves a saved document of which no node ever hears; an event
too many only makes a node read a document again. The file is locked while its run lives and removed when the broker
has confirmed everything.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from kazoo_sup.changes import events
from kazoo_sup.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

Due = tuple[str, str, str, str | None, str | None]
"""An event that is due: action, database, document id, document type, account id."""


class Outbox:
    """The waiting events of one zone. NODE is the name in events that have to be made anew."""

    def __init__(self, directory: Path, node: str) -> None:
        """Use DIRECTORY, which is made when the first event has to wait."""
        self._directory = directory
        self._node = node

    def open(self) -> Spool:
        """Open this run's file.

        Raises SettingsError when it cannot be written: nothing may be saved then.
        """
        path = self._directory / f"{time.time_ns()}-{os.getpid()}.jsonl"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return Spool(path)
        except OSError as error:
            raise _unwritable(self._directory, error) from error

    def claim(self) -> list[Claim]:
        """Take hold of every file that no living run holds, oldest first."""
        claims = []
        for path in sorted(self._directory.glob("*.jsonl")):
            with suppress(FileNotFoundError):  # its run has ended meanwhile
                file = path.open(encoding="utf-8")
                if _lock(file) and os.fstat(file.fileno()).st_nlink:
                    claims.append(Claim(path, file, self._node))
                else:
                    file.close()
        return claims


class Claim:
    """The events that an earlier run left, held by this one."""

    def __init__(self, path: Path, file: TextIO, node: str) -> None:
        """Hold FILE, open and locked, of PATH."""
        self._path = path
        self._file = file
        self._node = node

    @property
    def since(self) -> str:
        """When the run that left these events began."""
        nanoseconds = int(self._path.name.partition("-")[0])
        return datetime.fromtimestamp(nanoseconds // 10**9, tz=UTC).isoformat()

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Yield routing key and body of each event. A last line that was cut off while it was written is left out."""
        self._file.seek(0)
        for line in self._file:
            if not line.endswith("\n"):
                return
            entry = json.loads(line)
            if "due" in entry:
                for action, database, identifier, document_type, account in entry["due"]:
                    document = {"_id": identifier, "pvt_type": document_type, "pvt_account_id": account}
                    yield events.document_event(action, database, document, self._node)
            else:
                yield entry["key"], json.dumps(entry["body"], separators=(",", ":"), ensure_ascii=False).encode()

    def remove(self) -> None:
        """Forget these events."""
        self._path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave these events for another run."""
        self._file.close()


class Spool:
    """The file of the run that lives: what is due, and what the broker did not take."""

    def __init__(self, path: Path) -> None:
        """Create PATH and hold it: nobody sees it by that name before it is locked."""
        self._path = path
        unlocked = path.with_suffix(".new")
        self._file = unlocked.open("x", encoding="utf-8")
        _lock(self._file)
        unlocked.rename(path)
        self._open: dict[int, Sequence[Due]] = {}
        self._next = 0
        self.kept = 0

    def due(self, batch: Sequence[Due]) -> int:
        """Note the events that saving a batch of documents will make due; `settle` takes the token returned."""
        self._next += 1
        self._open[self._next] = batch
        self._write({"due": batch})
        return self._next

    def settle(self, token: int) -> None:
        """Note that the batch was saved or refused, and its events were handed to the publisher."""
        del self._open[token]

    def keep(self, key: str, body: bytes) -> None:
        """Keep one event that the broker did not take."""
        self.kept += 1
        self._write({"key": key, "body": json.loads(body)})

    def close(self) -> int:
        """Remove the file when nothing is left in it, else leave just what is; return how many events are."""
        left = self.kept + sum(len(batch) for batch in self._open.values())
        if left:
            with suppress(OSError):  # then the file stays as it is, with more than is needed
                self._compact()
        else:
            self._path.unlink()
        with suppress(OSError):
            self._file.close()
        return left

    def _compact(self) -> None:
        self._file.flush()
        compacted = self._path.with_suffix(".new")
        with self._path.open(encoding="utf-8") as lines, compacted.open("w", encoding="utf-8") as file:
            file.writelines(line for line in lines if not line.startswith('{"due"'))
            file.writelines(_line({"due": batch}) for batch in self._open.values())
        compacted.replace(self._path)

    def _write(self, entry: dict[str, Any]) -> None:
        try:
            self._file.write(_line(entry))
            self._file.flush()
        except OSError as error:
            raise _unwritable(self._path.parent, error) from error


def _unwritable(directory: Path, error: OSError) -> SettingsError:
    reason = f"cannot keep change events there: {error.strerror}; set SUP_STATE_DIR or use --no-events"
    return SettingsError(source=str(directory), reason=reason)


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False) + "\n"


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
