"""Numbers of the North American numbering plan as carriers write them: ten digits, without +1."""

from __future__ import annotations

import re

COUNTRY_CODE = "+1"

TOLL_FREE = frozenset(("800", "822", "833", "844", "855", "866", "877", *map(str, range(880, 890))))
"""Area codes of toll-free numbers (Kazoo knm.hrl ?IS_US_TOLLFREE)."""

_AREA_CODE = 3
_EXCHANGE = 6


def national(number: str) -> str:
    """Return a number, or a prefix, without +1; one of another country as it is."""
    return number.removeprefix(COUNTRY_CODE)


def e164(digits: str) -> str:
    """Return a number that a carrier sent, with or without +1, 1 and punctuation, in E.164 form."""
    digits = re.sub(r"[^\d+]", "", digits)
    if re.fullmatch(r"\d{10}", digits):
        return f"{COUNTRY_CODE}{digits}"
    return f"+{digits.removeprefix('+')}" if digits else ""


def area_code(prefix: str) -> str | None:
    """Return the area code (NPA) that an E.164 prefix begins with; None for a shorter one or another country."""
    digits = national(prefix)
    return digits[:_AREA_CODE] if digits != prefix and len(digits) >= _AREA_CODE else None


def exchange(prefix: str) -> str | None:
    """Return the three digits after the area code (NXX), where the prefix has them."""
    digits = national(prefix)
    return digits[_AREA_CODE:_EXCHANGE] if digits != prefix and len(digits) >= _EXCHANGE else None
