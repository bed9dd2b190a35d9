"""What an upgrade does to numbers: their databases' views, features that are new, numbers of no account.

Source: Kazoo kazoo_number_manager_maintenance:migrate/0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts, Steps
from kazoo_sup.kazoo.numbers import feature_permissions, number_databases, unassigned
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class DatabaseRefreshed:
    """The views of one of `total` number databases are brought up to date; `left` are this one and those after it."""

    database: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class CleaningBegun:
    """The unassigned numbers of all databases are cleaned."""


@dataclass(frozen=True, slots=True)
class CleaningEnded:
    """That has been done."""


def migrate(zone: Zone) -> Iterator[Event]:
    """Allow the features that only administrators switch, refresh all number databases, clean unassigned numbers."""
    steps = Steps()
    yield from steps.each(_allow_admin_only(zone))
    yield from steps.each(refresh(zone))
    yield from steps.each(clean_unassigned(zone))
    steps.end()


def _allow_admin_only(zone: Zone) -> Iterator[Event]:
    allowed = feature_permissions.ensure_admin_only(zone)
    if allowed:
        yield allowed


def refresh(zone: Zone) -> Iterator[Event]:
    """Bring the registered views into every number database; the last event is a report of them."""
    databases, parts = number_databases.every(zone), Parts(zone)
    total = databases.count()
    for left, database in zip(range(total, 0, -1), databases.names(), strict=False):
        yield DatabaseRefreshed(database, left, total)
        with parts.part(database):
            views.refresh(zone, database)
    yield parts.report


def clean_unassigned(zone: Zone) -> Iterator[Event]:
    """Clean the unassigned numbers of every number database, and report them."""
    yield CleaningBegun()
    for event in unassigned.migrate(zone, number_databases.every(zone)):
        yield event
        if isinstance(event, BulkReport) and event.failed:
            return
    yield CleaningEnded()
