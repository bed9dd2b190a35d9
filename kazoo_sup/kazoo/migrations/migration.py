"""Migrating a cluster: its own documents, the views of every database, settings of accounts, and what apps migrate.

Source: Kazoo kapps_maintenance:migrate/1, migrate_modbs/1, migrate_modbs_ranged/3. Unlike there databases are worked on
side by side and without a pause, unless one is asked for; months are compared with their years.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases.every_account import Work, accounts
from kazoo_sup.kazoo.databases.failures import Steps
from kazoo_sup.kazoo.migrations import account_refresh, database_removal, setting_moves, system_migration
from kazoo_sup.kazoo.migrations.view_refresh import every_database
from kazoo_sup.messages.names import classification

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class DatabasesShared:
    """So many databases are worked on, which Kazoo would share among so many workers."""

    databases: int
    workers: int


@dataclass(frozen=True, slots=True)
class RefreshBegun:
    """The views of all databases are refreshed next."""


@dataclass(frozen=True, slots=True)
class RemovalBegun:
    """Deprecated databases are removed next."""


_YEAR_DIGITS, _MONTH_DIGITS = 4, 6
_MONTHS = 12
Months = tuple[str, str]
"""The first and the last month of a range, as `202611`."""


def cluster(zone: Zone, *, pause: int = 0, split: int | None = None, start: str = "") -> Iterator[Event]:
    """Migrate all but what apps do: their own documents. What fails of one step does not keep the next from being done.

    SPLIT is how many workers Kazoo would have shared it among, START the database whose views are refreshed first.
    """
    steps = Steps()
    yield from system_migration.migrate(zone)
    yield from steps.each(setting_moves.system(zone))
    databases = every_database(zone, start=start)
    if split is not None:
        yield DatabasesShared(databases.count(), split)
    yield RefreshBegun()
    yield from steps.each(account_refresh.every(zone, databases, pause=pause))
    yield RemovalBegun()
    yield from steps.each(database_removal.remove_deprecated(zone))
    yield from steps.each(_settings(zone))
    steps.end()


def _settings(zone: Zone) -> Iterator[Event]:
    work: Work[list[Event]] = Work(
        zone,
        accounts(zone),
        lambda each, database: list(setting_moves.account(each, database)),
        label="moving settings",
    )
    for done in work:
        yield from done.found or ()
    yield work.report


def months(
    zone: Zone, chosen: Months | None = None, *, pause: int = 0, split: int | None = None, start: str = ""
) -> Iterator[Event]:
    """Refresh the views of accounts' months, of all or of those in a range; SPLIT and START as for `cluster`."""

    def wanted(database: str) -> bool:
        return classification(database) == "modb" and (chosen is None or chosen[0] <= database[-6:] <= chosen[1])

    databases = every_database(zone, wanted, start=start)
    if split is not None:
        yield DatabasesShared(databases.count(), split)
    yield from account_refresh.every(zone, databases, pause=pause)


def month_range(start: int, end: int | None = None) -> Months:
    """Return a range of months from its ends, each a year, as 2026, or a month, as 202611; a year is all its months.

    Raises ValueError for what is neither.
    """
    return _month(start, 1), "999912" if end is None else _month(end, _MONTHS)


def _month(given: int, default: int) -> str:
    text = str(given)
    if len(text) == _YEAR_DIGITS and given > 0:
        return f"{text}{default:02}"
    if len(text) == _MONTH_DIGITS and given > 0 and 1 <= int(text[_YEAR_DIGITS:]) <= _MONTHS:
        return text
    raise ValueError(f"{given} is neither a year, as 2026, nor a month, as 202611")
