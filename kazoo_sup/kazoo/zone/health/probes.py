"""Asking all of a zone's components side by side, each for as long as there is time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.zone.servers import ask_all
from kazoo_sup.zone import Run, Zone

if TYPE_CHECKING:
    from kazoo_sup.settings import Settings, ZoneSettings

Answer = TypeVar("Answer")
Found = TypeVar("Found")

_NODE = "kazoo_apps"
_MISREAD = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)


class NotTellable(SupError):
    """what it answers is not understood ({reason})"""

    reason: str


@dataclass(frozen=True, slots=True)
class Probe(Generic[Found]):
    """What to find out of one component: `ask` goes and asks, `judge` makes results of the answer and asks nobody."""

    component: str
    name: str
    ask: Callable[[], Any]
    judge: Callable[[Any], Iterable[Found]]

    def run(self) -> list[Found]:
        """Ask and judge; raises the SupError of a component that gives no answer, NotTellable for a strange one."""
        return understood(lambda: list(self.judge(self.ask())))


def understood(read: Callable[[], Answer]) -> Answer:
    """Return what READ does; NotTellable where what came has not the shape that it takes for granted."""
    try:
        return read()
    except _MISREAD as error:
        raise NotTellable(reason=f"{type(error).__name__}: {error}") from error


class Once(Generic[Answer]):
    """An answer that several probes need and that is fetched once: the first who asks fetches it, the others wait."""

    def __init__(self, fetch: Callable[[], Answer]) -> None:
        """Take what fetches it."""
        self._fetch = fetch
        self._turn = threading.Lock()
        self._found: Answer | SupError | None = None

    def __call__(self) -> Answer:
        """Return the answer; raises the SupError with which it was not got."""
        with self._turn:
            if self._found is None:
                try:
                    self._found = self._fetch()
                except SupError as error:
                    self._found = error
        if isinstance(self._found, SupError):
            raise self._found
        return self._found


def run_all(
    probes: Sequence[tuple[Zone, Probe[Found]]], deadline: float, failed: Callable[[Probe[Found], SupError], Found]
) -> list[tuple[Zone, Found]]:
    """Run all probes at once; return what they find, in their order, and what FAILED makes of the others' errors.

    No two of a zone may have component and name in common.
    """
    named = [(f"{probe.component} {probe.name} of zone {zone.name}", probe) for zone, probe in probes]
    answers = dict(ask_all(named, lambda _name, probe: probe.run(), deadline))
    results: list[tuple[Zone, Found]] = []
    for (name, probe), (zone, _) in zip(named, probes, strict=True):
        answer = answers[name]
        found = [failed(probe, answer)] if isinstance(answer, SupError) else answer
        results += [(zone, each) for each in found]
    return results


def zones(settings: Settings, run: Run, deadline: float) -> list[Zone]:
    """Return the chosen zone, or every one of the settings, each with timeouts that end before DEADLINE does."""
    names = [settings.zone().name] if settings.chosen else list(settings.zones)
    return [
        Zone.of(
            settings._replace(active=name, zones={name: _within(settings.zones[name], deadline)}), node=_NODE, run=run
        )
        for name in names
    ]


def _within(zone: ZoneSettings, deadline: float) -> ZoneSettings:
    times, limits = zone.timeouts, zone.limits
    return zone._replace(
        timeouts=times._replace(connect=min(times.connect, deadline), read=min(times.read, deadline)),
        limits=limits._replace(seconds=min(limits.seconds, deadline)),
    )
