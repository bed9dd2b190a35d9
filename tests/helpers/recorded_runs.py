"""Runs in a zone in memory, each with a record of its own, as the command line makes them; and their undoing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from helpers.memory_zone import MemoryZone
from kazoo_sup.changes.journal.recorder import Recorder, Told
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.undo import chain, following, walking
from kazoo_sup.kazoo.undo.judging import Edited
from kazoo_sup.zone import Was


class Killed(BaseException):
    """Ends a run on the spot, as kill -9 would: what follows in it does not happen."""


class Runs:
    """`reversed` are the words of the deeds that were taken back; `refuse` is what keeps them from it.

    `there` is what commands find that take them back.
    """

    def __init__(self, zone: MemoryZone) -> None:
        self.zone = zone
        self.reversed: list[tuple[str, ...]] = []
        self.refuse: SupError | None = None
        self.there = Was()

    def run(self, work: Callable[[MemoryZone], Any], *, code: int = 0, **choices: Any) -> str | None:
        """Do WORK as a run that ends with CODE; return the run's id. A killed one leaves no end."""
        recorder = Recorder(Told("db", "work", ("db", "work")), warn=self.zone.warnings.append)
        self.zone.rerun(journal=lambda: recorder, perform=self._reverse, **choices)
        try:
            work(self.zone)
        except Killed:
            run = recorder.run
            if recorder._lines is not None:
                recorder._lines.close()
            return run
        except Exception:
            recorder.end(3)
            raise
        run = recorder.run
        recorder.end(code)
        return run

    def undo(self, run: str | None = None, **more: Any) -> Counter[str]:
        return self._walk("undo", run, **more)

    def redo(self, run: str | None = None, **more: Any) -> Counter[str]:
        return self._walk("redo", run, **more)

    def _walk(
        self,
        direction: chain.Direction,
        run: str | None,
        *,
        edited: Edited = "left",
        only: Sequence[str] = (),
        **choices: Any,
    ) -> Counter[str]:
        counted: Counter[str] = Counter()

        def work(zone: MemoryZone) -> None:
            walk = chain.find(zone, direction, run, insisting=edited != "left")
            index = walking.index_of(walk, only=only)
            with closing(index), following.recorded(zone, walk) as came_through:
                follow = following.Following(zone)
                counts = walking.take_back(zone, walk, index, follow, edited=edited)
                assert follow.finish() == []
                if not only and not counts["failed"]:
                    came_through(counts[walking.LEFT] > 0)
            counted.update(counts)

        self.run(work, **choices)
        return counted

    def _reverse(self, zone: MemoryZone, words: Sequence[str]) -> None:
        zone.run.judge(self.there)
        if self.refuse:
            raise self.refuse
        self.reversed.append(tuple(words))
