"""The database of services documents as a whole: refreshed, rebuilt, restored, and rid of accounts that are gone.

Source: Kazoo kazoo_services_maintenance. Better than there: documents are copied page by page; an old backup is never
written over; the database is deleted only once its backup was compared document by document; and what a node has saved
meanwhile in the new database is kept, and told.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, Report, same
from kazoo_sup.errors import Conflict, Declined, NotFound
from kazoo_sup.kazoo import view_registrations, views
from kazoo_sup.kazoo.accounts import DATABASE as ACCOUNTS
from kazoo_sup.kazoo.billing.services import DATABASE
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

BACKUP = "services_backup"
OBSOLETE_REGISTRATION = "account-kazoo_apps-services"
BATCH = 500
SETTLE_SECONDS = 5
"""How long a cluster may take until all its nodes know that a database is gone."""


def refresh(zone: Zone) -> None:
    """Create the services database if it is missing, and bring its views up to date."""
    views.ensure_database(zone, DATABASE)
    views.refresh(zone, DATABASE)


def initialise(zone: Zone) -> None:
    """Remove the registration of the view that earlier versions had for the account's quantities; then refresh."""
    stored = zone.couchdb.get(view_registrations.DATABASE, OBSOLETE_REGISTRATION)
    if stored is not None:
        changes.apply(zone, [changes.removal(view_registrations.DATABASE, stored)])
    refresh(zone)


def in_tree_order(zone: Zone, view: str) -> Iterator[str]:
    """Yield the ids of accounts with a services document, those next to the root of the tree first."""
    return (str(row["id"]) for row in views.rows(zone, DATABASE, "services", view))


# -- accounts that are gone


def without_orphans(zone: Zone, counts: Counter[str]) -> Iterator[str]:
    """Delete the services documents of accounts that are gone; yield a line for each, and their number.

    An account that is gone from its own database but not from `accounts` is no such, and is told.
    """
    removed = 0
    ids = (each["_id"] for each in zone.couchdb.documents(DATABASE, include_docs=False))
    accounts = (each for each in ids if not each.startswith("_design/"))
    while batch := list(islice(accounts, BATCH)):
        gone = list(_gone(zone, batch))
        stored = zone.couchdb.get_many(DATABASE, gone)
        tally = changes.apply(zone, (Change(DATABASE, None, stored[each], None) for each in gone if each in stored))
        counts += tally.counts
        removed += tally.counts["deleted"]
        yield from (f"account {each} not found, removing services" for each in gone)
    if removed:
        yield f"removed {removed} service docs"


def _gone(zone: Zone, ids: list[str]) -> Iterator[str]:
    databases = {each: plain(account_database(each)) for each in ids if account_id(each)}
    found = zone.couchdb.get_from_many({databases[each]: [each] for each in databases})
    missing = [each for each in ids if each not in databases or each not in found[databases[each]]]
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


def rebuilt(zone: Zone, counts: Counter[str]) -> Iterator[str]:
    """Copy the services database, delete it, create it anew and fill it again; yield what Kazoo prints.

    Raises Declined where the copy does not equal the original.
    """
    yield f"fetching all service docs from '{DATABASE}'"
    yield f"saving all service documents to {BACKUP}"
    changes.create_database(zone, BACKUP)
    for reports in _copied(zone, DATABASE, BACKUP, counts):
        yield from (f"  failed to backup {each.id}: {each.error}" for each in reports if each.error)
    if zone.run.dry_run:
        changes.delete_database(zone, DATABASE)
        return
    yield from _comparing()
    if not _equal(zone):
        raise Declined(reason=f"{BACKUP} does not equal {DATABASE}, of which nothing was deleted")
    yield "removing services database"
    changes.delete_database(zone, DATABASE)
    time.sleep(SETTLE_SECONDS)
    yield "rebuilding services database views"
    refresh(zone)
    yield "restoring service documents"
    for _reports in _copied(zone, BACKUP, DATABASE, counts):
        pass
    yield "rebuild complete"
    yield from _comparing()
    if _equal(zone):
        yield "rebuild completed successfully"
    else:
        yield "discrepancies found between restored and backed up service documents!"
        yield "try: sup kazoo_services_maintenance attempt_services_recovery"


def recovered(zone: Zone, counts: Counter[str]) -> Iterator[str]:
    """Save what the backup holds in the services database; yield a line for each document.

    One that is there and differs is left alone, as Kazoo leaves it. Raises NotFound without a backup.
    """
    if not zone.couchdb.exists(BACKUP):
        raise NotFound(server="CouchDB", what=f"database {BACKUP}")
    yield f"fetching all service docs from '{BACKUP}'"
    refresh(zone)
    for reports in _copied(zone, BACKUP, DATABASE, counts):
        for each in reports:
            failed = "Document update conflict." if isinstance(each.error, Conflict) else each.error
            yield f"  failed to restore {each.id}: {failed}" if failed else f"  restored document {each.id}"


def _copied(zone: Zone, source: str, target: str, counts: Counter[str]) -> Iterator[list[Report]]:
    """Copy all documents but design documents, a batch at a time; yield the reports of each batch."""
    documents = _documents(zone, source)
    while batch := list(islice(documents, BATCH)):
        reports: list[Report] = []
        edits = (Change(target, each, None, partial(_unless_other, target, each)) for each in batch)
        counts += changes.apply(zone, edits, label=f"copying to {target}", seen=reports.append).counts
        yield reports


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


def _comparing() -> Iterable[str]:
    yield "comparing original and backed up service documents"
    yield f"fetching all service docs from '{DATABASE}'"
    yield f"fetching all service docs from '{BACKUP}'"


def _equal(zone: Zone) -> bool:
    """Tell whether each document of the services database is in the backup, just so."""
    documents: Any = _documents(zone, DATABASE)
    while batch := list(islice(documents, BATCH)):
        kept = zone.couchdb.get_many(BACKUP, [each["_id"] for each in batch])
        if any(each["_id"] not in kept or not same(without_revision(kept[each["_id"]]), each) for each in batch):
            return False
    return True
