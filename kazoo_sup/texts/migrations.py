"""What Kazoo prints while it refreshes databases and migrates a cluster.

Source: Kazoo kapps_maintenance:migrate/1, refresh/1, ensure_aggregate/1; kapps_config:migrate/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn, pid
from kazoo_sup.kazoo.migrations import account_refresh as refresh
from kazoo_sup.kazoo.migrations import database_removal, migration
from kazoo_sup.kazoo.migrations import setting_moves as moves
from kazoo_sup.kazoo.migrations import system_migration as system
from kazoo_sup.messages.names import account_id, plain
from kazoo_sup.texts import services, telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of the events of a migration, or of refreshed databases."""
    for event in events:
        match event:
            case DatabaseWorkedOn(database, left, total):
                yield f"{pid()} ({left}/{total}) refreshing database '{plain(database)}'"
            case migration.DatabasesShared(databases, workers):
                yield f"splitting {databases} databases amoung {workers} workers"
            case migration.RefreshBegun():
                yield f"{pid()} updating dbs..."
            case migration.RemovalBegun():
                yield f"{pid()} removing deprecated databases..."
            case database_removal.DeprecatedFound(database):
                yield f"    archive and remove deprecated database {database}"
            case system.TelemetryAhead(days):
                yield from telemetry.notice(days)
            case _:
                yield from _settings(event)


def copies(events: Iterable[object], what: str = "database") -> Iterator[str]:
    """Make Kazoo's lines of copies of accounts, or of WHAT of theirs, that were brought up to date."""
    for event in events:
        match event:
            case DatabaseWorkedOn(database, left, total):
                yield f"{pid()} ({left}/{total}) aggregating {what} '{database}'"
            case _:
                yield from _refreshed(event)


def limits(events: Iterable[DatabaseWorkedOn]) -> Iterator[str]:
    """Make Kazoo's lines of accounts that got their limits."""
    for event in events:
        yield f"checking limits doc in database ({event.place}/{event.total}) '{event.database}'"


def _settings(event: object) -> Iterator[str]:
    match event:
        case system.SystemMediaStripped(document):
            yield f"updating {document} with stripped system_media references"
        case system.TimezoneRenamed(node, timezone):
            yield f"setting default timezone to {timezone} for node {node}"
        case moves.SettingMoved():
            yield _moved(event)
        case moves.SettingsDiffer():
            yield from _disparity(event)
        case _:
            yield from _refreshed(event)


def _refreshed(event: object) -> Iterator[str]:
    match event:
        case refresh.DatabaseMissing():
            yield "    - refresh failed: db_not_found"
        case refresh.PlansRead(plans):
            yield f"verifying {plans} service plans have been migrated"
        case refresh.PlanOutdated(database, plan):
            yield f"{database}/{plan} requires migration"
        case refresh.NumbersViewSaved(database):
            yield f"view updated for '{database}': true"
        case refresh.DefinitionMissing(account):
            yield f"necessary documents from account '{account}' are missing, skipping migration"
        case refresh.AccountCopied(account):
            yield f"ensuring necessary documents from account '{account}' are in aggregate dbs"
        case _:
            yield from services.of_counting([event])


def _moved(event: moves.SettingMoved) -> str:
    within = f"in {event.database} " if account_id(event.database) else ""
    source = f"{event.source} {_key(event.section, event.source_key)}"
    target = f"{event.target} {_key(event.section, event.target_key)}"
    return terms.formatted("~s value ~p", f"migrating setting {within}from {source} to {target}", event.value)


def _key(section: list[str], key: list[str]) -> str:
    # Kazoo runs the parts of a key together.
    return ".".join((*section, "".join(key)))


def _disparity(event: moves.SettingsDiffer) -> Iterator[str]:
    yield (
        "the system tried to move the parameter listed below but found a different setting already there"
        f"{', you' if account_id(event.database) else '. You'} need to correct this disparity manually!"
    )
    for title, name, key, value in (
        ("Source", event.source, event.source_key, event.value),
        ("Destination", event.target, event.target_key, event.other),
    ):
        yield f"  {title}"
        yield f"    db: {event.database}"
        yield f"    id: {name}"
        yield f"    key: {''.join(event.section)} {''.join(key)}"
        yield terms.formatted("    value: ~p", value)
