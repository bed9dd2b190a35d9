"""Carrying balances from month to month: shown, compared with the month before, made and put right.

Source: Kazoo kazoo_ledgers_maintenance. Better than there: every month of which there is a database is looked at, where
Kazoo stops at the first gap; and the rollover into an account's oldest month stays where the account is older than that
month, where Kazoo sets it to 0 and the customer's money is gone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import accounts, every_account, months, views
from kazoo_sup.kazoo.billing import ledgers
from kazoo_sup.kazoo.billing.ledgers import NoBalance
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH
from kazoo_sup.kazoo.every_account import Done, Work
from kazoo_sup.names import account_id, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from kazoo_sup.zone import Zone


class NoMonth(SupError):
    """account {account} has no database for {month}"""


# -- all accounts


def current(zone: Zone, start: str | None) -> Iterator[str]:
    """Yield a line on this month's rollover of each account, from that of account START on."""
    work = Work(zone, every_account.accounts(zone, start), _current, label="reading rollovers")
    for done in work:
        if done.found is not None:
            yield f"[{done.left - 1}] {done.found}"
    work.end()


def verify_everywhere(zone: Zone, *, every_month: bool, start: str | None) -> Iterator[str]:
    """Compare the rollovers of every account with the balance before, of each month or of this one."""

    def step(part: Zone, database: str) -> list[str]:
        account = _account(database)
        return list(verified(part, account) if every_month else verified_month(part, account, months.this_month()))

    return _everywhere(zone, "verify rollover accounts", step, start)


def roll_over_everywhere(zone: Zone, start: str | None) -> Iterator[str]:
    """Make this month's rollover of every account that has none."""
    return _everywhere(zone, "rollover accounts", lambda part, database: [rolled_over(part, _account(database))], start)


def _everywhere(zone: Zone, title: str, step: Callable[[Zone, str], list[str]], start: str | None) -> Iterator[str]:
    work = Work(zone, every_account.accounts(zone, start, backwards=True), step, label=title)

    def head(done: Done[list[str]]) -> str:
        return f"{title} ({done.total - done.left + 1}/{done.total}) '{done.database}'"

    return every_account.numbered(work, head)


# -- one account


def _current(zone: Zone, database: str) -> str:
    account, month = _account(database), months.this_month()
    rollover = ledgers.read_rollover(zone, account, month)
    if rollover is None:
        return f"account {account} has no rollover for {months.shown(month)}"
    balance = f"for {months.shown(month)} with balance {ledgers.units(rollover)}"
    return f"account {account} has rollover (created {_shown(rollover.get('pvt_created'))}) {balance}"


def verified(zone: Zone, account: str) -> Iterator[str]:
    """Compare every rollover of an account (an id) with the balance of the month before; yield what Kazoo prints."""
    for month in months.existing(zone, account):
        yield from verified_month(zone, account, month)


def verified_month(zone: Zone, account: str, month: str) -> Iterator[str]:
    """Compare one rollover with the balance of the month before."""
    rollover = ledgers.read_rollover(zone, account, month)
    said = f"    account {account} {months.shown(month)}"
    if rollover is None:
        yield f"{said} has no rollover"
        return
    before = months.before(month)
    try:
        balance = ledgers.balance(zone, account, before)
    except NoBalance as reason:
        yield f"{said} : error getting balance for {months.shown(before)}: {reason}"
        return
    carried = ledgers.amount(rollover)
    if carried == balance:
        yield f"{said} rollover confirmed"
    else:
        yield f"{said} rollover balance is {carried} but previous month balance was {balance}"


def rolled_over(zone: Zone, account: str) -> str:
    """Make this month's rollover of an account (an id) unless it is there; return what Kazoo prints.

    The month's database is made, too, where it is missing and the account is not deleted.
    """
    month = months.this_month()
    if ledgers.read_rollover(zone, account, month) is None:
        _ensure_month(zone, account, month)
        _make(zone, account, month, ledgers.carried_into(zone, account, month))
    return f"account {account} rolled up"


def fixed(zone: Zone, account: str) -> Iterator[str]:
    """Put right every rollover of an account (an id), the oldest first; yield what Kazoo prints.

    The first month of an account begins with nothing; the oldest month of one that is older stays as it is.
    """
    found = months.existing(zone, account)
    if not found:
        return
    shift = yield from _first_fixed(zone, account, found[0])
    for month in found[1:]:
        shift = yield from _fixed(zone, account, month, shift)


def fixed_month(zone: Zone, account: str, month: str) -> Iterator[str]:
    """Put right the rollover into one month; raises NoMonth where there is no database for it."""
    if not zone.couchdb.exists(plain(months.database(account, month))):
        raise NoMonth(account=account, month=months.shown(month))
    yield from _fixed(zone, account, month, 0)


def _first_fixed(zone: Zone, account: str, month: str) -> Generator[str, None, int]:
    created = months.of_time((accounts.definition(zone, account) or {}).get("pvt_created"))
    if created is not None and created >= month:
        return (yield from _replaced(zone, account, month, 0))
    zone.run.warn(
        f"account {account} is older than its oldest month {months.shown(month)}, whose rollover stays as it is"
    )
    return 0


def _fixed(zone: Zone, account: str, month: str, shift: int) -> Generator[str, None, int]:
    """Put right the rollover into a month; SHIFT is by how much the balance before it will be another.

    Returns the same for the next month: a dry run has saved nothing that would show it.
    """
    before = months.before(month)
    try:
        carried = ledgers.balance(zone, account, before) + shift
    except NoBalance as reason:
        yield f"account {account} : error getting balance for {months.shown(before)}: {reason}"
        return 0
    return (yield from _replaced(zone, account, month, carried))


def _replaced(zone: Zone, account: str, month: str, carried: int) -> Generator[str, None, int]:
    stored = ledgers.read_rollover(zone, account, month)
    said = f"account {account} {months.shown(month)}"
    if stored is None:
        yield f"{said} rollover missing, creating for {carried} units"
        shift = carried - ledgers.carried_into(zone, account, month) if zone.run.dry_run else 0
        _make(zone, account, month, carried)
        return shift
    shift = carried - ledgers.amount(stored)
    if shift:
        yield f"{said} incorrect, updating with {carried} units"
        corrected = partial(ledgers.corrected, carried=carried, available=_available(zone, account))
        edit = changes.edit(months.database(account, month), stored, corrected)
        changes.apply(zone, [edit]).check()
    return shift if zone.run.dry_run else 0


def _make(zone: Zone, account: str, month: str, carried: int) -> None:
    name = str((accounts.definition(zone, account) or {}).get("name", ""))
    document = ledgers.new_rollover(account, name, month, carried)
    edit = Change(months.database(account, month), document, None, lambda found: found or document)
    changes.apply(zone, [edit]).check()


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


def _shown(seconds: Any) -> str:
    """Return a time in Gregorian seconds as Kazoo prints it."""
    if months.of_time(seconds) is None:
        return UNDEFINED
    made = datetime.fromtimestamp(seconds - GREGORIAN_EPOCH, tz=UTC)
    return f"{made.year}/{made.month}/{made.day} {made.hour}:{made.minute}:{made.second}"
