"""Several things at a time: what is asked ahead of its use, and signals put off while something must not be half done.

Python runs the handlers of signals in the main thread, whatever that thread has masked, when another thread takes the
signal. So the handlers themselves look whether they are put off. `take` sets them for SIGINT, SIGHUP, SIGTERM and
SIGALRM.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from queue import Queue, SimpleQueue
    from sys import UnraisableHookArgs

Item = TypeVar("Item")
Result = TypeVar("Result")

Handler = Callable[[int, FrameType | None], None]


LOOK = 0.5
"""Seconds after which who waits for another thread looks up.

A signal that comes just before the main thread begins to wait is noticed by Python only when that wait ends.
"""


_SOON = 0.05


class _Held:
    """How many reasons there are to wait, and the signal that waits; only the main thread touches it."""

    depth = 0
    waiting: Callable[[], None] | None = None
    ending: tuple[int, BaseException] | None = None


def take(number: int, handler: Handler) -> None:
    """Have HANDLER run on a signal, but not inside `held`."""

    def handle(signal_number: int, frame: FrameType | None) -> None:
        def end() -> None:
            try:
                handler(signal_number, frame)
            except BaseException as ending:
                _Held.ending = signal_number, ending
                raise

        if _Held.depth:
            _Held.waiting = end
        else:
            end()

    signal.signal(number, handle)


@contextmanager
def held() -> Iterator[None]:
    """Put the signals off that were set with `take`; they end the run at the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no handler runs here
        return
    _Held.depth += 1
    try:
        yield
    finally:
        _Held.depth -= 1
        waiting = _Held.waiting
        if waiting is not None and not _Held.depth:
            _Held.waiting = None
            waiting()


def begin() -> None:
    """Begin a command: no signal has ended it yet."""
    _Held.ending = None


def is_ended_by_signal() -> bool:
    """Return whether a signal that was set with `take` has ended the command.

    A generator that is closed because of it does not see that: whoever used it was interrupted.
    """
    return _Held.ending is not None


def is_interruption(ending: BaseException) -> bool:
    """Return whether ENDING, which a generator met, means that nobody waits for what it has under way."""
    return not isinstance(ending, Exception | GeneratorExit) or is_ended_by_signal()


def send_again(unraisable: UnraisableHookArgs) -> None:
    """Be sys.unraisablehook: a signal whose exception Python could only print is sent once more, and ends the run.

    That happens where the signal comes while a finaliser or the callback of a weak reference runs.
    """
    number, ending = _Held.ending or (0, None)
    if ending is None or unraisable.exc_value is not ending:
        sys.__unraisablehook__(unraisable)
        return
    again = threading.Timer(_SOON, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def outcome(future: Future[Result]) -> Result:
    """Return what came of FUTURE, or raise it, once it is there."""
    from concurrent.futures import wait

    while not future.done():
        wait((future,), LOOK)
    return future.result()


def next_of(queue: Queue[Item] | SimpleQueue[Item], seconds: float | None = None) -> Item:
    """Return what comes next out of QUEUE. Raises queue.Empty after SECONDS; None waits for ever."""
    from queue import Empty

    end = None if seconds is None else time.monotonic() + seconds
    while True:
        left = LOOK if end is None else max(0.0, end - time.monotonic())
        try:
            return queue.get(timeout=min(left, LOOK))
        except Empty:
            if end is not None and left <= LOOK:
                raise


def wait_for(changed: threading.Condition, predicate: Callable[[], object], seconds: float | None = None) -> None:
    """Wait until PREDICATE is true, for SECONDS at most, while others change what it looks at."""
    end = None if seconds is None else time.monotonic() + seconds
    while not changed.wait_for(predicate, LOOK if end is None else min(LOOK, max(0.0, end - time.monotonic()))):
        if end is not None and time.monotonic() >= end:
            return


def ahead(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 2) -> Iterator[Result]:
    """Yield what FUNCTION returns of each item, in their order, while threads work on the next ones, WORKERS at most.

    What it raises is raised in its place; what is under way then is not waited for.
    """
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, thread_name_prefix="ahead")
    under_way: deque[Future[Result]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) > workers:
                yield outcome(under_way.popleft())
        while under_way:
            yield outcome(under_way.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
