"""Sending a request again: only where that can do no harm, and with pauses that grow."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.transports.http_failures import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PAUSE = 0.1  # seconds; doubled after every failure, and jittered
LONGEST_RETRY_AFTER = 10.0  # seconds; a server that wants more time is reported instead
REPEATS = 6

Answer = TypeVar("Answer")


def repeated(attempt: Callable[[], Answer], *, only_reads: bool, patience: float) -> Answer:
    """Send a request until it is answered, as long as repeating can do no harm; raise what `attempt` failed with.

    Harmless are: any request that never got connected; any whose failure says that nothing was done; and one that
    only reads, whatever became of its answer. `patience`: seconds to spend on it, 0 never to repeat.
    """
    pause, give_up_at = FIRST_PAUSE, 0.0
    for left in reversed(range(REPEATS)):
        try:
            return attempt()
        except Failure as failure:
            now = time.monotonic()
            give_up_at = give_up_at or now + patience
            wait = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads the load, protects nothing
            if failure.retry_after is not None and patience:
                wait = max(wait, failure.retry_after)
                give_up_at += failure.retry_after
            harmless = only_reads or not failure.lost
            too_late = now + wait > give_up_at or wait > LONGEST_RETRY_AFTER
            if not (failure.passing and harmless and left) or too_late:
                raise failure.error from None
        time.sleep(wait)
        pause *= 2
    raise AssertionError  # the last round returns or raises
