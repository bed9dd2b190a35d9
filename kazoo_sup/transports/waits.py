"""Who is waited for just now: told to a person who wonders, and said when a run's time is over.

Whatever asks a server does so inside `waiting_for`; who looks is the command line.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that goes on while the machine sleeps, where there is one."""


class Wait(NamedTuple):
    """For whom, and since when (time.monotonic)."""

    whom: str
    since: float


_waits: dict[object, Wait] = {}
_told: set[object] = set()


def passed() -> float:
    """Return seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(_BOOTTIME)


@contextmanager
def waiting_for(server: str, address: str) -> Iterator[None]:
    """Note for the time of the block that the server at ADDRESS, without credentials, is waited for."""
    mark = object()
    _waits[mark] = Wait(f"{server} at {address}", time.monotonic())
    try:
        yield
    finally:
        _waits.pop(mark, None)


@contextmanager
def told_anyway() -> Iterator[None]:
    """Note for the time of the block that nobody has to wonder: what is shown in the end tells it of every server."""
    mark = object()
    _told.add(mark)
    try:
        yield
    finally:
        _told.discard(mark)


def is_told() -> bool:
    """Return whether that is so now."""
    return bool(_told)


def now() -> list[Wait]:
    """Return who is waited for in any thread, the one for the longest time first; each server once."""
    found: dict[str, Wait] = {}
    for wait in sorted(_waits.values(), key=lambda wait: wait.since):
        found.setdefault(wait.whom, wait)
    return list(found.values())


def doing() -> str:
    """Return what ends the sentence about a run whose time is over: " waiting for …", nothing if for nobody."""
    whom = [wait.whom for wait in now()]
    return f" waiting for {', '.join(whom)}" if whom else ""
