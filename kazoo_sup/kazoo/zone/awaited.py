"""Waiting for what goes on by itself: a compaction, calls that end, a server that starts again.

People see how much is left, on a terminal. The limit of time is the run's. Who ends the wait hears what goes on.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kazoo_sup.zone import Run

EVERY = 2.0
"""Seconds between two looks."""


def until_none(
    run: Run,
    left: Callable[[], int],
    *,
    label: str,
    goes_on: str,
    every: float = EVERY,
) -> None:
    """Wait until LEFT, which is asked EVERY so many seconds, returns 0: how much of what LABEL names is still there.

    GOES_ON is the sentence that is told where the wait ends before, whatever ends it. Raises what LEFT raises.
    """
    with told_what_goes_on(run, goes_on):
        most = now = left()
        with run.progress(label, most) as advance:
            while now:
                time.sleep(every)
                now = left()
                if now < most:
                    advance(most - now)
                    most = now


@contextmanager
def told_what_goes_on(run: Run, goes_on: str) -> Iterator[None]:
    """Tell people what goes on without us, where waiting for it ends before it does."""
    try:
        yield
    except BaseException:
        run.warn(goes_on)
        raise
