"""What accounts may use and spend, and the calls that they pay for.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.billing import limits
from kazoo_sup.kazoo.bus.collect import Reach
from kazoo_sup.kazoo.ecallmgr import authorized_calls
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Live
from kazoo_sup.texts import billing
from kazoo_sup.texts.ecallmgr import authorized_call_lines, authorized_call_table
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def flush(zone: Zone) -> Done:
    """Make every node forget the limits of all accounts."""
    changes.forget(zone, *accounts.databases(zone))
    return Done()


@command
def authz_summary(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Answer:
    """Count the calls that ACCOUNT pays for, or each account that pays for one."""
    found, errors = authorized_calls.authorized(Reach([zone], wait))
    payers = authorized_calls.payers(found) if account is None else [account]
    lines = authorized_call_table(found, payers) if payers else ["no channels found"]
    return Answer(NO_RETURN, found, list(lines), BulkReport(errors=errors))


@command
def authz_details(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Answer:
    """Show each call that ACCOUNT pays for. Rates and costs are known to jonny5 alone."""
    found, errors = authorized_calls.authorized(Reach([zone], wait))
    return Answer(NO_RETURN, lines=list(authorized_call_lines(found, account)), report=BulkReport(errors=errors))


@command
def limits_summary(zone: Zone, account: AccountId | None = None) -> Live:
    """Show the limits of ACCOUNT, or of every account, in a table."""
    return Live(_limits(zone, account), billing.limits_table, NO_RETURN)


@command
def limits_details(zone: Zone, account: AccountId) -> Answer:
    """Show all limits of ACCOUNT, and what it has."""
    found = limits.read(zone, account)
    return Answer(NO_RETURN, asdict(found), list(billing.limits_details(found)))


def _limits(zone: Zone, account: str | None) -> Iterator[limits.Limits]:
    everybody = accounts.ids(zone)
    for each in everybody if account is None else [account]:
        yield limits.read(zone, each)


ON_NODE = (
    OnNode(
        "flush_channels",
        "",
        "Make the node forget which channels it has authorized.",
        only_there("forget which channels it has authorized", app="jonny5"),
        "changes",
    ),
)
"""What only a running node can do."""
