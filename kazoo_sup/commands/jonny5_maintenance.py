"""What accounts may use and spend, and the calls that they pay for.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from collections.abc import Iterator

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.billing import limits
from kazoo_sup.kazoo.calls import authorized_calls
from kazoo_sup.kazoo.collecting import Reach
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.names import account_id
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget the limits of all accounts."""
    changes.forget(zone, *accounts.databases(zone))
    return value(OK)


@command
def flush_channels() -> Outcome:
    """Refuse to make a node forget which channels it has authorized."""
    raise refused("forget which channels it has authorized", app="jonny5")


@command
def authz_summary(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Outcome:
    """Count the calls that ACCOUNT pays for, or each account that pays for one."""
    found, errors = authorized_calls.authorized(Reach([zone], wait))
    payers = authorized_calls.payers(found) if account is None else [account]
    lines = authorized_calls.table(found, payers) if payers else ["no channels found"]
    return text(lines, result=NO_RETURN, data=found, errors=errors)


@command
def authz_details(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Outcome:
    """Show each call that ACCOUNT pays for. Rates and costs are known to jonny5 alone."""
    found, errors = authorized_calls.authorized(Reach([zone], wait))
    return text(authorized_calls.details(found, account), result=NO_RETURN, errors=errors)


@command
def limits_summary(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Show the limits of ACCOUNT, or of every account, in a table."""
    return text(_table(zone, account), result=NO_RETURN)


@command
def limits_details(zone: Zone, account: AccountId) -> Outcome:
    """Show all limits of ACCOUNT, and what it has."""
    return text(limits.details(zone, limits.read(zone, account)), result=NO_RETURN)


def _table(zone: Zone, account: str | None) -> Iterator[str]:
    yield from limits.header()
    everybody = (str(account_id(database)) for database in accounts.databases(zone))
    for each in everybody if account is None else [account]:
        yield from limits.rows(zone, limits.read(zone, each))
