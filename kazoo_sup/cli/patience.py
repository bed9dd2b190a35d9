"""How long a run may take, and a line on the terminal about a server that lets people wait."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from kazoo_sup import concurrency
from kazoo_sup.errors import Stopped, TimedOut
from kazoo_sup.transports import waits

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

WONDERING = 3.0
"""Seconds of silence after which somebody who looks on wonders."""

_AGAIN = 30.0
_LOOK_EVERY = 0.5


class Deadline:
    """For the time of a `with` block, stop the run after SECONDS; None or 0 waits for ever, as Kazoo's -t does."""

    def __init__(self, seconds: int | None) -> None:
        """Nothing is awaited yet."""
        self._seconds = seconds or 0

    def __enter__(self) -> None:
        """Begin to count."""
        from kazoo_sup.settings.sources import LONGEST

        concurrency.take(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, min(self._seconds, LONGEST))

    def __exit__(self, *_: object) -> None:
        """Count no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        raise Stopped(TimedOut(seconds=self._seconds, doing=waits.doing()))


class Patience:
    """For the time of a `with` block, SAY who is waited for; nothing where nobody looks on, or they asked for QUIET."""

    def __init__(self, say: Callable[[str], None], *, quiet: bool) -> None:
        """Say nothing yet."""
        self._say = say
        self._over = threading.Event()
        self._wanted = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Begin to look."""
        if self._wanted:
            threading.Thread(target=self._look, name="patience", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Say no more."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            now = time.monotonic()
            for wait in () if waits.is_told() else waits.now():
                waited = now - wait.since
                told = self._said.get(wait.whom)
                if waited >= WONDERING and (told is None or now - told >= _AGAIN):
                    self._said[wait.whom] = now
                    self._say(f"waiting for {wait.whom} ({waited:.0f} s so far)")
