"""Phone numbers in the form that their class has for people.

Source: Kazoo knm_util:pretty_print/1,2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.numbers import classification, e164

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


def shown(typed: str, zone: Zone) -> str:
    """Return a number as its class, or North America, writes it; as it was typed where neither has a form."""
    number = e164.converted_as_typed(typed, zone)
    classifiers = classification.available(zone)
    name = classification.classify(number, classifiers)
    pattern = classifiers[name].get("pretty_print") if name else None
    if not isinstance(pattern, str):
        pattern = classification.NORTH_AMERICA if number.startswith("+1") else None
    return typed if pattern is None else filled(pattern, number)


def filled(pattern: str, number: str) -> str:
    """Fill a number into a pattern.

    `#` is a digit, `S` passes over one, `*` is all that is left; behind a backslash they stand for themselves.
    """
    written, left, literal = [], number, False
    for sign in pattern:
        if literal or sign not in "S#*\\":
            written.append(sign if sign in "S#*" or not literal else f"\\{sign}")
            literal = False
        elif sign == "\\":
            literal = True
        elif sign == "*":
            written.append(left)
            left = ""
        else:
            written.append(left[:1] if sign == "#" else "")
            left = left[1:]
    return "".join(written) + ("\\" if literal else "")
