"""Call centres: agents, their queues and calls, as the acdc nodes know them, and which accounts have them.

Source: Kazoo acdc_maintenance, acdc_agent_util, acdc_stats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change
from kazoo_sup.kazoo import accounts, bus, months, views
from kazoo_sup.kazoo.collecting import Collecting, Reach
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, Document, now, objects, public_fields, stamped
from kazoo_sup.names import account_database, account_id
from kazoo_sup.terms.columns import shown

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.zone import Zone

APP = "acdc"
DATABASE = "acdc"
APPS = (APP,)
CATEGORIES = ("Waiting", "Handled", "Processed", "Abandoned")

TITLE = "ACDc Agents Status"

_ACTIVATION = "acdc_activation"
_REASON = "INTERNAL ERROR"
_WIDTHS = (4, 35, 12, 20)

Status = Mapping[str, Any]
"""What is known of an agent at one time: agent_id, status, timestamp (Gregorian seconds) and more."""


def act(zone: Zone, action: str, account: str, agents: Iterable[str], headers: Mapping[str, Any] | None = None) -> None:
    """Tell the acdc nodes that agents (ids) of an account log in or out, pause, and so on, with more HEADERS."""
    more = headers or {}
    requests = [(f"acdc_agent.{action}", {"Account-ID": account, "Agent-ID": agent, **more}) for agent in agents]
    if requests:
        bus.publish(zone, requests)


def agents(zone: Zone, account: str) -> list[str]:
    """Return the ids of an account's agents: the users who are in queues."""
    return [row["id"] for row in views.rows_if_any(zone, account_database(account), "agents", "crossbar_listing")]


def activated(zone: Zone) -> list[str]:
    """Return the ids of the accounts for which acdc is switched on."""
    return [str(row["key"]) for row in views.rows_if_any(zone, DATABASE, "acdc", "accounts_listing")]


# -- statuses


def statuses(reach: Reach, account: str, agent: str | None = None) -> tuple[list[Status], list[SupError]]:
    """Return the newest status of each agent of an account, or of one, and what went wrong on the way."""
    found, errors = all_statuses(reach, [account], agent)
    return found[account], errors


def all_statuses(
    reach: Reach, of: Sequence[str], agent: str | None = None
) -> tuple[dict[str, list[Status]], list[SupError]]:
    """Return the newest status of each agent by account, all accounts asked for at once.

    The nodes know those of the last hours, the months' databases all before. Where no node answers, only that is read.
    """
    zone = reach.zones[0]
    found = {account: _stored_statuses(zone, account, agent) for account in of}
    requests = [("acdc_stats.status_req", {"Account-ID": account, "Agent-ID": agent}) for account in of]
    asked = Collecting(reach, requests, apps=APPS)
    errors: list[SupError] = []
    try:
        for answer in asked:
            for by_time in objects(answer.get("Agents")):
                for each in objects(by_time):
                    _keep_newer(found[asked.question(answer)["Account-ID"]], each)
    except (bus.NoAnswer, bus.BadAnswer) as error:
        errors.append(error)
    told = {account: [by_agent[name] for name in sorted(by_agent)] for account, by_agent in found.items()}
    return told, [*errors, *asked.errors]


def status_table(account: str, found: Sequence[Status]) -> Iterator[str]:
    """Yield the lines of the table of agents; none where there are no agents."""
    if found:
        yield f"Agent Statuses for {account}"
        yield _line("", "Agent-ID", "Status", "Timestamp")
    for number, each in enumerate(found, 1):
        yield _line(number, each.get("agent_id"), each.get("status"), _time(each.get("timestamp")))


def status_tables(found: Mapping[str, Sequence[Status]]) -> Iterator[str]:
    """Yield the lines of the tables of several accounts."""
    for account, told in found.items():
        yield from status_table(account, told)


def _stored_statuses(zone: Zone, account: str, agent: str | None) -> dict[str, Status]:
    found: dict[str, Status] = {}
    database = months.database(account, months.this_month())
    for row in views.rows_if_any(zone, database, "agent_stats", "most_recent_by_timestamp", include_docs=True):
        status = row.get("doc") or {}
        if agent in (None, status.get("agent_id")):
            _keep_newer(found, status)
    return found


def _keep_newer(found: dict[str, Status], status: Status) -> None:
    agent, time = status.get("agent_id"), status.get("timestamp")
    if isinstance(agent, str) and isinstance(time, int) and time >= found.get(agent, {}).get("timestamp", 0):
        found[agent] = status


# -- calls


def calls(reach: Reach, account: str, queue: str | None = None) -> Collecting:
    """Return what asks the acdc nodes for the calls of an account, or of one of its queues."""
    request = ("acdc_stats.current_calls_req", {"Account-ID": account, "Queue-ID": queue})
    return Collecting(reach, [request], apps=APPS)


def call_lines(answers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what Kazoo prints of the answers (acdc_maintenance:show_call_stats/2)."""
    for answer in answers:
        told = [category for category in CATEGORIES if answer.get(category) is not None]
        for category in told:
            yield f"call stats in {category}"
            for call in objects(answer[category]):
                yield from (f"{key}: {terms.pretty(value)}" for key, value in public_fields(call).items())
        yield from ("", "") * len(told)


def abandon(reach: Reach, call_id: str) -> tuple[bool, list[SupError]]:
    """Have the acdc nodes count a call as abandoned; tell whether one of them knows it, and what went wrong.

    Kazoo looks for it on one node; here the nodes are asked for the calls of each account that has queues.
    """
    zone = reach.zones[0]
    requests = [("acdc_stats.current_calls_req", {"Account-ID": account}) for account in activated(zone)]
    asked = Collecting(reach, requests, apps=APPS)
    known = None
    for answer in asked:
        for category in CATEGORIES:
            known = next((each for each in objects(answer.get(category)) if each.get("Call-ID") == call_id), known)
    if known is None:
        return False, asked.errors
    headers = {"Account-ID": known.get("Account-ID"), "Queue-ID": known.get("Queue-ID"), "Call-ID": call_id}
    told = {**headers, "Abandon-Reason": _REASON, "Abandon-Timestamp": now()}
    bus.publish(zone, [("acdc_stats.call_abandoned", told)])
    return True, asked.errors


# -- which accounts have queues


def migrate(zone: Zone) -> Iterator[str]:
    """Switch acdc on for accounts that have queues, and forget those that are gone; yield what Kazoo prints.

    Source: Kazoo acdc_maintenance:migrate_to_acdc_db/0.
    """
    views.ensure_database(zone, DATABASE)
    for document in zone.couchdb.documents(DATABASE):
        identifier = document["_id"]
        if not identifier.startswith("_design/") and not accounts.exists(zone, identifier):
            changes.apply(zone, [changes.removal(DATABASE, document)]).check()
            yield f"account {terms.pretty(identifier)} not found in accounts, removing from {DATABASE}"
    yield f"removed any missing accounts from {DATABASE}"
    known = set(activated(zone))
    for database in accounts.databases(zone):
        account = str(account_id(database))
        if account in known or not _has_queues(zone, database):
            continue
        yield f"account {account} has queues, adding to acdc db"
        _activate(zone, account)
        yield f"saved account {account} to db"
    yield "migration complete"


def refresh(zone: Zone, account: str) -> None:
    """Make this month's database of an account if it is missing, and bring its views up to date."""
    database = months.database(account, months.this_month())
    views.ensure_database(zone, database)
    views.refresh(zone, database)


def _has_queues(zone: Zone, database: str) -> bool:
    return next(views.rows_if_any(zone, database, "queues", "crossbar_listing"), None) is not None


def _activate(zone: Zone, account: str) -> None:
    def activation(stored: Document | None) -> Document:
        document = {**(stored or {}), "_id": account}
        return stamped(document, DATABASE, node=zone.node, document_type=_ACTIVATION, account=account)

    stored = zone.couchdb.get(DATABASE, account)
    changes.apply(zone, [Change(DATABASE, activation(stored), stored, activation)]).check()


def _time(timestamp: Any) -> str:
    """Return Gregorian seconds as Kazoo prints them (kz_time:pretty_print_datetime/1), what is no time as it is."""
    try:
        return datetime.fromtimestamp(timestamp - GREGORIAN_EPOCH, UTC).strftime("%Y-%m-%d_%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return shown(timestamp)


def _line(*cells: Any) -> str:
    return " | ".join(shown(cell)[:width].rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"
