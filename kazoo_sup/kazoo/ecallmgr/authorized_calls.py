"""The calls that accounts pay for, as the ecallmgr nodes tell of their channels.

jonny5 keeps a list of its own, which nothing on the bus asks for; ecallmgr knows how each channel was authorized, but
no rates. Source: Kazoo j5_channels, jonny5_maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.ecallmgr import channels
from kazoo_sup.types import Fields

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.bus.collect import Reach

Channel = Fields

_FLAT_RATES = ("flat_rate", "flat_rate_burst")
_UNLIMITED = "limits_disabled"


def authorized(reach: Reach) -> tuple[list[Channel], list[SupError]]:
    """Return the channels that somebody pays for, and what went wrong on the way."""
    found, errors = channels.fully(reach)
    return [each for each in found if each.get("account_billing") or each.get("reseller_billing")], errors


def payers(found: Sequence[Channel]) -> list[str]:
    """Return the ids of the accounts and resellers that pay, sorted."""
    return sorted({str(each[key]) for each in found for key in ("account_id", "reseller_id") if each.get(key)})


def counts(found: Sequence[Channel], account: str) -> tuple[int, ...]:
    """Return the numbers of a row (j5_channels:total_calls/1 and those behind it)."""
    paid = [
        (each, each.get(f"{payer}_billing"))
        for each in found
        for payer in ("account", "reseller")
        if each.get(f"{payer}_id") == account
    ]
    billed = [(each, billing) for each, billing in paid if billing]
    flat = [each for each, billing in billed if billing in _FLAT_RATES]
    return (
        _calls(each for each, _ in paid),
        _calls(each for each, billing in billed if billing != _UNLIMITED),
        sum(str(billing).startswith("allotment") for _, billing in billed),
        *(sum(each.get("direction") == direction for each in flat) for direction in ("inbound", "outbound")),
        sum(billing == "per_minute" for _, billing in billed),
    )


def _calls(found: Iterator[Channel]) -> int:
    """Count calls: both legs of one are one."""
    return len({each.get("other_leg") or each.get("uuid") for each in found})
