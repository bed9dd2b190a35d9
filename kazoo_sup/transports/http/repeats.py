"""Sending a request again: only where that can do no harm, and with pauses that grow."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.errors import Delivered, TimedOut
from kazoo_sup.transports import net
from kazoo_sup.transports.http.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


def repeated(attempt: Callable[[], Answer], *, only_reads: bool, patience: float) -> Answer:
    """Send a request until it is answered, as long as repeating can do no harm; raise what `attempt` failed with.

    Harmless are: any request that never got connected; any whose failure says that nothing was done; and one that
    only reads, whatever became of its answer. `patience`: seconds to spend on it, 0 never to repeat; a silence that was
    waited out has used it up, or the wait would be twice as long as it was said to be.
    An error says that its request was not delivered only when no attempt has got as far as the server.
    """
    policy = net.ASKING_AGAIN
    pauses = policy.pauses()
    give_up_at = 0.0
    started = time.monotonic()
    reached = False
    while True:
        try:
            return attempt()
        except Failure as failure:
            now = time.monotonic()
            reached = reached or failure.delivered is not Delivered.NO
            give_up_at = give_up_at or (started if isinstance(failure.error, TimedOut) else now) + patience
            wait = next(pauses, inf)
            if failure.retry_after is not None and patience:
                wait = max(wait, failure.retry_after)
                give_up_at += failure.retry_after
            harmless = only_reads or failure.delivered is not Delivered.MAYBE
            too_late = now + wait > give_up_at or wait > policy.longest_asked
            if not (failure.passing and harmless) or too_late:
                if reached and failure.delivered is Delivered.NO:
                    failure.error.delivered = Delivered.YES  # an earlier attempt was
                raise failure.error from None
        time.sleep(wait)
