"""Carrying balances from month to month: shown, compared with the month before, made and put right.

Source: Kazoo kazoo_ledgers_maintenance. Better than there: every month of which there is a database is looked at, where
Kazoo stops at the first gap; and the rollover into an account's oldest month stays where the account is older than that
month, where Kazoo sets it to 0 and the customer's money is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import ledgers
from kazoo_sup.kazoo.billing.ledgers import NoBalance
from kazoo_sup.kazoo.databases import every_account, months, views
from kazoo_sup.kazoo.databases.every_account import Work, followed
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.messages.names import account_id, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone


class NoMonth(SupError):
    """account {account} has no database for {month}"""

    account: str
    month: str


@dataclass(frozen=True, slots=True)
class RolloverRead:
    """What an account carried into a month (`202611`), in units; None for both where there is no rollover.

    `created` is in Gregorian seconds. So many accounts are left with this one.
    """

    account: str
    month: str
    left: int
    is_there: bool
    created: Json = None
    balance: Json = None


@dataclass(frozen=True, slots=True)
class RolloverMissing:
    """Nothing was carried into a month."""

    account: str
    month: str


@dataclass(frozen=True, slots=True)
class RolloverCompared:
    """What was carried into a month was compared with the balance before, both in units."""

    account: str
    month: str
    carried: int
    balance: int


@dataclass(frozen=True, slots=True)
class RolloverNotCompared:
    """The balance before a month is not known; `reason` is Kazoo's word for why."""

    account: str
    month: str
    reason: str


@dataclass(frozen=True, slots=True)
class RolledOver:
    """An account has a rollover into this month."""

    account: str


@dataclass(frozen=True, slots=True)
class RolloverMade:
    """A rollover that was missing is made, of so many units."""

    account: str
    month: str
    carried: int


@dataclass(frozen=True, slots=True)
class RolloverCorrected:
    """A rollover is made so many units."""

    account: str
    month: str
    carried: int


@dataclass(frozen=True, slots=True)
class RolloverNotFixed:
    """A rollover stays as it is: the balance before the month is not known."""

    account: str
    month: str
    reason: str


# -- all accounts


def current(zone: Zone, start: str | None) -> Iterator[RolloverRead | BulkReport]:
    """Yield this month's rollover of each account, from that of account START on."""
    work = Work(zone, every_account.accounts(zone, start), _current, label="reading rollovers")
    month = months.this_month()
    for done in work:
        if done.error is not None:
            continue
        account, rollover = _account(done.database), done.found
        if rollover is None:
            yield RolloverRead(account, month, done.left, is_there=False)
        else:
            created, balance = rollover.get("pvt_created"), ledgers.units(rollover)
            yield RolloverRead(account, month, done.left, is_there=True, created=created, balance=balance)
    yield work.report


def verify_everywhere(zone: Zone, *, every_month: bool, start: str | None) -> Iterator[Event]:
    """Compare the rollovers of every account with the balance before, of each month or of this one."""

    def step(part: Zone, database: str) -> list[Event]:
        account = _account(database)
        return list(verify(part, account)) if every_month else [verify_month(part, account, months.this_month())]

    return _everywhere(zone, "verify rollover accounts", step, start)


def roll_over_everywhere(zone: Zone, start: str | None) -> Iterator[Event]:
    """Make this month's rollover of every account that has none."""
    return _everywhere(zone, "rollover accounts", lambda part, database: [roll_over(part, _account(database))], start)


def _everywhere(zone: Zone, label: str, step: Callable[[Zone, str], list[Event]], start: str | None) -> Iterator[Event]:
    return followed(Work(zone, every_account.accounts(zone, start, backwards=True), step, label=label))


# -- one account


def _current(zone: Zone, database: str) -> Document | None:
    return ledgers.read_rollover(zone, _account(database), months.this_month())


def verify(zone: Zone, account: str) -> Iterator[Event]:
    """Compare every rollover of an account (an id) with the balance of the month before."""
    parts = Parts(zone, "months")
    for month in months.existing(zone, account):
        with parts.part(months.database(account, month)):
            yield verify_month(zone, account, month)
    yield parts.report


def verify_month(zone: Zone, account: str, month: str) -> RolloverMissing | RolloverNotCompared | RolloverCompared:
    """Compare one rollover with the balance of the month before."""
    rollover = ledgers.read_rollover(zone, account, month)
    if rollover is None:
        return RolloverMissing(account, month)
    try:
        balance = ledgers.balance(zone, account, months.before(month))
    except NoBalance as reason:
        return RolloverNotCompared(account, month, str(reason))
    return RolloverCompared(account, month, ledgers.amount(rollover), balance)


def roll_over(zone: Zone, account: str) -> RolledOver:
    """Make this month's rollover of an account (an id) unless it is there.

    The month's database is made, too, where it is missing and the account is not deleted.
    """
    month = months.this_month()
    if ledgers.read_rollover(zone, account, month) is None:
        _ensure_month(zone, account, month)
        _make(zone, account, month, ledgers.carried_into(zone, account, month))
    return RolledOver(account)


def fix(zone: Zone, account: str) -> Iterator[Event]:
    """Put right every rollover of an account (an id), the oldest first; yield what becomes another.

    The first month of an account begins with nothing; the oldest month of one that is older stays as it is.
    """
    found = months.existing(zone, account)
    if not found:
        return
    shift = yield from _first_fixed(zone, account, found[0])
    for month in found[1:]:
        shift = yield from _fixed(zone, account, month, shift)


def fix_month(zone: Zone, account: str, month: str) -> Iterator[Event]:
    """Put right the rollover into one month; raises NoMonth where it is missing and there is no database for it."""
    yield from _fixed(zone, account, month, 0)


def _first_fixed(zone: Zone, account: str, month: str) -> Generator[Event, None, int]:
    created = months.of_time((accounts.definition(zone, account) or {}).get("pvt_created"))
    if created is not None and created >= month:
        return (yield from _replaced(zone, account, month, 0))
    zone.run.warn(
        f"account {account} is older than its oldest month {months.shown(month)}, whose rollover stays as it is"
    )
    return 0


def _fixed(zone: Zone, account: str, month: str, shift: int) -> Generator[Event, None, int]:
    """Put right the rollover into a month; SHIFT is by how much the balance before it will be another.

    Returns the same for the next month: a dry run has saved nothing that would show it.
    """
    try:
        carried = ledgers.balance(zone, account, months.before(month)) + shift
    except NoBalance as reason:
        yield RolloverNotFixed(account, month, str(reason))
        return 0
    return (yield from _replaced(zone, account, month, carried))


def _replaced(zone: Zone, account: str, month: str, carried: int) -> Generator[Event, None, int]:
    stored = ledgers.read_rollover(zone, account, month)
    if stored is None:
        if not zone.couchdb.exists(plain(months.database(account, month))):
            raise NoMonth(account=account, month=months.shown(month))
        yield RolloverMade(account, month, carried)
        made = _make(zone, account, month, carried)
        return carried - ledgers.carried_into(zone, account, month) if made.planned else 0
    shift = carried - ledgers.amount(stored)
    if shift:
        yield RolloverCorrected(account, month, carried)
        corrected = partial(ledgers.corrected, carried=carried, available=_available(zone, account))
        made = changes.apply(zone, [changes.edit(months.database(account, month), stored, corrected)])
        made.check()
        return shift if made.planned else 0
    return 0


def _make(zone: Zone, account: str, month: str, carried: int) -> changes.Tally:
    name = str((accounts.definition(zone, account) or {}).get("name", ""))
    document = ledgers.new_rollover(account, name, month, carried)
    made = changes.create(zone, months.database(account, month), document, unless_there=True)
    made.check()
    return made


def _ensure_month(zone: Zone, account: str, month: str) -> None:
    database = months.database(account, month)
    if not zone.couchdb.exists(plain(database)):
        listed = zone.couchdb.get(accounts.DATABASE, account)
        if listed is None or listed.get("pvt_deleted") is True:
            raise NoMonth(account=account, month=months.shown(month))
        views.ensure_database(zone, database)


def _available(zone: Zone, account: str) -> int | None:
    try:
        return ledgers.balance(zone, account, months.this_month())
    except NoBalance:
        return None


def _account(database: str) -> str:
    return str(account_id(plain(database)))
