"""What a function on a node asks for is answered from the terminal, or from standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def answers(printed: Callable[[str], None]) -> Callable[[str, bool], str | None]:
    """Return what answers a function that asks for input: from the terminal, or standard input."""

    def read(prompt: str, secret: bool) -> str | None:
        printed(prompt)
        if secret and sys.stdin.isatty():
            from getpass import getpass

            return f"{getpass('')}\n"
        return sys.stdin.readline() or None

    return read


@contextmanager
def restored() -> Iterator[None]:
    """Leave the terminal as it was, also where the run ends while something unseen is being typed."""
    if not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
