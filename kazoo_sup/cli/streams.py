"""The three standard streams: there whatever the caller closed, and in UTF-8."""

from __future__ import annotations

import codecs
import fcntl
import os
import sys
from io import TextIOWrapper

NO_CHARACTERS = "kazoo_sup.no_characters"
"""How the streams that answers go to write what UTF-8 has no characters for (`errors` of an encoding)."""


def _no_characters(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""Write bytes that were no UTF-8 as they came, and half of a surrogate pair as JSON's escape of it, `\ud800`."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


codecs.register_error(NO_CHARACTERS, _no_characters)


def open_standard() -> None:
    """See that there is each of the three, and that standard output takes UTF-8: JSON is nothing else.

    In place of one that the caller has closed comes /dev/null, also as a file descriptor: else the next file or
    connection would get its number, and be written to. So it does for a standard input that can only be written, as
    nohup makes it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    if fcntl.fcntl(0, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the program runs
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors=NO_CHARACTERS)


def drop_standard_output() -> None:
    """Let what is still buffered go nowhere, where it cannot fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
