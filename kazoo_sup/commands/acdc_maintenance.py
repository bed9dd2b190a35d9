"""Call centres (ACDc): agents log in, out and pause, their statuses and calls, and the accounts that have queues.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from typing import Annotated

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.arguments.reads import Reads
from kazoo_sup.command import command
from kazoo_sup.errors import worst
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus.collect import Reach
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.documents.shapes import INTEGER
from kazoo_sup.kazoo.documents.values import to_integer
from kazoo_sup.kazoo.ecallmgr import acdc
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import Answer, BulkReport, Done, Live, Result
from kazoo_sup.texts import acdc as texts_of_acdc
from kazoo_sup.texts.ecallmgr import agent_table, agent_tables, call_statistics
from kazoo_sup.types import Fields
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS
_PAUSE = "default_agent_pause_timeout"
_PAUSE_SECONDS = 600


def _read_limit(word: str, _zone: object) -> int | str:
    if word == "infinity":
        return word
    seconds = to_integer(word)
    if seconds < 0:
        raise ValueError(f"{word!r} is below 0")
    return seconds


TimeLimit = Annotated[int | str, Reads(_read_limit)]
"""A number of seconds, or `infinity`."""


@command
def agent_login(zone: Zone, account: AccountId, agent_id: str) -> Result:
    """Log the agent AGENT_ID (a user of ACCOUNT) in."""
    return _act(zone, "login", account, agent_id)


@command
def agent_logout(zone: Zone, account: AccountId, agent_id: str) -> Result:
    """Log the agent AGENT_ID of ACCOUNT out."""
    return _act(zone, "logout", account, agent_id)


@command
def agent_pause(zone: Zone, account: AccountId, agent_id: str, timeout: TimeLimit | None = None) -> Result:
    """Give the agent AGENT_ID of ACCOUNT no calls for TIMEOUT seconds, `infinity`, or as long as is configured."""
    if timeout is None:
        timeout = system_config.read(zone, acdc.APP, _PAUSE, _PAUSE_SECONDS, INTEGER)
    return _act(zone, "pause", account, agent_id, {"Time-Limit": timeout})


@command
def agent_resume(zone: Zone, account: AccountId, agent_id: str) -> Result:
    """End the pause of the agent AGENT_ID of ACCOUNT."""
    return _act(zone, "resume", account, agent_id)


@command
def agent_queue_login(zone: Zone, account: AccountId, agent_id: str, queue_id: str) -> Result:
    """Log the agent AGENT_ID of ACCOUNT in to the queue QUEUE_ID."""
    return _act(zone, "login_queue", account, agent_id, {"Queue-ID": queue_id})


@command
def agent_queue_logout(zone: Zone, account: AccountId, agent_id: str, queue_id: str) -> Result:
    """Log the agent AGENT_ID of ACCOUNT out of the queue QUEUE_ID."""
    return _act(zone, "logout_queue", account, agent_id, {"Queue-ID": queue_id})


@command
def logout_agent(zone: Zone, account: AccountId, agent_id: str) -> Result:
    """Log the agent AGENT_ID of ACCOUNT out, and print so."""
    _act(zone, "logout", account, agent_id)
    return Done(lines=[_notice(account, agent_id)])


@command
def logout_agents(zone: Zone, account: AccountId) -> Done:
    """Log all agents of ACCOUNT out."""
    found = acdc.agents(zone, account)
    acdc.act(zone, "logout", account, found)
    return Done(lines=[f"Sending notices to logout agents for {account}", *(_notice(account, each) for each in found)])


@command
def current_calls(zone: Zone, account: AccountId, queue_id: str | None = None, *, wait: int = _WAIT) -> Answer:
    """Print the calls of the queues of ACCOUNT, or of the queue QUEUE_ID: waiting, handled, processed, abandoned."""
    asked = acdc.calls(Reach([zone], wait), account, queue_id)
    answers = list(asked)
    where = f"for account {account} (queue {queue_id or 'all'})"
    if not answers:
        return Answer(lines=[f"no call stats returned {where}"], data=answers, report=BulkReport(errors=asked.errors))
    return Answer(
        lines=[f"call stats {where}", *call_statistics(answers)], data=answers, report=BulkReport(errors=asked.errors)
    )


@command
def current_statuses(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Result:
    """List the last status of each agent of ACCOUNT, and since when it is so."""
    found, errors = acdc.statuses(Reach([zone], wait), account)
    if errors and not found:
        raise worst(errors)
    lines = agent_table(account, found) if found else [f"No agent statuses found for {account}"]
    return Answer(lines=lines, data=found, report=BulkReport(errors=errors))


@command
def agents_summary(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Result:
    """List the last status of each agent of ACCOUNT, or of every account that has queues."""
    return _agents(zone, account, wait, [])


@command
def agents_detail(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Result:
    """List the last status of each agent of ACCOUNT, or of every account that has queues."""
    return _agents(zone, account, wait, [] if account else [acdc.TITLE])


@command
def agent_summary(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Result:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    return agent_detail(zone, account, agent_id, wait=wait)


@command
def agent_detail(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Result:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    found, errors = acdc.statuses(Reach([zone], wait), account, agent_id)
    return Answer(lines=agent_table(account, found), data=found, report=BulkReport(errors=errors))


@command
def flush_call_stat(zone: Zone, call_id: str, *, wait: int = _WAIT) -> Result:
    """Count the call CALL_ID, which some queue still holds, as abandoned."""
    known, errors = acdc.abandon(Reach([zone], wait), call_id)
    line = "setting call to 'abandoned'" if known else f"nothing found for call {call_id}"
    return Done(lines=[line], report=BulkReport(errors=errors))


@command
def migrate(zone: Zone) -> Live:
    """Switch acdc on for every account that has queues, and forget those that are gone."""
    return Live(acdc.migrate(zone), texts_of_acdc.lines)


@command
def migrate_to_acdc_db(zone: Zone) -> Result:
    """Switch acdc on for every account that has queues, and forget those that are gone."""
    return migrate(zone)


@command
def refresh(zone: Zone) -> Done:
    """Make this month's database of every account that has queues, with its views."""
    for account in acdc.activated(zone):
        acdc.refresh(zone, account)
    return Done()


@command
def refresh_account(zone: Zone, account: AccountId) -> Done:
    """Make this month's database of ACCOUNT, with its views."""
    acdc.refresh(zone, account)
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the views of an installed acdc."""
    return Done(report=BulkReport(view_registrations.register(zone, acdc.APP)))


def _act(zone: Zone, action: str, account: str, agent: str, headers: Fields | None = None) -> Done:
    if zone.couchdb.get(plain(account_database(account)), agent) is None:
        zone.run.warn(f"the account {account} has no user {agent}")
    acdc.act(zone, action, account, [agent], headers)
    return Done()


def _agents(zone: Zone, account: str | None, wait: int, title: list[str]) -> Answer:
    found, errors = acdc.all_statuses(Reach([zone], wait), acdc.activated(zone) if account is None else [account])
    if errors and not any(found.values()):
        raise worst(errors)
    return Answer(lines=[*title, *agent_tables(found)], data=found, report=BulkReport(errors=errors))


def _notice(account: str, agent: str) -> str:
    return f"Sending notice to log out agent {agent} ({account})"


_PROCESSES = only_there("show the processes of its queues", app=acdc.APP)
_PROCESS = only_there("show the process of the queue {queue_id} of {account}", app=acdc.APP)

ON_NODE = (
    OnNode(
        "current_agents",
        "ACCOUNT",
        "Show which agents the queues of ACCOUNT hold.",
        only_there("show which agents the queues of {account} hold", app=acdc.APP),
    ),
    OnNode(
        "current_queues",
        "ACCOUNT",
        "Show which queues the agents of ACCOUNT are logged in to.",
        only_there("show which queues the agents of {account} are logged in to", app=acdc.APP),
    ),
    OnNode(
        "agent_presence_id",
        "ACCOUNT AGENT_ID",
        "Show the presence id of the agent AGENT_ID of ACCOUNT.",
        only_there("show which presence id the agent {agent_id} of {account} uses", app=acdc.APP),
    ),
    OnNode("queues_summary", "[ACCOUNT]", "Show the processes of the queues, of ACCOUNT or all.", _PROCESSES),
    OnNode("queue_summary", "ACCOUNT QUEUE_ID", "Show the process of the queue QUEUE_ID of ACCOUNT.", _PROCESS),
    OnNode("queues_detail", "[ACCOUNT]", "Show all of the processes of the queues, of ACCOUNT or all.", _PROCESSES),
    OnNode("queue_detail", "ACCOUNT QUEUE_ID", "Show all of the process of the queue QUEUE_ID of ACCOUNT.", _PROCESS),
    OnNode(
        "queues_restart",
        "ACCOUNT",
        "Restart the processes of the queues of ACCOUNT.",
        only_there("restart the processes of the queues of {account}", app=acdc.APP),
        "disrupts",
    ),
    OnNode(
        "queue_restart",
        "ACCOUNT QUEUE_ID",
        "Restart the process of the queue QUEUE_ID of ACCOUNT.",
        only_there("restart the process of the queue {queue_id} of {account}", app=acdc.APP),
        "disrupts",
    ),
    OnNode(
        "start_queue_diagnostics",
        "ACCOUNT QUEUE_ID",
        "Watch the strategy of the queue QUEUE_ID of ACCOUNT; what it tells is shown until Ctrl-C.",
        only_there("watch the strategy of the queue {queue_id} of {account}", "its own console does", app=acdc.APP),
        "changes",
        stays=True,
    ),
    OnNode(
        "stop_queue_diagnostics",
        "PID",
        "Stop the process PID that watches a queue.",
        only_there("stop its process {pid}", "its own console does", app=acdc.APP),
        "changes",
    ),
)
"""What only a running node can do."""
