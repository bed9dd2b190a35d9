"""The calls that accounts pay for, as the ecallmgr nodes tell of their channels.

jonny5 keeps a list of its own, which nothing on the bus asks for; ecallmgr knows how each channel was authorized, but
no rates. Source: Kazoo j5_channels, jonny5_maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.billing import limits
from kazoo_sup.kazoo.calls import channels
from kazoo_sup.kazoo.documents import now
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.collecting import Reach

Channel = Mapping[str, Any]

_COLUMNS = (
    ("Account ID", 32),
    ("Calls", 5),
    ("Resource Calls", 14),
    ("Allotments", 10),
    ("Inbound Trunks", 14),
    ("Outbound Trunks", 15),
    ("Per Minute", 10),
)
_FLAT_RATES = ("flat_rate", "flat_rate_burst")
_UNLIMITED = "limits_disabled"


def authorized(reach: Reach) -> tuple[list[Channel], list[SupError]]:
    """Return the channels that somebody pays for, and what went wrong on the way."""
    found, errors = channels.fully(reach)
    return [each for each in found if each.get("account_billing") or each.get("reseller_billing")], errors


def payers(found: Sequence[Channel]) -> list[str]:
    """Return the ids of the accounts and resellers that pay, sorted."""
    return sorted({str(each[key]) for each in found for key in ("account_id", "reseller_id") if each.get(key)})


def table(found: Sequence[Channel], of: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table of calls, a row for each account."""
    yield _rule("-")
    yield f"| {' | '.join(text_field(name, width) for name, width in _COLUMNS)} |"
    yield _rule("=")
    for account in of:
        cells = (account, *_counts(found, account))
        row = (limits.cell_of(cell, width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True))
        yield f"| {' | '.join(row)} |"
        yield _rule("-")


def details(found: Sequence[Channel], account: str) -> Iterator[str]:
    """Yield what is known of each channel that an account pays for."""
    time_now = now()
    for each in found:
        if account not in (each.get("account_id"), each.get("reseller_id")):
            continue
        yield ""
        labelled = {
            "Call ID": each.get("uuid"),
            "Other Leg Call ID": each.get("other_leg"),
            "Direction": each.get("direction"),
            "Account ID": each.get("account_id"),
            "Account Billing": each.get("account_billing"),
            "Reseller ID": each.get("reseller_id"),
            "Reseller Billing": each.get("reseller_billing"),
            "Duration": f"{time_now - each['timestamp']}s" if isinstance(each.get("timestamp"), int) else None,
            "Answered Duration": None if each.get("answered") else "0s",
        }
        yield from (limits.field(label, value) for label, value in labelled.items() if value is not None)
    yield ""


def _counts(found: Sequence[Channel], account: str) -> tuple[int, ...]:
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


def _rule(line: str) -> str:
    return f"+{'+'.join(line * (width + 2) for _, width in _COLUMNS)}+"
