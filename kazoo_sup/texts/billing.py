"""What Kazoo prints of limits, of automatic top up and of rates.

Source: Kazoo jonny5_maintenance, j5_limits, kz_services_topup, hotornot_maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.billing import ledgers, ratedecks
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.values import to_float, to_integer
from kazoo_sup.messages.names import account_database
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.terms.columns import shown, text_field
from kazoo_sup.texts.boxes import Box, right

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.billing.limits import Limits
    from kazoo_sup.kazoo.billing.topup import Status
    from kazoo_sup.types import Document

_LABEL = 25
_DIRECTIONS = ("inbound", "outbound", "twoway")

# -- limits

_LIMITS = Box(
    (
        ("Account ID", 32),
        ("Calls", 5),
        ("Resource Calls", 14),
        ("Allotments", 10),
        ("In", 3),
        ("Out", 3),
        ("Both", 4),
        ("Burst", 5),
        ("Per Minute", 10),
        ("Max Postpay", 11),
    )
)
_TITLES = """\
| Account ID                       | Calls | Resource Calls | Allotments |           Trunks         | Per Minute | \
Max Postpay |
|                                  |       |                |            |  In | Out | Both | Burst |            | \
            |"""
_RULED = Box(tuple(("", width) for width in (32, 5, 14, 10, 24, 10, 11)))
"""Between rows the trunks are one column."""

_DISABLED = "|   -   |       -        |     -      |  -  |  -  |   -  |   -   |     -      |      -      |"


def limits_table(found: Iterable[Limits]) -> Iterator[str]:
    """Yield the lines of the table of accounts' limits."""
    yield _RULED.rule()
    yield from _TITLES.splitlines()
    yield _RULED.rule("=")
    for each in found:
        yield _limits(each)
        yield _RULED.rule()


def _limits(limits: Limits) -> str:
    if not limits.enabled:
        return f"| {text_field(limits.account, 32)} {_DISABLED}"
    return _LIMITS.row(
        (
            limits.account,
            limits.calls,
            limits.resource_consuming_calls,
            len(limits.allotments),
            *map(limits.trunks, _DIRECTIONS),
            limits.burst_trunks,
            _balance(limits) if limits.allow_prepay else "disabled",
            _dollars(limits.max_postpay) if limits.allow_postpay else "disabled",
        )
    )


def limits_details(limits: Limits) -> Iterator[str]:
    """Yield all there is to say of an account's limits."""
    yield "Account Info:"
    yield field("  Account ID", limits.account)
    yield field("  Account DB", account_database(limits.account))
    yield field("  Current Balance", _balance(limits))
    yield "Configuration:"
    yield field("  Enabled", limits.enabled)
    yield field("  Prepay Allowed", limits.allow_prepay)
    yield field("  Postpay Allowed", limits.allow_postpay)
    yield field("  Max Postpay Amount", _dollars(limits.max_postpay))
    yield field("  Reserve Amount", _dollars(limits.reserve))
    yield field("  Soft Limit Inbound", limits.soft_limit_inbound)
    yield field("  Soft Limit Outbound", limits.soft_limit_outbound)
    yield "Limits:"
    yield field("  Calls Hard Limit", limits.calls)
    yield field("  Resources Hard Limit", limits.resource_consuming_calls)
    for direction in _DIRECTIONS:
        name = f"{direction.capitalize()} Trunks"
        yield field(f"  {name}", getattr(limits, f"{direction}_trunks"))
        yield field(f"  Bundled {name}", limits.bundled[direction])
    yield "Allotments:"
    if not limits.allotments:
        yield "  -none-"
    for key, allotment in limits.allotments.items():
        yield ""
        yield field("  Name", value_at(allotment, ["name"], key))
        yield field("  Amount", value_at(allotment, ["amount"], 0))
        yield field("  Cycle", value_at(allotment, ["cycle"], "monthly"))


def field(label: str, value: object) -> str:
    """Return a line of details."""
    return f"{text_field(label, _LABEL)}: {shown(value)}"


def _balance(limits: Limits) -> str:
    return f"not known at the moment: {limits.no_balance}" if limits.balance is None else _dollars(limits.balance)


def _dollars(units: int) -> str:
    return terms.dumps(ledgers.dollars(units))


# -- automatic top up

_TOPUP = Box(
    (
        ("Current Balance", 15),
        ("Notify threshold", 16),
        ("Top up threshold", 16),
        ("Top up Amount", 13),
        ("Auto top up in 24 hours", 23),
    )
)


def topup_table(found: Status) -> Iterator[str]:
    """Yield the lines of the table that shows how a top up stands; what has no room becomes asterisks."""
    cells = (
        0 if found.balance is None else ledgers.dollars(found.balance),
        UNDEFINED if found.notify_below is None else found.notify_below,
        ledgers.dollars(found.topup.threshold),
        ledgers.dollars(found.topup.amount),
        found.is_due,
    )
    widths = (width for _, width in _TOPUP.columns)
    fitting = (
        text if len(text) <= width else "*" * width for text, width in zip(map(terms.dumps, cells), widths, strict=True)
    )
    return _TOPUP.drawn([list(fitting)])


# -- rates

_RATE = (45, 6, 9, 9, 9, 9, 15, 15, 15)
_OF_RATES = (
    "RATE NAME",
    "COST",
    "INCREMENT",
    "MINIMUM",
    "SURCHARGE",
    "WEIGHT",
    "PREFIX",
    "RATEDECK NAME",
    "VERSION",
)


def rates(title: str, found: Iterable[Document], *, first_wins: bool = False) -> Iterator[str]:
    """Yield the lines of a table of rates below TITLE."""
    yield title
    yield f" {right(_OF_RATES, _RATE)}"
    for place, rate in enumerate(found):
        yield _rate(rate, wins=first_wins and place == 0)


def _rate(rate: Document, *, wins: bool) -> str:
    name = rate.get("rate_name") or (None if not wins else "")
    cells = (
        f"* {name}" if wins else name,
        ratedecks.number(rate, "rate_cost", to_float),
        ratedecks.number(rate, "rate_increment", to_integer),
        ratedecks.number(rate, "rate_minimum", to_integer),
        ratedecks.number(rate, "rate_surcharge", to_float),
        ratedecks.number(rate, "weight", to_integer),
        ratedecks.number(rate, "prefix", to_integer),
        rate.get("ratedeck_id") or "",
        rate.get("rate_version") or "",
    )
    return f" {right(map(_text, cells), _RATE)}"


def _text(found: object) -> str:
    if found is None:
        return UNDEFINED
    return found if isinstance(found, str) else terms.json_encode(found)
