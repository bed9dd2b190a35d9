"""E.164: reading a number as the zone's own converters do.

Source: Kazoo knm_converter_regex:to_e164/1, knm_converters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.config import account_config, expressions, system_config
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.shapes import OBJECT, TEXT

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

LONGEST = 15
"""Digits of the longest number (ITU-T E.164, 6.2.1)."""

CONVERTERS: Mapping[str, Mapping[str, str]] = {
    r"^(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$": {"prefix": "+1"},
    r"^011(\d{5,})$|^00(\d{5,})$": {"prefix": "+"},
    r"^[2-9]\d{7,}$": {"prefix": "+"},
}
"""The converters of a zone that configures none (number_manager.e164_converters)."""

_WHOLE = re.compile(rf"\+[1-9][0-9]{{1,{LONGEST - 1}}}")
_WRITTEN_BETWEEN = re.compile(r"[\s().-]")
_NORTH_AMERICA = re.compile(r"(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")

RECONCILABLE = r"^(\+?1)?\d{10}$|^\+[2-9]\d{7,}$|^011\d*$|^00\d*$"
"""What is a number to the number manager of a zone that configures nothing (number_manager.reconcile_regex)."""


CONFIGURED = "number_manager e164_converters"


def normalise(number: str, converters: object = CONVERTERS, where: str = CONFIGURED) -> str:
    """Return NUMBER in E.164 form, by the first converter whose expression matches it.

    The result is the converter's prefix, the last group that the expression captured (the whole match where it has no
    group), and its suffix. A number that begins with `+` is in E.164 form already; one that no converter matches is
    returned as it is. Converters that are not an object are as good as none configured.

    Raises BadExpression, which says WHERE they are, once it comes to one that PCRE does not take.
    """
    if number.startswith("+"):
        return number
    for expression, affixes in (converters if isinstance(converters, Mapping) else CONVERTERS).items():
        captured = expressions.search(expression, number, where)
        if captured:
            added = affixes if isinstance(affixes, Mapping) else {}
            return f"{added.get('prefix', '')}{captured[-1]}{added.get('suffix', '')}"
    return number


def converted(text: str, zone: Zone) -> str:
    """Return what the zone's converters make of a number as an operator types it, an E.164 number or not."""
    return converted_as_typed(_WRITTEN_BETWEEN.sub("", text), zone)


def converted_as_typed(text: str, zone: Zone) -> str:
    """Return what the zone's converters make of a number just as it is (Kazoo knm_converters:normalize/1)."""
    return normalise(text, _converters(zone))


def _converters(zone: Zone) -> Document:
    return system_config.read(zone, "number_manager", "e164_converters", dict(CONVERTERS), OBJECT)


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
    dialled = normalise(text, rules, f"the dial_plan of account {account}")
    return normalise(dialled, converters, f"{CONFIGURED} for account {account}")


def to_npan(number: str) -> str:
    """Return a number of North America as its ten digits, any other as it is (Kazoo knm_converters:to_npan/1)."""
    match = _NORTH_AMERICA.fullmatch(number)
    return match.group(2) if match else number


def to_1npan(number: str) -> str:
    """Return a number of North America as 1 and ten digits, any other as it is (Kazoo knm_converters:to_1npan/1)."""
    match = _NORTH_AMERICA.fullmatch(number)
    return f"1{match.group(2)}" if match else number


def is_reconcilable(number: str, zone: Zone) -> bool:
    """Return whether the number manager takes a converted number for one (Kazoo knm_converters:is_reconcilable/1)."""
    return Reader(zone).is_reconcilable(number)


def read(text: str, zone: Zone) -> str:
    """Read a number as an operator types it, with the zone's converters.

    Raises ValueError when that gives no E.164 number.
    """
    return Reader(zone).read(text)


class Reader:
    """Reads any number of numbers as a zone does, whose settings are looked up with the first, and once."""

    def __init__(self, zone: Zone) -> None:
        """Look up nothing yet."""
        self._zone = zone

    def read(self, text: str) -> str:
        """Do what the function `read` does."""
        number = normalise(_WRITTEN_BETWEEN.sub("", text), self._converters)
        if not _WHOLE.fullmatch(number):
            raise ValueError(f"{text!r} is not a phone number: the zone's converters make {number!r} of it")
        return number

    def is_reconcilable(self, number: str) -> bool:
        """Do what the function `is_reconcilable` does."""
        return expressions.matches(self._reconcilable, number, "number_manager reconcile_regex")

    @cached_property
    def _converters(self) -> Document:
        return _converters(self._zone)

    @cached_property
    def _reconcilable(self) -> str:
        return system_config.read(self._zone, "number_manager", "reconcile_regex", RECONCILABLE, TEXT)
