"""Agents of call centres (ACDc): their statuses, and starting their processes anew.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.calls import acdc
from kazoo_sup.kazoo.collecting import Reach
from kazoo_sup.outcome import OK, Outcome, text, value
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def acct_restart(zone: Zone, account: AccountId) -> Outcome:
    """Start the processes of all agents of ACCOUNT anew, on every node."""
    acdc.act(zone, "restart", account, acdc.agents(zone, account))
    return value(OK)


@command
def agent_restart(zone: Zone, account: AccountId, agent_id: str) -> Outcome:
    """Start the process of the agent AGENT_ID of ACCOUNT anew, on every node."""
    acdc.act(zone, "restart", account, [agent_id])
    return value(OK)


@command
def status(zone: Zone, *, wait: int = _WAIT) -> Outcome:
    """List the last status of each agent of every account that has queues."""
    found, errors = acdc.all_statuses(Reach([zone], wait), acdc.activated(zone))
    return text([acdc.TITLE, *acdc.status_tables(found)], data=found, errors=errors)


@command
def acct_status(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Outcome:
    """List the last status of each agent of ACCOUNT."""
    return _statuses(zone, account, None, wait)


@command
def agent_status(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Outcome:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    return _statuses(zone, account, agent_id, wait)


def _statuses(zone: Zone, account: str, agent: str | None, wait: int) -> Outcome:
    found, errors = acdc.statuses(Reach([zone], wait), account, agent)
    return text(acdc.status_table(account, found), data=found, errors=errors)
