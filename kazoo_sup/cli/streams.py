"""The three standard streams: there whatever the caller closed, and in UTF-8."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def open_standard() -> None:
    """See that there is each of the three, and that standard output takes UTF-8: JSON is nothing else.

    In place of one that the caller has closed comes /dev/null, also as a file descriptor: else the next file or
    connection would get its number, and be written to.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the program runs
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def drop_standard_output() -> None:
    """Let what is still buffered go nowhere, where it cannot fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
