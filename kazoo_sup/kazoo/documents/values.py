"""Values as Kazoo turns them into one another (Kazoo kz_term), and how they are read from the command line.

What Kazoo cannot turn it crashes on; here that is a ValueError with the reason.
"""

from __future__ import annotations

import errno
import math
import re
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.terms import Atom, Charlist
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from kazoo_sup.types import Json

_MOST_DIGITS = 4000
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def to_integer(value: object) -> int:
    """Return a whole number; a fraction is rounded away from zero at a half, as Erlang rounds."""
    if is_integer(value):
        return value
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        if len(value) > _MOST_DIGITS:
            raise ValueError(f"a number of {len(value)} digits is too large")
        return int(value)
    number = to_float(value)
    return int(number + 0.5) if number >= 0 else -int(0.5 - number)


def integer_or_none(value: object) -> int | None:
    """Return a whole number as `to_integer` reads it, None for anything else."""
    try:
        return None if value is None else to_integer(value)
    except ValueError:
        return None


def to_float(value: Json) -> float:
    """Return a number."""
    if not isinstance(value, bool) and (
        isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value))
    ):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ValueError("a number is beyond the largest float")
        return number
    raise ValueError(f"{terms.dumps(value)} is not a number")


def to_boolean(value: Json) -> bool:
    """Return true or false, from themselves or their names."""
    if is_true(value):
        return True
    if is_false(value):
        return False
    raise ValueError(f"{terms.dumps(value)} is neither true nor false")


def is_true(value: object) -> bool:
    """Return whether a value is true or the text "true"; nothing else counts."""
    return value is True or value == "true"


def is_false(value: object) -> bool:
    """Return whether a value is false or the text "false"; nothing else counts."""
    return value is False or value == "false"


def to_text(value: Json) -> str:
    """Return a value as the text Kazoo's kz_term:to_binary/1 makes of it."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int | float | dict) or value is None:
        return terms.json_encode(value)
    raise ValueError(f"{terms.dumps(value)} is not text")


def to_charlist(value: object) -> Charlist:
    """Return a value as an Erlang string."""
    return Charlist(to_text(value))


def to_atom(value: object) -> Atom:
    """Return a value as an atom."""
    return Atom(to_text(value))


def posix_reason(error: OSError) -> Atom:
    """Return why a file could not be used as Erlang names it: enoent, eacces, eisdir."""
    return Atom(errno.errorcode.get(error.errno or 0, "eio").lower())


def is_empty(value: object) -> bool:
    """Return whether Kazoo takes a value for none: kz_term:is_empty/1 counts 0, "0", "NULL" and "undefined" as well."""
    return value is None or value in ("", "0", "NULL", "undefined") or (value in (0, [], {}) and value is not False)
