"""Agents of call centres (ACDc): their statuses, and restarting their processes.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus.collect import Reach
from kazoo_sup.kazoo.ecallmgr import acdc
from kazoo_sup.results import Answer, BulkReport, Done, Result
from kazoo_sup.texts.ecallmgr import agent_table, agent_tables
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def acct_restart(zone: Zone, account: AccountId) -> Done:
    """Restart the processes of all agents of ACCOUNT, on every node."""
    acdc.act(zone, "restart", account, acdc.agents(zone, account))
    return Done()


@command
def agent_restart(zone: Zone, account: AccountId, agent_id: str) -> Done:
    """Restart the process of the agent AGENT_ID of ACCOUNT, on every node."""
    acdc.act(zone, "restart", account, [agent_id])
    return Done()


@command
def status(zone: Zone, *, wait: int = _WAIT) -> Answer:
    """List the last status of each agent of every account that has queues."""
    found, errors = acdc.all_statuses(Reach([zone], wait), acdc.activated(zone))
    return Answer(lines=[acdc.TITLE, *agent_tables(found)], data=found, report=BulkReport(errors=errors))


@command
def acct_status(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Result:
    """List the last status of each agent of ACCOUNT."""
    return _statuses(zone, account, None, wait)


@command
def agent_status(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Result:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    return _statuses(zone, account, agent_id, wait)


def _statuses(zone: Zone, account: str, agent: str | None, wait: int) -> Result:
    found, errors = acdc.statuses(Reach([zone], wait), account, agent)
    return Answer(lines=agent_table(account, found), data=found, report=BulkReport(errors=errors))
