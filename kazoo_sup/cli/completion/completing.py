"""What the completions of bash, zsh and fish ask for: the values that the last word of a line may become."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from kazoo_sup.cli.completion import suggestions
from kazoo_sup.cli.options import Options

if TYPE_CHECKING:
    from types import FrameType

DEADLINE = 0.08
"""Seconds that looking at what is remembered may take, after which nothing is told."""

_BREAKS = "@:="
"""Where bash begins a new word, in a word of ours."""


def main(words: list[str]) -> int:
    """Print the values for a SHELL and its LINE as far as it is typed, one a line."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    shell, line = words
    found = suggestions.values(_behind_sup(line), Options())
    if shell == "bash":
        found = _for_bash(line, found)
    os.write(1, "".join(f"{each}\n" for each in found).encode())
    return 0


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)


def _behind_sup(line: str) -> str:
    """Return a line without its first word, which is whatever `sup` was called as."""
    return line.lstrip().partition(" ")[2]


def _for_bash(line: str, found: list[str]) -> list[str]:
    """Return values as bash puts them into the line: quoted, and only what comes after the last break of the word."""
    if suggestions.is_in_quotes(line):
        return found
    current = suggestions.typed(_behind_sup(line))
    done = max(current.rfind(each) for each in _BREAKS) + 1
    return [re.sub(r"([^\w@%+=:,./-])", r"\\\1", each[done:]) for each in found]
