"""Runs the program inside the tests' own process: a tenth of the time that a process of its own takes to start.

What a run depends on is as it would be there: the environment, three files as standard streams, and the handlers of
signals, all put back afterwards. Whoever tests signals, terminals or the way out starts a process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from kazoo_sup.cli import app

_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGPIPE)


def possible() -> bool:
    """Whether a run can be had here: signals and the environment belong to the main thread."""
    return threading.current_thread() is threading.main_thread()


def run(
    words: Sequence[str | bytes], environment: Mapping[str, str], given: str, directory: Path
) -> tuple[int, str, str]:
    """Run `sup WORDS…`, with GIVEN as standard input; return its exit code and what it wrote.

    The files that stand for its streams are made in DIRECTORY.
    """
    (directory / "stdin").write_bytes(given.encode("utf-8", "surrogateescape"))
    with (
        _environment(environment),
        _signals(),
        (directory / "stdin").open(encoding="utf-8") as stdin,
        _written(directory / "stdout") as stdout,
        _written(directory / "stderr") as stderr,
        _streams(stdin, stdout, stderr),
    ):
        code = app.run([os.fsdecode(word) for word in words])
    return code, _text(directory / "stdout"), _text(directory / "stderr")


def _written(path: Path) -> TextIO:
    # The second name is what sup reconfigures; errors as in a process of its own.
    return path.open("w", encoding="utf-8", errors="backslashreplace" if path.name == "stderr" else "strict")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before, temporary = dict(os.environ), tempfile.tempdir
    os.environ.clear()
    os.environ.update(wanted)
    tempfile.tempdir = None  # it is looked up anew in the environment
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = temporary


@contextlib.contextmanager
def _streams(stdin: TextIO, stdout: TextIO, stderr: TextIO) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Put back what a run does to signals, also the alarm that watches over the test."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    left, every = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.setitimer(signal.ITIMER_REAL, left, every)
