"""Refreshing databases as nodes do: the views of each, and of accounts what hangs on them.

What Kazoo's applications do when an account is refreshed, while they run, is done here as well: the view that counts
numbers by class is brought up to the classifiers (kazoo_number_manager), descendants are counted (crossbar), copies and
services are brought up to date (kapps_maintenance:ensure_aggregate/1). Service plans of before 4.3 are told of, not
changed: they are for a node to migrate.

Source: Kazoo kapps_maintenance:refresh/1, refresh_by_classification/2, and who binds to maintenance.refresh.account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import hierarchy
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn, Work
from kazoo_sup.kazoo.migrations import aggregates
from kazoo_sup.kazoo.migrations.view_refresh import NoDatabase, Refresh, paused_after
from kazoo_sup.kazoo.numbers import services_view
from kazoo_sup.messages.names import account_database, account_id, classification, encoded, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.billing.services_reconcile import Count
    from kazoo_sup.kazoo.databases.walk import Databases
    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class DatabaseMissing:
    """The database is not there, and nothing was refreshed."""

    database: str


@dataclass(frozen=True, slots=True)
class PlansRead:
    """An account's service plans were read, so many."""

    plans: int


@dataclass(frozen=True, slots=True)
class PlanOutdated:
    """A service plan is of before Kazoo 4.3, and stays so."""

    database: str
    plan: str


@dataclass(frozen=True, slots=True)
class NumbersViewSaved:
    """The view that counts the numbers of an (encoded) database by class was brought up to the classifiers."""

    database: str


@dataclass(frozen=True, slots=True)
class DefinitionMissing:
    """The account, as it was named, has no definition to copy."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountCopied:
    """Definition, devices and fax boxes of the account, as it was named, were copied."""

    account: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What took place in one database; `own` is what the services document of an account is corrected with."""

    events: tuple[Event, ...]
    account: str | None = None
    own: Count | None = None


def every(zone: Zone, databases: Databases, *, index: bool = False, pause: int = 0) -> Iterator[Event]:
    """Refresh databases side by side, and report each in its turn.

    Services documents are corrected in the order of the databases, one after another: what an account has below it is
    counted from them. A database that is missing is reported and passed over. PAUSE is in milliseconds, after each
    database of each worker. The last event is the report.
    """
    refresh = Refresh(zone, index=index)
    work: Work[Refreshed] = Work(
        zone,
        databases,
        paused_after(lambda each, database: prepare(each, refresh, database), pause),
        label="refreshing",
    )
    for done in work:
        yield DatabaseWorkedOn(done.database, done.left, done.total)
        if isinstance(done.error, NoDatabase):
            yield DatabaseMissing(done.database)
        if done.found is not None:
            yield from finish(zone, done.found)
    yield work.report


def copy_every(zone: Zone, databases: Databases) -> Iterator[Event]:
    """Bring the copies of accounts up to date, by their databases, and their services documents."""
    work = Work(
        zone, databases, lambda each, database: copy(each, account_id(database) or "", database), label="copying"
    )
    for done in work:
        yield DatabaseWorkedOn(done.database, done.left, done.total)
        if done.found is not None:
            yield from finish(zone, done.found)
    yield work.report


def one(zone: Zone, database: str, *, index: bool = False) -> list[Event]:
    """Refresh one database, by any of its names. Raises NoDatabase."""
    return list(finish(zone, prepare(zone, Refresh(zone, index=index), database)))


def prepare(zone: Zone, refresh: Refresh, database: str) -> Refreshed:
    """Do what can be done for a database beside others. Raises NoDatabase."""
    refresh.views_of(zone, database)
    identifier = account_id(database) if classification(database) == "account" else None
    if identifier is None:
        return Refreshed(())
    name = account_database(identifier)
    events = [*_service_plans(zone, name)]
    if not changes.if_made(zone, lambda: True, shown=lambda: zone.couchdb.exists(plain(name))):
        return Refreshed(tuple(events))
    if services_view.update(zone, name):
        events.append(NumbersViewSaved(name))
    # Under --dry-run the views that are missing are not there to be asked.
    with changes.planned_may_be_missing(zone):
        hierarchy.count_descendants(zone, identifier)
    found = copy(zone, identifier, identifier)
    return Refreshed((*events, *found.events), found.account, found.own)


def copy(zone: Zone, account: str, said: str) -> Refreshed:
    """Bring the copies of an account (an id) up to date and count what it has; SAID is what named it."""
    if accounts.definition(zone, account) is None:
        return Refreshed((DefinitionMissing(said),))
    aggregates.copy_all(zone, account)
    return Refreshed((AccountCopied(said),), account, services_reconcile.count(zone, account))


def finish(zone: Zone, refreshed: Refreshed) -> Iterator[Event]:
    """Tell what took place in a database, and correct the services document of an account."""
    yield from refreshed.events
    if refreshed.account is not None and refreshed.own is not None:
        yield from services_reconcile.correct(zone, refreshed.account, refreshed.own)


def _service_plans(zone: Zone, database: str) -> Iterator[Event]:
    """Report the service plans that an account offers; those of before 4.3 are left as they are.

    Source: Kazoo kazoo_services_maintenance:migrate_service_plans/1.
    """
    try:
        plans = [
            row["doc"]
            for row in views.rows_for_change(zone, database, "services", "plans", include_docs=True)
            if row.get("doc")
        ]
    except NotFound:
        return
    yield PlansRead(len(plans))
    for plan in plans:
        version = plan.get("pvt_vsn", 0)
        if not (str(version).isdecimal() and int(version) > 1):
            yield PlanOutdated(encoded(database), plan["_id"])
            zone.run.warn(
                f"service plan {plan['_id']} is of before Kazoo 4.3; a node migrates it when it is refreshed there"
            )
