"""E.164: reading a number as the zone's own converters do.

Source: Kazoo knm_converter_regex:to_e164/1, knm_converters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.kazoo import system_config

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

LONGEST = 15
"""Digits of the longest number (ITU-T E.164, 6.2.1)."""

CONVERTERS: Mapping[str, Mapping[str, str]] = {
    r"^(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$": {"prefix": "+1"},
    r"^011(\d{5,})$|^00(\d{5,})$": {"prefix": "+"},
    r"^[2-9]\d{7,}$": {"prefix": "+"},
}
"""The converters of a zone that configures none (number_manager.e164_converters)."""


def normalise(number: str, converters: Mapping[str, Any] = CONVERTERS) -> str:
    """Return NUMBER in E.164 form, by the first converter whose expression matches it.

    The result is the converter's prefix, the last group that the expression captured (the whole match where it has no
    group), and its suffix. A number that begins with `+` is in E.164 form already; one that no converter matches is
    returned as it is.
    """
    if number.startswith("+"):
        return number
    for expression, affixes in converters.items():
        match = re.search(expression, number)
        if match:
            captured = [group for group in match.groups() if group is not None]
            middle = captured[-1] if captured else match.group()
            return f"{affixes.get('prefix', '')}{middle}{affixes.get('suffix', '')}"
    return number


def converted(text: str, zone: Zone) -> str:
    """Return what the zone's converters make of a number as an operator types it, an E.164 number or not."""
    digits = re.sub(r"[\s().-]", "", text)
    return normalise(digits, system_config.get(zone, "number_manager", "e164_converters", CONVERTERS))


def read(text: str, zone: Zone) -> str:
    """Read a number as an operator types it, with the zone's converters.

    Raises ValueError when that gives no E.164 number.
    """
    number = converted(text, zone)
    if not re.fullmatch(rf"\+[1-9]\d{{1,{LONGEST - 1}}}", number):
        raise ValueError(f"{text!r} is not a phone number: the zone's converters make {number!r} of it")
    return number


E164 = Annotated[str, Reads(read, "NUMBER")]
"""A phone number in any form the zone's converters know, in E.164 form."""
