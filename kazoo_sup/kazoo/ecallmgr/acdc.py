"""Call centres: agents, their queues and calls, as the acdc nodes know them, and which accounts have them.

Source: Kazoo acdc_maintenance, acdc_agent_util, acdc_stats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.bus.collect import Collector, Reach
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import now, objects, stamped
from kazoo_sup.messages.names import account_database, account_id
from kazoo_sup.types import Document, Fields

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.results import BulkReport
    from kazoo_sup.zone import Zone

APP = "acdc"
DATABASE = "acdc"
APPS = (APP,)
CATEGORIES = ("Waiting", "Handled", "Processed", "Abandoned")

TITLE = "ACDc Agents Status"

_ACTIVATION = "acdc_activation"
_REASON = "INTERNAL ERROR"


Status = Fields
"""What is known of an agent at one time: agent_id, status, timestamp (Gregorian seconds) and more."""


def act(zone: Zone, action: str, account: str, agents: Iterable[str], headers: Fields | None = None) -> None:
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
    asked = Collector(reach, requests, apps=APPS, what="the statuses of the last hours")
    errors: list[SupError] = []
    try:
        for answer in asked:
            for by_time in objects(answer.get("Agents")):
                for each in objects(by_time):
                    _keep_newer(found[asked.question(answer)["Account-ID"]], each)
    except (bus.NoAnswer, bus.BadAnswer, bus.NobodyThere) as error:
        errors.append(error)
    told = {account: [by_agent[name] for name in sorted(by_agent)] for account, by_agent in found.items()}
    return told, [*errors, *asked.errors]


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


def calls(reach: Reach, account: str, queue: str | None = None) -> Collector:
    """Return what asks the acdc nodes for the calls of an account, or of one of its queues."""
    request = ("acdc_stats.current_calls_req", {"Account-ID": account, "Queue-ID": queue})
    return Collector(reach, [request], apps=APPS, what="calls")


def abandon(reach: Reach, call_id: str) -> tuple[bool, list[SupError]]:
    """Have the acdc nodes count a call as abandoned; tell whether one of them knows it, and what went wrong.

    Kazoo looks for it on one node; here the nodes are asked for the calls of each account that has queues.
    """
    zone = reach.zones[0]
    requests = [("acdc_stats.current_calls_req", {"Account-ID": account}) for account in activated(zone)]
    asked = Collector(reach, requests, apps=APPS, what="calls")
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


@dataclass(frozen=True, slots=True)
class AccountForgotten:
    """An account that is gone was forgotten."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountsChecked:
    """Every account that is known has a database."""


@dataclass(frozen=True, slots=True)
class QueuesFound:
    """An account has queues, but acdc is not switched on for it."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountSwitchedOn:
    """Acdc was switched on for an account."""

    account: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """Every account was looked at."""


Migrating = AccountForgotten | AccountsChecked | QueuesFound | AccountSwitchedOn | Migrated


def migrate(zone: Zone) -> Iterator[Migrating | BulkReport]:
    """Switch acdc on for accounts that have queues, and forget those that are gone.

    Source: Kazoo acdc_maintenance:migrate_to_acdc_db/0.
    """
    views.ensure_database(zone, DATABASE)
    for document in zone.couchdb.documents(DATABASE):
        identifier = document["_id"]
        if not identifier.startswith("_design/") and not accounts.exists(zone, identifier):
            changes.delete(zone, DATABASE, document, whatever=True).check()
            yield AccountForgotten(identifier)
    yield AccountsChecked()
    known = set(activated(zone))
    parts = Parts(zone)
    for database in accounts.databases(zone):
        account = str(account_id(database))
        with parts.part(database):
            if account in known or not _has_queues(zone, database):
                continue
            yield QueuesFound(account)
            _activate(zone, account)
            yield AccountSwitchedOn(account)
    yield Migrated()
    yield parts.report


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

    changes.update(zone, DATABASE, account, activation).check()
