"""Faxes moved to where Kazoo 4.3 keeps them: in the databases of the months in which they came or went.

Source: Kazoo fax_maintenance:migrate/0,1,2, migrate_outbound_faxes/1. Better than there: a move that was cut off is
completed by the next run, a fax is taken from the database it was found in whatever it says itself, and what could not
be moved ends the run partly done. A month's database that is missing is created with its views.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import every_account, months, views
from kazoo_sup.kazoo.databases.every_account import Work
from kazoo_sup.kazoo.databases.failures import Documents
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.faxes.fax_jobs import DATABASE, STATE
from kazoo_sup.kazoo.migrations.document_moves import Place, move
from kazoo_sup.messages.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

OVERRIDE = "override_existing_documents"
FAX, PRIVATE = "fax", "private_media"
TIFF = "tiff"
ENDED = ("failed", "completed")
BATCH = 100


@dataclass(frozen=True, slots=True)
class DatabaseRead:
    """The faxes of a database were dealt with, which is the one of this number among all."""

    database: str
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class NoFaxes:
    """A database has no faxes."""

    database: str


@dataclass(frozen=True, slots=True)
class FaxGone:
    """A fax was deleted meanwhile."""

    document: str


@dataclass(frozen=True, slots=True)
class EmptyFaxFound:
    """A fax without a file was found, and is deleted."""

    database: str
    document: str


@dataclass(frozen=True, slots=True)
class FaxFound:
    """A fax was found that moves to its month, where its id is TARGET."""

    database: str
    document: str
    account: str
    target: str


@dataclass(frozen=True, slots=True)
class FaxMoved:
    """A fax was moved to its month, where its id is TARGET."""

    document: str
    target: str


@dataclass(frozen=True, slots=True)
class FaxNotMoved:
    """A fax could not be moved."""

    document: str
    target: str
    error: SupError


@dataclass(frozen=True, slots=True)
class OutboundBegun:
    """Outbound faxes are read, so many at once."""

    batch: int


@dataclass(frozen=True, slots=True)
class OutboundMoved:
    """An outbound fax was moved to a month's database, where its id is TARGET."""

    document: str
    database: str
    target: str


@dataclass(frozen=True, slots=True)
class OutboundNotMoved:
    """An outbound fax could not be moved; the database is empty where it belongs to no account."""

    document: str
    database: str
    target: str
    error: SupError


@dataclass(frozen=True, slots=True)
class OutboundEnded:
    """All outbound faxes were read."""


Migrating = NoFaxes | FaxGone | EmptyFaxFound | FaxFound | FaxMoved | FaxNotMoved
Outbound = OutboundBegun | OutboundMoved | OutboundNotMoved | OutboundEnded


@dataclass(slots=True)
class Migration:
    """One run: whether documents that are in a month already are replaced, and what became of all."""

    override: bool = False
    done: Documents = field(default_factory=lambda: Documents("faxes"))

    def account(self, zone: Zone, database: str) -> list[Migrating]:
        """Move the faxes of an account's (encoded) database; return what took place.

        Raises NotFound when the view by type is missing, and what the server raises.
        """
        self._retyped(zone, database, PRIVATE, FAX, tiff=True)
        self._retyped(zone, database, FAX, PRIVATE, tiff=False)
        identifiers = _of_type(zone, database, FAX)
        events: list[Migrating] = [] if identifiers else [NoFaxes(database)]
        for identifier in identifiers:
            document = zone.couchdb.get(plain(database), identifier)
            if document is None:
                events.append(FaxGone(identifier))
            elif document.get("_attachments"):
                events += self._moved(zone, database, document)
            elif is_true(system_config.get(zone, "fax", "delete_empty_faxes", False)):
                events.append(EmptyFaxFound(database, identifier))
                gone = changes.Change(database, None, document, lambda stored: stored or {})
                self._apply(zone, gone)
        return events

    def outbound(self, zone: Zone, batch: int = BATCH) -> Iterator[Outbound]:
        """Move outbound faxes that were sent or have failed; BATCH documents are read at once."""
        yield OutboundBegun(batch)
        with changes.together(zone):
            for document in zone.couchdb.documents(DATABASE, page=batch):
                if document.get("pvt_type") == FAX and document.get(STATE) in ENDED:
                    yield self._outbound(zone, document)
        yield OutboundEnded()

    def _retyped(self, zone: Zone, database: str, before: str, after: str, *, tiff: bool) -> None:
        """Give documents of a type another one, those that hold a TIFF or those that do not."""
        for identifier in _of_type(zone, database, before):
            document = zone.couchdb.get(plain(database), identifier)
            if document is not None and (document.get("media_type") == TIFF) is tiff:
                change = changes.edit(database, document, lambda found: {**found, "pvt_type": after})
                self._apply(zone, change)

    def _apply(self, zone: Zone, change: changes.Change) -> None:
        tally = changes.apply(zone, [change])
        self.done.include(tally.counts, tally.errors)

    def _moved(self, zone: Zone, database: str, document: Document) -> list[Migrating]:
        account = account_id(database) or ""
        month = month_of(document)
        name = document["_id"]
        target = Place(f"{account_database(account)}-{month}", f"{month}-{name}")
        events: list[Migrating] = [FaxFound(database, name, account, target.id)]
        try:
            self._move(zone, document, Place(database, name), target, outbox=self.override)
            self.done.add()
            events.append(FaxMoved(name, target.id))
        except SupError as error:
            self.done.fail(zone, database, name, error)
            events.append(FaxNotMoved(name, target.id, error))
        return events

    def _outbound(self, zone: Zone, document: Document) -> OutboundMoved | OutboundNotMoved:
        name, account = document["_id"], document.get("pvt_account_id")
        month = month_of(document)
        database = f"{account_database(account)}-{month}" if isinstance(account, str) and account_id(account) else ""
        target = f"{month}-{name}"
        try:
            if not database:
                raise FaxWithoutAccount(document=name)
            self._move(zone, document, Place(DATABASE, name), Place(database, target), outbox=True)
        except SupError as error:
            self.done.fail(zone, DATABASE, name, error)
            return OutboundNotMoved(name, database, target, error)
        self.done.add()
        return OutboundMoved(name, database, target)

    def _move(self, zone: Zone, document: Document, origin: Place, target: Place, *, outbox: bool) -> None:
        views.ensure_database(zone, target.database)
        if not outbox:
            move(zone, document, origin, target)
            return
        move(zone, document, origin, target, transform=lambda found: {**found, "folder": "outbox"}, override=True)


def migrate_all(
    zone: Zone, *, override: bool = False, outbound: bool = True, start: str | None = None
) -> Iterator[DatabaseRead | Migrating | Outbound]:
    """Move the faxes of all accounts, from the last to the first, or from START on; then OUTBOUND ones.

    With OVERRIDE those that are in a month already are replaced. Raises at the end where databases or faxes failed.
    """
    migration = Migration(override)
    work = Work(zone, every_account.accounts(zone, start, backwards=True), migration.account, label="migrating faxes")
    for done in work:
        yield DatabaseRead(done.database, done.total - done.left + 1, done.total)
        yield from done.found or ()
    if outbound:
        yield from migration.outbound(zone)
    work.end()
    migration.done.end()


def migrate_account(zone: Zone, database: str, *, override: bool = False) -> Iterator[Migrating]:
    """Move the faxes of one account's (encoded) database. Raises at the end where faxes failed."""
    migration = Migration(override)
    yield from migration.account(zone, database)
    migration.done.end()


def migrate_outbound(zone: Zone, batch: int = BATCH) -> Iterator[Outbound]:
    """Move outbound faxes, BATCH read at once. Raises at the end where faxes failed."""
    migration = Migration()
    yield from migration.outbound(zone, batch)
    migration.done.end()


class FaxWithoutAccount(SupError):
    """fax {document} belongs to no account"""

    document: str


def month_of(document: Document) -> str:
    """Return the month in which a document was made, as `202611`; that it is now where it does not say."""
    return months.of_time(document.get("pvt_created")) or months.this_month()


def _of_type(zone: Zone, database: str, document_type: str) -> list[str]:
    rows = views.rows_for_change(zone, database, "maintenance", "listing_by_type", key=document_type)
    return [str(row["id"]) for row in rows]
