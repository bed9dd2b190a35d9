"""The database of services documents as a whole: refreshed, rebuilt, restored, and rid of accounts that are gone.

Source: Kazoo kazoo_services_maintenance. Better than there: documents are copied page by page; an old backup is never
written over; the database is deleted only once its backup was compared document by document; and what a node has saved
meanwhile in the new database is kept, and told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, same
from kazoo_sup.errors import Conflict, Declined, SupError, UsageError
from kazoo_sup.kazoo.accounts import DATABASE as ACCOUNTS
from kazoo_sup.kazoo.billing.services import DATABASE
from kazoo_sup.kazoo.databases import view_registrations, views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.messages.names import account_database, account_id, plain
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

BACKUP = "services_backup"
OBSOLETE_REGISTRATION = "account-kazoo_apps-services"
BATCH = 500
SETTLE_SECONDS = 5
"""How long a cluster may take until all its nodes know that a database is gone."""


@dataclass(frozen=True, slots=True)
class OrphanRemoved:
    """An account (an id) is gone, and its services document with it."""

    account: str


@dataclass(frozen=True, slots=True)
class OrphansRemoved:
    """So many services documents were deleted."""

    count: int


@dataclass(frozen=True, slots=True)
class BackupBegun:
    """The services documents are copied from now on."""


@dataclass(frozen=True, slots=True)
class BackupFailed:
    """A document could not be copied."""

    id: str
    error: SupError


@dataclass(frozen=True, slots=True)
class CopiesCompared:
    """The services documents are compared with their copies."""


@dataclass(frozen=True, slots=True)
class DatabaseRemoved:
    """The services database is deleted now."""


@dataclass(frozen=True, slots=True)
class RebuildBegun:
    """The new services database gets its views."""


@dataclass(frozen=True, slots=True)
class RestoringBegun:
    """The new services database gets its documents."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The new services database is filled."""


@dataclass(frozen=True, slots=True)
class RebuildChecked:
    """The new services database was compared with the copy."""

    equal: bool


@dataclass(frozen=True, slots=True)
class RecoveryBegun:
    """The documents of the copy are read from now on."""


@dataclass(frozen=True, slots=True)
class DocumentRestored:
    """A document is in the services database again, or could not be saved there."""

    id: str
    error: SupError | None


def refresh(zone: Zone) -> None:
    """Create the services database if it is missing, and bring its views up to date."""
    views.ensure_database(zone, DATABASE)
    views.refresh(zone, DATABASE)


def initialise(zone: Zone) -> None:
    """Remove the registration of the view that earlier versions had for the account's quantities; then refresh."""
    stored = zone.couchdb.get(view_registrations.DATABASE, OBSOLETE_REGISTRATION)
    if stored is not None:
        changes.delete(zone, view_registrations.DATABASE, stored, whatever=True).check()
    refresh(zone)


def in_tree_order(zone: Zone, view: str) -> Iterator[str]:
    """Yield the ids of accounts with a services document, those next to the root of the tree first."""
    return (str(row["id"]) for row in views.rows_for_change(zone, DATABASE, "services", view))


# -- accounts that are gone


def remove_orphans(zone: Zone) -> Iterator[Event]:
    """Delete the services documents of accounts that are gone.

    Among the events are reports of what became of the documents, here and in the functions below.

    An account that is gone from its own database but not from `accounts` is no such, and is told.
    """
    removed, parts = 0, Parts(zone, "accounts")
    ids = (each["_id"] for each in zone.couchdb.documents(DATABASE, include_docs=False))
    accounts = (each for each in ids if not each.startswith("_design/"))
    while batch := list(islice(accounts, BATCH)):
        gone = list(_gone(zone, batch, parts))
        stored = zone.couchdb.get_many(DATABASE, gone)
        tally = changes.apply(zone, (Change(DATABASE, None, stored[each], None) for each in gone if each in stored))
        yield BulkReport(tally.counts)
        removed += tally.counts["deleted"]
        yield from map(OrphanRemoved, gone)
    if removed:
        yield OrphansRemoved(removed)
    yield parts.report


def _gone(zone: Zone, ids: list[str], parts: Parts) -> Iterator[str]:
    """Yield the accounts that are gone; of one that cannot be read, PARTS hears."""
    databases = {each: plain(account_database(each)) for each in ids if account_id(each)}
    failed: dict[str, SupError] = {}
    found = zone.couchdb.get_from_many({databases[each]: [each] for each in databases}, failed)
    for database in found:
        parts.settle(database, failed.get(database))
    known = [each for each in ids if databases.get(each) not in failed]
    missing = [each for each in known if each not in databases or each not in found[databases[each]]]
    listed = zone.couchdb.get_many(ACCOUNTS, missing)
    for each in missing:
        if each in listed:
            zone.run.warn(f"account {each} has no definition in its own database, but one in accounts: it is kept")
        else:
            yield each


# -- rebuilding


def check_no_backup(zone: Zone) -> None:
    """Raise Declined where there is a backup already."""
    if zone.couchdb.exists(BACKUP):
        raise Declined(
            reason=f"there is a database {BACKUP} already: attempt_services_recovery restores what is missing from it; "
            "once it is of no use any more, delete it"
        )


def rebuild(zone: Zone) -> Iterator[Event]:
    """Copy the services database, delete it, create it again and fill it again.

    Raises Declined where the copy does not equal the original.
    """
    yield BackupBegun()
    changes.create_database(zone, BACKUP)
    for reports, counted in _copied(zone, DATABASE, BACKUP):
        yield counted
        yield from (BackupFailed(each.id, each.error) for each in reports if each.error)
    yield from changes.if_made(zone, lambda: _checked(zone), shown=lambda: ())
    yield DatabaseRemoved()
    changes.delete_database(zone, DATABASE)
    yield from changes.if_made(zone, lambda: _refilled(zone), shown=lambda: ())


def _checked(zone: Zone) -> Iterator[Event]:
    yield CopiesCompared()
    if not _equal(zone):
        raise Declined(reason=f"{BACKUP} does not equal {DATABASE}, of which nothing was deleted")


def _refilled(zone: Zone) -> Iterator[Event]:
    """Make the services database anew, and fill it with what its copy holds."""
    time.sleep(SETTLE_SECONDS)
    yield RebuildBegun()
    refresh(zone)
    yield RestoringBegun()
    for _reports, counted in _copied(zone, BACKUP, DATABASE):
        yield counted
    yield Rebuilt()
    yield CopiesCompared()
    yield RebuildChecked(_equal(zone))


def recover(zone: Zone) -> Iterator[Event]:
    """Save what the backup holds in the services database.

    One that is there and differs is left alone, as Kazoo leaves it. Raises UsageError without a backup.
    """
    if not zone.couchdb.exists(BACKUP):
        raise UsageError(reason=f"there is no database {BACKUP} to restore from")
    yield RecoveryBegun()
    refresh(zone)
    for reports, counted in _copied(zone, BACKUP, DATABASE):
        yield counted
        yield from (DocumentRestored(each.id, each.error) for each in reports)


def _copied(zone: Zone, source: str, target: str) -> Iterator[tuple[list[Report], BulkReport]]:
    """Copy all documents but design documents, a batch at a time; yield the reports of each batch, and their counts."""
    documents = _documents(zone, source)
    while batch := list(islice(documents, BATCH)):
        reports: list[Report] = []
        edits = (Change(target, each, None, partial(_unless_other, target, each)) for each in batch)
        tally = changes.apply(zone, edits, label=f"copying to {target}", seen=reports.append)
        yield reports, BulkReport(tally.counts)


def _documents(zone: Zone, database: str) -> Iterator[Document]:
    for document in zone.couchdb.documents(database):
        if not document["_id"].startswith("_design/"):
            yield without_revision(document)


def _unless_other(database: str, wanted: Document, found: Document | None) -> Document:
    if found is None:
        return wanted
    if same(without_revision(found), wanted):
        return found
    raise Conflict(database=database, id=wanted["_id"], reason="it is there and differs")


def _equal(zone: Zone) -> bool:
    """Return whether each document of the services database is in the backup, just so."""
    documents = _documents(zone, DATABASE)
    while batch := list(islice(documents, BATCH)):
        kept = zone.couchdb.get_many(BACKUP, [each["_id"] for each in batch])
        if any(each["_id"] not in kept or not same(without_revision(kept[each["_id"]]), each) for each in batch):
            return False
    return True
