"""Ledgers: the balances that accounts carry from month to month."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.billing import rollovers
from kazoo_sup.kazoo.every_account import Start
from kazoo_sup.outcome import Outcome, worked
from kazoo_sup.zone import Zone

_MONTHS = range(1, 13)
_YEARS = range(2000, 3000)


@command
def current_rollovers(zone: Zone, *, from_: Start = None) -> Outcome:
    """Show what each account carried into this month. --from ACCOUNT begins at that account."""
    return worked(zone.run, rollovers.current(zone, from_))


@command
def verify_rollovers(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Outcome:
    """Compare what accounts carried into this month with their balance before, for ACCOUNT that of every month.

    --from ACCOUNT begins at that account.
    """
    if account is not None:
        return worked(zone.run, rollovers.verified(zone, account))
    return worked(zone.run, rollovers.verify_everywhere(zone, every_month=False, start=from_))


@command
def verify_all_rollovers(zone: Zone, *, from_: Start = None) -> Outcome:
    """Compare what every account carried into each month with its balance before. --from ACCOUNT begins there."""
    return worked(zone.run, rollovers.verify_everywhere(zone, every_month=True, start=from_))


@command
def fix_rollovers(zone: Zone, account: AccountId) -> Outcome:
    """Make what ACCOUNT carried into each month its balance before, the oldest month first.

    The month in which it was created begins with nothing. Where the database of that month is gone, what it carried
    into its oldest month stays as it is; Kazoo sets that to 0.
    """
    return worked(zone.run, rollovers.fixed(zone, account))


@command
def fix_rollover(zone: Zone, account: AccountId, year: int, month: int) -> Outcome:
    """Make what ACCOUNT carried into MONTH of YEAR its balance of the month before."""
    if year not in _YEARS or month not in _MONTHS:
        raise BadArgument(parameter="YEAR MONTH", reason=f"{year}-{month} is no month")
    return worked(zone.run, rollovers.fixed_month(zone, account, f"{year:04}{month:02}"))


@command
def rollover_accounts(zone: Zone, *, from_: Start = None) -> Outcome:
    """Carry the balance of every account into this month, where that is not done. --from ACCOUNT begins there."""
    return worked(zone.run, rollovers.roll_over_everywhere(zone, from_))


@command
def rollover_account(zone: Zone, account: AccountId) -> Outcome:
    """Carry the balance of ACCOUNT into this month, unless that is done."""
    return worked(zone.run, iter([rollovers.rolled_over(zone, account)]))
