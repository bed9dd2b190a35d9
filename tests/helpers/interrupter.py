"""Interrupts a call at any chosen place, as Ctrl-C does: between any two steps of the code that is watched."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self


class Interrupter:
    """A context in which SIGINT comes when the `at`-th function of the files in `places` begins or ends.

    `places` are beginnings of file names. `seen` is how many such steps there were; none is interrupted where `at` is
    not given. Only the thread that enters the context is watched, as only the main thread is interrupted.
    """

    def __init__(self, *places: str, at: int = -1) -> None:
        self.seen = 0
        self._places = places
        self._at = at

    def __enter__(self) -> Self:
        sys.setprofile(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _watch(self, frame: Any, event: str, _argument: Any) -> None:
        if event in ("call", "return") and frame.f_code.co_filename.startswith(self._places):
            self.seen += 1
            if self.seen == self._at:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)


def places(steps: int, most: int, *, ending: int = 0) -> Iterator[int]:
    """Yield at most so many of the places at which a call of so many steps can be interrupted, evenly spread.

    Of the ENDING, the last so many steps, where a call cleans up, every one follows.
    """
    yield from range(1, steps - ending, max(1, steps // most))
    yield from range(max(1, steps - ending), steps)


@contextmanager
def quick_collections() -> Iterator[None]:
    """Have the garbage collector look only at what is made in this block."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
