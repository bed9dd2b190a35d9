"""Automatic top up: when an account's balance falls below its threshold, its bookkeeper is to charge an amount.

Source: Kazoo kz_services_topup:get_topup/1, should_topup/1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import ledgers
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.kazoo.documents.values import is_true, to_float

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

CATEGORY = "topup"
KEY = "enable"
DAY = 86_400


class NoTopup(LookupError):
    """There is no automatic top up; the argument is Kazoo's word for why."""


class Topup(NamedTuple):
    """What is charged, and below which balance, in units."""

    amount: int
    threshold: int


def is_enabled(zone: Zone) -> bool:
    """Return whether top up is enabled for the cluster."""
    return is_true(system_config.get(zone, CATEGORY, KEY, default=False))


def of_account(zone: Zone, definition: Document) -> Topup:
    """Return the top up of the account with this definition. Raises NoTopup."""
    if not is_enabled(zone):
        raise NoTopup("topup_disabled")
    amount, threshold = (_number(definition, ["topup", key]) for key in ("amount", "threshold"))
    if amount is None:
        raise NoTopup("amount_undefined")
    if threshold is None:
        raise NoTopup("threshold_undefined")
    if amount <= 0 or threshold <= 0:
        raise NoTopup("amount_and_threshold_undefined")
    return Topup(ledgers.from_dollars(amount), ledgers.from_dollars(threshold))


class Status(NamedTuple):
    """How a top up stands: balance (None where it is not known) and limits in units, and whether it is due."""

    balance: int | None
    notify_below: float | None
    """Below so many dollars the account is told."""
    topup: Topup
    is_due: bool


def status(zone: Zone, account: str) -> Status:
    """Return how an account's (an id's) top up stands. Raises NoTopup."""
    definition = accounts.definition(zone, account)
    if definition is None:
        raise NoTopup("not_found")
    topup = of_account(zone, definition)
    try:
        available: int | None = ledgers.balance(zone, account, months.this_month())
    except ledgers.NoBalance:
        available = None
    notify = _number(definition, ["notifications", "low_balance", "threshold"])
    due = available is not None and available < topup.threshold and not _had_today(zone, account)
    return Status(available, notify, topup, due)


def _had_today(zone: Zone, account: str) -> bool:
    since = now() - DAY
    found = [*ledgers.transactions(zone, account, since), *ledgers.entries(zone, account, "payments", since)]
    return any(
        value_at(each, ["executor", "module"]) == "kz_services_topup"
        and value_at(each, ["executor", "trigger"]) == "automatic"
        for each in found
    )


def _number(document: Document, path: list[str]) -> float | None:
    try:
        return to_float(value_at(document, path))
    except ValueError:
        return None
