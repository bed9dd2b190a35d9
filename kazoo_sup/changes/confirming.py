"""Changes that are taken back unless somebody confirms them in time: what waits, and who looks after it.

A file for each in `<state_dir>/confirm`: `TOKEN.json` while it waits, `TOKEN.taken` once it is being taken back. Who
removes the first has confirmed it; who renames it takes it back: only one of them can. The run bears the token in its
record (`about`). The guard, a process of its own, holds a lock on `TOKEN.guard` as long as it lives.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.changes.journal import DIRECTORY as JOURNAL
from kazoo_sup.changes.journal import Journal, NoSuchRun, Unreadable
from kazoo_sup.errors import ExitCode, SettingsError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.changes.journal import Record
    from kazoo_sup.types import Document, Fields

DIRECTORY = "confirm"
KEY = "confirm"
"""Under which a run bears its token in what its record is about."""

WAITING, TAKEN, GUARD = ".json", ".taken", ".guard"


@dataclass(frozen=True, slots=True)
class Held:
    """A change that waits to be confirmed, or was not confirmed in time.

    `deadline` is a time in seconds since 1970; `options` are words (zone, settings) with which the guard runs `sup`;
    `ended` tells how it was taken back: the exit code and when, nothing while it is not; `told` whether somebody heard.
    `run` is the id of the run, once it has begun to change something.
    """

    token: str
    command: str
    seconds: float
    deadline: float
    options: tuple[str, ...] = ()
    taking: bool = False
    ended: Fields = field(default_factory=dict)
    told: bool = False
    run: str = ""

    @property
    def until(self) -> str:
        """The deadline as people read it, in UTC."""
        return f"{datetime.fromtimestamp(self.deadline, UTC):%Y-%m-%d %H:%M:%S} UTC"

    @property
    def state(self) -> str:
        """Waiting, being taken back, or taken back."""
        if not self.taking:
            return "waiting"
        if not self.ended:
            return "being taken back"
        return {ExitCode.OK: "taken back", ExitCode.PARTIAL: "taken back in part"}.get(self.ended["code"], "failed")

    def as_json(self) -> Document:
        """Return what is in the file."""
        return {
            "token": self.token,
            "command": self.command,
            "seconds": self.seconds,
            "deadline": self.deadline,
            "options": list(self.options),
            "ended": dict(self.ended),
            "told": self.told,
            "run": self.run,
        }


class Waiting:
    """The changes of a state directory that wait to be confirmed."""

    def __init__(self, state_dir: Path) -> None:
        """Nothing need be there."""
        self._state_dir = state_dir
        self.directory = state_dir / DIRECTORY

    def path(self, token: str) -> Path:
        """The file of a change that waits."""
        return self.directory / f"{token}{WAITING}"

    def write(self, held: Held) -> None:
        """Put a change there, or what is known of it now; raises SettingsError."""
        path = self.directory / f"{held.token}{TAKEN if held.taking else WAITING}"
        try:
            own_files.directory(self.directory)
            with own_files.replacing(path) as file:
                file.write(json.dumps(held.as_json()).encode())
        except OSError as error:
            raise SettingsError(source=str(path), reason=f"cannot be written: {error.strerror}") from error

    def read(self, token: str) -> Held | None:
        """Return what is known of a change, None when it is confirmed, or never was."""
        for suffix in (WAITING, TAKEN):
            with suppress(OSError, ValueError, KeyError, TypeError):
                found = json.loads((self.directory / f"{token}{suffix}").read_bytes())
                return Held(**{**found, "options": tuple(found["options"]), "taking": suffix == TAKEN})
        return None

    def is_there(self, token: str) -> bool:
        """Return whether a change waits or is taken back, be it that nothing can be read of it."""
        return any((self.directory / f"{token}{suffix}").exists() for suffix in (WAITING, TAKEN))

    def all(self) -> Iterator[Held]:
        """Yield every change, the oldest first."""
        tokens = sorted({each.stem for each in self.directory.glob("*") if each.suffix in (WAITING, TAKEN)})
        found = [held for token in tokens if (held := self.read(token))]
        yield from sorted(found, key=lambda held: held.deadline)

    def confirm(self, token: str) -> bool:
        """Keep a change for good; False when it is too late."""
        try:
            self.path(token).unlink()
        except FileNotFoundError:
            return False
        return True

    def take(self, token: str) -> bool:
        """Begin to take a change back, or go on with it; False when it was confirmed."""
        taken = self.directory / f"{token}{TAKEN}"
        with suppress(FileNotFoundError):
            self.path(token).rename(taken)
        return taken.exists()

    def forget(self, token: str) -> None:
        """Remove all there is of a change."""
        for suffix in (WAITING, TAKEN, GUARD):
            (self.directory / f"{token}{suffix}").unlink(missing_ok=True)

    def guard(self, token: str) -> BinaryIO | None:
        """Become the guard of a change as long as what is returned stays open; None when there is one."""
        file = own_files.reopen(self.directory / f"{token}{GUARD}")
        if own_files.hold(file):
            return file
        file.close()
        return None

    def is_guarded(self, token: str) -> bool:
        """Return whether the guard of a change lives."""
        try:
            with (self.directory / f"{token}{GUARD}").open("rb") as file:
                return not own_files.hold(file, shared=True)
        except FileNotFoundError:
            return False

    def keep(self, run: str, keeping: ExitStack) -> bool:
        """Have the record of a run stay as long as KEEPING is open; False while the run lives and keeps it itself."""
        with suppress(NoSuchRun, Unreadable, FileNotFoundError):
            record = Journal(self._state_dir / JOURNAL).find(run)
            if record.is_running:
                return False
            keeping.enter_context(record.kept())
        return True

    def record(self, token: str) -> Record | None:
        """Return the record of the run whose changes these are; None when it changed nothing.

        Raises Unreadable where a record that cannot be read may be that.
        """
        journal = Journal(self._state_dir / JOURNAL)
        for each in journal.runs():
            if each.header.about.get(KEY) == token:
                return each
        for path in journal.unreadable():
            raise Unreadable(file=str(path), reason="so it is not known what the run changed")
        return None


def new_token() -> str:
    """Return a token that nobody has."""
    return os.urandom(6).hex()
