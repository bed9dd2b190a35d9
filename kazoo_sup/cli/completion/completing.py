"""What the completions of bash, zsh and fish ask for: the values that the last word of a line may become."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from kazoo_sup.cli.completion import suggestions
from kazoo_sup.cli.options import Options

if TYPE_CHECKING:
    from types import FrameType

DEADLINE = 0.08
"""Seconds that looking at what is remembered may take, after which nothing is told."""

_BREAKS = "@:="
"""Where bash begins a new word, in a word of ours, as it comes."""


def main(words: list[str]) -> int:
    """Print the values for a SHELL and its LINE as far as it is typed, one a line; bash's COMP_WORDBREAKS follow."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    shell, line, breaks = (*words, _BREAKS)[:3]
    line = _behind_sup(line)
    found = suggestions.values(line, Options())
    if shell == "bash":
        found = _for_bash(line, found, breaks)
    os.write(1, "".join(f"{each}\n" for each in found).encode())
    return 0


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)


def _behind_sup(line: str) -> str:
    """Return a line without its first word, which is whatever `sup` was called as."""
    return line.lstrip().partition(" ")[2]


def _for_bash(line: str, found: list[str], breaks: str) -> list[str]:
    """Return values as bash puts them into the line: quoted, and only what comes after the last break of the word.

    Readline counts an @ to what comes after it.
    """
    quote = suggestions.open_quote(line)
    if quote:
        return [suggestions.written(each, quote, special='"$`\\\\') for each in found]
    start, current = suggestions.typed(line)
    ends = [(start + current).rfind(each) + (each != "@") for each in _BREAKS if each in breaks]
    return [suggestions.written((start + each)[max(0, *ends) :], "") for each in found]
