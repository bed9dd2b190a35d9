"""Gregorian seconds, sizes and moments as Kazoo writes them for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_YEAR_1 = 31_622_400
"""Seconds in the year 0, which Python's calendar does not have."""

_LAST = 315_569_519_999
"""The last second of the year 9999."""

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_UNITS = ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"), (1, "B"))


def moment(seconds: int) -> datetime:
    """Return Gregorian seconds as a time in UTC, from the year 1 to 9999.

    What lies outside, as a clock that was never set may say, becomes the first or last moment there is.
    """
    return _FIRST + timedelta(seconds=min(max(seconds, _YEAR_1), _LAST) - _YEAR_1)


def plain_datetime(seconds: int) -> str:
    """Return `2026-1-4 3:5:9` (Kazoo kz_time:format_datetime/1)."""
    at = moment(seconds)
    return f"{at.year}-{at.month}-{at.day} {at.hour}:{at.minute}:{at.second}"


def joined_datetime(seconds: int) -> str:
    """Return `2026-01-04_03:05:09` (Kazoo kz_time:pretty_print_datetime/1)."""
    at = moment(seconds)
    return f"{at.year:04}-{at.month:02}-{at.day:02}_{at.hour:02}:{at.minute:02}:{at.second:02}"


def size(octets: int, *, truncated: bool = False) -> str:
    """Return a size as `3M12K5B`, or TRUNCATED as `3M` (Kazoo kz_util:pretty_print_bytes/2)."""
    if octets < 0:
        return f"{octets}B"
    parts = []
    for unit, name in _UNITS:
        if octets >= unit:
            parts.append(f"{octets // unit}{name}")
            octets %= unit
    return "".join(parts[:1] if truncated else parts) or "0B"
