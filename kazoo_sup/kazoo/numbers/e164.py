"""E.164: reading a number as the zone's own converters do.

Source: Kazoo knm_converter_regex:to_e164/1, knm_converters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.kazoo import account_config, system_config
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.documents import value_at

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

_NORTH_AMERICA = re.compile(r"(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")

RECONCILABLE = r"^(\+?1)?\d{10}$|^\+[2-9]\d{7,}$|^011\d*$|^00\d*$"
"""What is a number to the number manager of a zone that configures nothing (number_manager.reconcile_regex)."""


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


def for_account(text: str, account: str, zone: Zone) -> str:
    """Return what a number becomes when somebody of ACCOUNT (an id) dials it, an E.164 number or not.

    Its dial plan is applied first, then its own converters, its reseller's or the system's. Source: Kazoo
    knm_converter_regex:to_e164/2.
    """
    if text.startswith("+"):
        return text
    plan = value_at(definition(zone, account) or {}, ["dial_plan"], {})
    rules = {expression: affixes for expression, affixes in plan.items() if isinstance(affixes, dict)}
    converters = account_config.get_global(zone, account, "number_manager", "e164_converters", CONVERTERS)
    return normalise(normalise(text, rules), converters)


def to_npan(number: str) -> str:
    """Return a number of North America as its ten digits, any other as it is (Kazoo knm_converters:to_npan/1)."""
    match = _NORTH_AMERICA.fullmatch(number)
    return match.group(2) if match else number


def to_1npan(number: str) -> str:
    """Return a number of North America as 1 and ten digits, any other as it is (Kazoo knm_converters:to_1npan/1)."""
    match = _NORTH_AMERICA.fullmatch(number)
    return f"1{match.group(2)}" if match else number


def is_reconcilable(number: str, zone: Zone) -> bool:
    """Tell whether the number manager takes a converted number for one (Kazoo knm_converters:is_reconcilable/1)."""
    return re.search(system_config.get(zone, "number_manager", "reconcile_regex", RECONCILABLE), number) is not None


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
