"""Country codes, told from how a number begins (ITU-T E.164, list of assigned country codes)."""

from __future__ import annotations

_ONE_DIGIT = ("1", "7")
_TWO_DIGITS = frozenset(
    map(str, (20, 27, *range(30, 35), 36, *range(39, 42), *range(43, 50), *range(51, 59), *range(60, 67), 81, 82, 84))
) | frozenset(map(str, (86, *range(90, 96), 98)))


def dialcode(number: str) -> str:
    """Return the country code, with +, of a number or prefix in E.164 form; all of what is too short for one."""
    digits = number.removeprefix("+")
    length = 1 if digits.startswith(_ONE_DIGIT) else 2 if digits[:2] in _TWO_DIGITS else 3
    return f"+{digits[:length]}"
