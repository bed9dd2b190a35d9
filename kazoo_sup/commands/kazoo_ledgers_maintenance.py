"""Ledgers: the balances that accounts carry from month to month."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId, Start
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.billing import rollovers
from kazoo_sup.results import Done, Live
from kazoo_sup.texts import rollovers as texts
from kazoo_sup.zone import Zone

_MONTHS = range(1, 13)
_YEARS = range(2000, 3000)


@command
def current_rollovers(zone: Zone, *, from_: Start = None) -> Live:
    """Show what each account carried into this month. --from ACCOUNT begins at that account."""
    return Live(rollovers.current(zone, from_), texts.lines)


@command
def verify_rollovers(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Live:
    """Compare what accounts carried into this month with their balance before, for ACCOUNT that of every month.

    --from ACCOUNT begins at that account.
    """
    if account is not None:
        return Live(rollovers.verify(zone, account), texts.lines)
    return Live(rollovers.verify_everywhere(zone, every_month=False, start=from_), texts.verified)


@command
def verify_all_rollovers(zone: Zone, *, from_: Start = None) -> Live:
    """Compare what every account carried into each month with its balance before. --from ACCOUNT begins there."""
    return Live(rollovers.verify_everywhere(zone, every_month=True, start=from_), texts.verified)


@command
def fix_rollovers(zone: Zone, account: AccountId) -> Live:
    """Make what ACCOUNT carried into each month its balance before, the oldest month first.

    The month in which it was created begins with nothing. Where the database of that month is gone, what it carried
    into its oldest month stays as it is; Kazoo sets that to 0.
    """
    return Live(rollovers.fix(zone, account), texts.lines)


@command
def fix_rollover(zone: Zone, account: AccountId, year: int, month: int) -> Live:
    """Make what ACCOUNT carried into MONTH of YEAR its balance of the month before."""
    if year not in _YEARS or month not in _MONTHS:
        raise BadArgument(parameter="YEAR MONTH", reason=f"{year}-{month} is not a month")
    return Live(rollovers.fix_month(zone, account, f"{year:04}{month:02}"), texts.lines)


@command
def rollover_accounts(zone: Zone, *, from_: Start = None) -> Live:
    """Carry the balance of every account into this month, where that is not done. --from ACCOUNT begins there."""
    return Live(rollovers.roll_over_everywhere(zone, from_), texts.rolled_over)


@command
def rollover_account(zone: Zone, account: AccountId) -> Done:
    """Carry the balance of ACCOUNT into this month, unless that is done."""
    return Done(lines=list(texts.lines([rollovers.roll_over(zone, account)])))
