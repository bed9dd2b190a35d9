"""Call centres (ACDc): agents log in, out and pause, their statuses and calls, and the accounts that have queues.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from kazoo_sup.command import Reads, command
from kazoo_sup.kazoo import bus, system_config, view_registrations
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.calls import acdc
from kazoo_sup.kazoo.collecting import Reach
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.values import to_integer
from kazoo_sup.names import account_database, plain
from kazoo_sup.outcome import OK, Outcome, text, value, worked
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS
_PAUSE = "default_agent_pause_timeout"
_PAUSE_SECONDS = 600


def _read_limit(word: str, _zone: Any) -> int | str:
    if word == "infinity":
        return word
    seconds = to_integer(word)
    if seconds < 0:
        raise ValueError(f"{word!r} is below 0")
    return seconds


TimeLimit = Annotated[Any, Reads(_read_limit)]
"""A number of seconds, or `infinity`."""


@command
def agent_login(zone: Zone, account: AccountId, agent_id: str) -> Outcome:
    """Log the agent AGENT_ID (a user of ACCOUNT) in."""
    return _act(zone, "login", account, agent_id)


@command
def agent_logout(zone: Zone, account: AccountId, agent_id: str) -> Outcome:
    """Log the agent AGENT_ID of ACCOUNT out."""
    return _act(zone, "logout", account, agent_id)


@command
def agent_pause(zone: Zone, account: AccountId, agent_id: str, timeout: TimeLimit = None) -> Outcome:
    """Give the agent AGENT_ID of ACCOUNT no calls for TIMEOUT seconds, `infinity`, or as long as is configured."""
    if timeout is None:
        timeout = system_config.get(zone, acdc.APP, _PAUSE, _PAUSE_SECONDS)
    return _act(zone, "pause", account, agent_id, {"Time-Limit": timeout})


@command
def agent_resume(zone: Zone, account: AccountId, agent_id: str) -> Outcome:
    """End the pause of the agent AGENT_ID of ACCOUNT."""
    return _act(zone, "resume", account, agent_id)


@command
def agent_queue_login(zone: Zone, account: AccountId, agent_id: str, queue_id: str) -> Outcome:
    """Log the agent AGENT_ID of ACCOUNT in to the queue QUEUE_ID."""
    return _act(zone, "login_queue", account, agent_id, {"Queue-ID": queue_id})


@command
def agent_queue_logout(zone: Zone, account: AccountId, agent_id: str, queue_id: str) -> Outcome:
    """Log the agent AGENT_ID of ACCOUNT out of the queue QUEUE_ID."""
    return _act(zone, "logout_queue", account, agent_id, {"Queue-ID": queue_id})


@command
def logout_agent(zone: Zone, account: AccountId, agent_id: str) -> Outcome:
    """Log the agent AGENT_ID of ACCOUNT out, and print so."""
    _act(zone, "logout", account, agent_id)
    return text(_notice(account, agent_id))


@command
def logout_agents(zone: Zone, account: AccountId) -> Outcome:
    """Log all agents of ACCOUNT out."""
    found = acdc.agents(zone, account)
    acdc.act(zone, "logout", account, found)
    return text([f"Sending notices to logout agents for {account}", *(_notice(account, each) for each in found)])


@command
def current_calls(zone: Zone, account: AccountId, queue_id: str | None = None, *, wait: int = _WAIT) -> Outcome:
    """Print the calls of the queues of ACCOUNT, or of the queue QUEUE_ID: waiting, handled, processed, abandoned."""
    asked = acdc.calls(Reach([zone], wait), account, queue_id)
    answers = list(asked)
    where = f"for account {account} (queue {queue_id or 'all'})"
    if not answers:
        return text(f"no call stats returned {where}", data=answers, errors=asked.errors)
    return text([f"call stats {where}", *acdc.call_lines(answers)], data=answers, errors=asked.errors)


@command
def current_statuses(zone: Zone, account: AccountId, *, wait: int = _WAIT) -> Outcome:
    """List the last status of each agent of ACCOUNT, and since when it is so."""
    found, errors = acdc.statuses(Reach([zone], wait), account)
    lines = acdc.status_table(account, found) if found else [f"No agent statuses found for {account}"]
    return text(lines, data=found, errors=errors)


@command
def agents_summary(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Outcome:
    """List the last status of each agent of ACCOUNT, or of every account that has queues."""
    return _agents(zone, account, wait, [])


@command
def agents_detail(zone: Zone, account: AccountId | None = None, *, wait: int = _WAIT) -> Outcome:
    """List the last status of each agent of ACCOUNT, or of every account that has queues."""
    return _agents(zone, account, wait, [] if account else [acdc.TITLE])


@command
def agent_summary(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Outcome:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    return agent_detail(zone, account, agent_id, wait=wait)


@command
def agent_detail(zone: Zone, account: AccountId, agent_id: str, *, wait: int = _WAIT) -> Outcome:
    """Show the last status of the agent AGENT_ID of ACCOUNT."""
    found, errors = acdc.statuses(Reach([zone], wait), account, agent_id)
    return text(acdc.status_table(account, found), data=found, errors=errors)


@command
def flush_call_stat(zone: Zone, call_id: str, *, wait: int = _WAIT) -> Outcome:
    """Count the call CALL_ID, which some queue still holds, as abandoned."""
    known, errors = acdc.abandon(Reach([zone], wait), call_id)
    line = "setting call to 'abandoned'" if known else f"nothing found for call {call_id}"
    return text(line, errors=errors)


@command
def migrate(zone: Zone) -> Outcome:
    """Switch acdc on for every account that has queues, and forget those that are gone."""
    return worked(zone.run, acdc.migrate(zone))


@command
def migrate_to_acdc_db(zone: Zone) -> Outcome:
    """Switch acdc on for every account that has queues, and forget those that are gone."""
    return migrate(zone)


@command
def refresh(zone: Zone) -> Outcome:
    """Make this month's database of every account that has queues, with its views."""
    for account in acdc.activated(zone):
        acdc.refresh(zone, account)
    return value(OK)


@command
def refresh_account(zone: Zone, account: AccountId) -> Outcome:
    """Make this month's database of ACCOUNT, with its views."""
    acdc.refresh(zone, account)
    return value(OK)


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of an installed acdc."""
    return Outcome(counts=view_registrations.register(zone, acdc.APP))


@command
def current_agents(account: str) -> Outcome:
    """Refuse to show which agents the queues of ACCOUNT hold."""
    raise refused(f"show which agents the queues of {account} hold", app=acdc.APP)


@command
def current_queues(account: str) -> Outcome:
    """Refuse to show which queues the agents of ACCOUNT are in."""
    raise refused(f"show which queues the agents of {account} are logged in to", app=acdc.APP)


@command
def agent_presence_id(account: str, agent_id: str) -> Outcome:
    """Refuse to show the presence id of the agent AGENT_ID of ACCOUNT."""
    raise refused(f"show which presence id the agent {agent_id} of {account} uses", app=acdc.APP)


@command
def queues_summary(account: str | None = None) -> Outcome:
    """Refuse to show the processes of the queues, of ACCOUNT or all."""
    raise _processes("queues" if account is None else f"queues of {account}")


@command
def queue_summary(account: str, queue_id: str) -> Outcome:
    """Refuse to show the process of the queue QUEUE_ID of ACCOUNT."""
    raise _processes(f"queue {queue_id} of {account}")


@command
def queues_detail(account: str | None = None) -> Outcome:
    """Refuse to show the processes of the queues, of ACCOUNT or all."""
    raise _processes("queues" if account is None else f"queues of {account}")


@command
def queue_detail(account: str, queue_id: str) -> Outcome:
    """Refuse to show the process of the queue QUEUE_ID of ACCOUNT."""
    raise _processes(f"queue {queue_id} of {account}")


@command
def queues_restart(account: str) -> Outcome:
    """Refuse to restart the processes of the queues of ACCOUNT."""
    raise refused(f"restart the processes of the queues of {account}", app=acdc.APP)


@command
def queue_restart(account: str, queue_id: str) -> Outcome:
    """Refuse to restart the process of the queue QUEUE_ID of ACCOUNT."""
    raise refused(f"restart the process of the queue {queue_id} of {account}", app=acdc.APP)


@command
def start_queue_diagnostics(account: str, queue_id: str) -> Outcome:
    """Refuse to watch the strategy of the queue QUEUE_ID of ACCOUNT."""
    raise refused(f"watch the strategy of the queue {queue_id} of {account}", "its own console does", app=acdc.APP)


@command
def stop_queue_diagnostics(pid: str) -> Outcome:
    """Refuse to stop the process PID that watches a queue."""
    raise refused(f"stop its process {pid}", "its own console does", app=acdc.APP)


def _act(zone: Zone, action: str, account: str, agent: str, headers: Mapping[str, Any] | None = None) -> Outcome:
    if zone.couchdb.get(plain(account_database(account)), agent) is None:
        zone.run.warn(f"the account {account} has no user {agent}")
    acdc.act(zone, action, account, [agent], headers)
    return value(OK)


def _agents(zone: Zone, account: str | None, wait: int, title: list[str]) -> Outcome:
    found, errors = acdc.all_statuses(Reach([zone], wait), acdc.activated(zone) if account is None else [account])
    return text([*title, *acdc.status_tables(found)], data=found, errors=errors)


def _notice(account: str, agent: str) -> str:
    return f"Sending notice to log out agent {agent} ({account})"


def _processes(of: str) -> Exception:
    return refused(f"show the processes of the {of}", app=acdc.APP)
