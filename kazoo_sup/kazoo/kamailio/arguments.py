"""Arguments of RPC commands from text, with their types."""

from __future__ import annotations

import re
from typing import TypeVar

Whole = TypeVar("Whole", int, str | int)

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def typed(text: str) -> str | int | float:
    """Return the value that TEXT is: s:TEXT is text, i:NUMBER a whole number, d:NUMBER one with a fraction.

    Without such a beginning it is the number that it looks like, else text, as kamcmd reads it (kamcmd.c:parse_arg).
    Raises ValueError for a malformed number.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind == "s":
        return rest
    if colon and kind in ("i", "d"):
        if not (_INTEGER if kind == "i" else _NUMBER).fullmatch(rest):
            raise ValueError(f"{rest!r} is not a {'whole ' if kind == 'i' else ''}number; s:{text} is the text")
        return int(rest) if kind == "i" else float(rest)
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def stored(text: str) -> str | int:
    """Return what a hash table shall hold for TEXT: whole numbers as such, all else as the text that was written.

    Raises ValueError for a whole number that Kamailio would cut.
    """
    value = typed(text)
    return text.removeprefix("d:") if isinstance(value, float) else fitting(value)


def fitting(value: Whole) -> Whole:
    """Return VALUE; ValueError when it is a number of more than 32 bits, which Kamailio would cut."""
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise ValueError(f"{value} does not fit into 32 bits")
    return value
