"""Refreshing databases as nodes do: the views of each, and of accounts what hangs on them.

What Kazoo's applications do when an account is refreshed, while they run, is done here as well: the view that counts
numbers by class is brought up to the classifiers (kazoo_number_manager), descendants are counted (crossbar), copies and
services are brought up to date (kapps_maintenance:ensure_aggregate/1). Service plans of before 4.3 are told of, not
changed: they are for a node to migrate.

Source: Kazoo kapps_maintenance:refresh/1, refresh_by_classification/2, and who binds to maintenance.refresh.account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts, hierarchy, views
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.every_account import Done, Work, pid
from kazoo_sup.kazoo.numbers import services_view
from kazoo_sup.kazoo.upkeep import aggregates
from kazoo_sup.kazoo.upkeep.view_refresh import NoDatabase, Refresh, paused_after
from kazoo_sup.names import account_database, account_id, classification, encoded, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.billing.services_reconcile import Own
    from kazoo_sup.kazoo.numbers.places import Databases
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What there is to tell of one database; `own` is what the services document of an account is corrected with."""

    lines: tuple[str, ...]
    account: str | None = None
    own: Own | None = None


def every(zone: Zone, databases: Databases, *, index: bool = False, pause: int = 0) -> Iterator[str]:
    """Refresh databases side by side, and tell of each in its turn.

    Services documents are corrected in the order of the databases, one after another: what an account has below it is
    counted from them. A database that is missing is told of and passed over. PAUSE is in milliseconds, after each
    database of each worker. Raises PartlyDone when some failed.
    """
    refresh = Refresh(zone, index=index)
    work: Work[Refreshed] = Work(
        zone,
        databases,
        paused_after(lambda each, database: prepared(each, refresh, database), pause),
        label="refreshing",
    )
    process = pid()
    for done in work:
        yield f"{process} ({done.left}/{done.total}) refreshing database '{plain(done.database)}'"
        yield from _told(zone, done)
    work.end()


def one(zone: Zone, database: str, *, index: bool = False) -> Iterator[str]:
    """Refresh one database, by any of its names. Raises NoDatabase."""
    yield from finished(zone, prepared(zone, Refresh(zone, index=index), database))


def prepared(zone: Zone, refresh: Refresh, database: str) -> Refreshed:
    """Do what can be done for a database beside others. Raises NoDatabase."""
    refresh.views_of(zone, database)
    identifier = account_id(database) if classification(database) == "account" else None
    if identifier is None:
        return Refreshed(())
    name = account_database(identifier)
    lines = [*_service_plans(zone, name)]
    if zone.run.dry_run and not zone.couchdb.exists(plain(name)):
        return Refreshed(tuple(lines))
    if services_view.update(zone, name):
        lines.append(f"view updated for '{name}': true")
    # Under --dry-run the views that are missing are not there to be asked.
    with suppress(NotFound) if zone.run.dry_run else nullcontext():
        hierarchy.count_descendants(zone, identifier)
    found = aggregated(zone, identifier, identifier)
    return Refreshed((*lines, *found.lines), found.account, found.own)


def aggregated(zone: Zone, account: str, said: str) -> Refreshed:
    """Bring the copies of an account (an id) up to date and count what it has; SAID is how Kazoo's lines name it."""
    if accounts.definition(zone, account) is None:
        return Refreshed((f"necessary documents from account '{said}' are missing, skipping migration",))
    aggregates.copy_all(zone, account)
    line = f"ensuring necessary documents from account '{said}' are in aggregate dbs"
    return Refreshed((line,), account, services_reconcile.count(zone, account))


def finished(zone: Zone, refreshed: Refreshed) -> Iterator[str]:
    """Tell of a database, and correct the services document of an account."""
    yield from refreshed.lines
    if refreshed.account is not None and refreshed.own is not None:
        yield from services_reconcile.correct(zone, refreshed.account, refreshed.own)


def _told(zone: Zone, done: Done[Refreshed]) -> Iterable[str]:
    if isinstance(done.error, NoDatabase):
        return ["    - refresh failed: db_not_found"]
    if done.found is None:
        return []
    return finished(zone, done.found)


def _service_plans(zone: Zone, database: str) -> Iterator[str]:
    """Tell of the service plans that an account offers; those of before 4.3 are left as they are.

    Source: Kazoo kazoo_services_maintenance:migrate_service_plans/1.
    """
    try:
        plans = [
            row["doc"] for row in views.rows(zone, database, "services", "plans", include_docs=True) if row.get("doc")
        ]
    except NotFound:
        return
    yield f"verifying {len(plans)} service plans have been migrated"
    for plan in plans:
        version = plan.get("pvt_vsn", 0)
        if not (str(version).isdecimal() and int(version) > 1):
            yield f"{encoded(database)}/{plan['_id']} requires migration"
            zone.run.warn(
                f"service plan {plan['_id']} is of before Kazoo 4.3; a node migrates it when it is refreshed there"
            )
