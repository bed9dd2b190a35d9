"""JSON text as Kazoo writes it: jiffy:encode/1 and jiffy:encode(Value, [pretty])."""

from __future__ import annotations

import math
import re

from kazoo_sup.terms.printing import decimal_digits


def json_encode(value: object) -> str:
    """Write a JSON value (None, bool, int, float, str, list, dict with str keys) as jiffy:encode/1 does.

    Nothing but quotes, backslashes and control characters is escaped. Raises TypeError for anything else, ValueError
    for NaN and infinity.
    """
    parts: list[str] = []
    _write(value, parts, "")
    return "".join(parts)


def json_pretty(value: object) -> str:
    """Write a JSON value as jiffy:encode(Value, [pretty]) does, with an indented empty line in what is empty.

    Raises as `json_encode`.
    """
    parts: list[str] = []
    _write(value, parts, "\n")
    return "".join(parts)


_NEEDS_ESCAPE = re.compile(r'[\0-\x1f"\\]')
_ESCAPES = {
    **{chr(code): f"\\u{code:04X}" for code in range(0x20)},
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "\\": r"\\",
}
_CONSTANTS = {True: "true", False: "false", None: "null"}
# double-conversion's shortest form as jiffy asks for it: plain from 1e-6 up to 1e21.
_PLAIN_POINTS = range(-5, 22)


def _write(value: object, parts: list[str], line: str) -> None:
    """Append the pieces of a value; `line` starts a line of its depth: a newline and spaces, or nothing if compact."""
    if isinstance(value, str):
        parts.append(_string(value))
    elif isinstance(value, dict):
        inner, colon = (line + "  ", " : ") if line else ("", ":")
        parts.append("{" + inner)
        separator = ""
        for key, member in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{type(key).__name__} is not a JSON key")
            parts.append(separator + _string(key) + colon)
            _write(member, parts, inner)
            separator = "," + inner
        parts.append(line + "}")
    elif isinstance(value, list):
        inner = line and line + "  "
        parts.append("[" + inner)
        separator = ""
        for item in value:
            parts.append(separator)
            _write(item, parts, inner)
            separator = "," + inner
        parts.append(line + "]")
    elif isinstance(value, bool) or value is None:
        parts.append(_CONSTANTS[value])
    elif isinstance(value, int):
        parts.append(str(int(value)))
    elif isinstance(value, float):
        parts.append(_float(value))
    else:
        raise TypeError(f"{type(value).__name__} is not a JSON value")


def _string(text: str) -> str:
    if _NEEDS_ESCAPE.search(text):
        text = _NEEDS_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)
    return f'"{text}"'


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no number {value}")
    sign = "-" if value < 0 else ""
    digits, point = decimal_digits(abs(value))
    if point not in _PLAIN_POINTS:
        fraction = f".{digits[1:]}" if digits[1:] else ""
        return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
