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
from kazoo_sup.kazoo import months, system_config, views
from kazoo_sup.kazoo.failures import Failures
from kazoo_sup.kazoo.faxes.fax_jobs import DATABASE, STATE
from kazoo_sup.kazoo.upkeep.document_moves import Place, move
from kazoo_sup.kazoo.values import is_true
from kazoo_sup.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

OVERRIDE = "override_existing_documents"
FAX, PRIVATE = "fax", "private_media"
TIFF = "tiff"
ENDED = ("failed", "completed")
BATCH = 100


@dataclass(slots=True)
class Migration:
    """One run: whether documents that are in a month already are replaced, and what failed."""

    override: bool = False
    failures: Failures = field(default_factory=lambda: Failures("faxes"))

    def account(self, zone: Zone, database: str) -> list[str]:
        """Move the faxes of an account's (encoded) database; return what Kazoo prints of it.

        Raises NotFound when the view by type is missing, and what the server raises.
        """
        self._retyped(zone, database, PRIVATE, FAX, tiff=True)
        self._retyped(zone, database, FAX, PRIVATE, tiff=False)
        identifiers = _of_type(zone, database, FAX)
        lines = [] if identifiers else [f"no fax docs in db for fax migration {database}"]
        for identifier in identifiers:
            document = zone.couchdb.get(plain(database), identifier)
            if document is None:
                lines.append(f"unable to get document {identifier} for fax migration : not_found")
            elif document.get("_attachments"):
                lines += self._moved(zone, database, document)
            elif is_true(system_config.get(zone, "fax", "delete_empty_faxes", False)):
                lines.append(f"deleting no attachments fax doc {identifier} from {database}")
                gone = changes.Change(database, None, document, lambda stored: stored or {})
                self.failures.include(changes.apply(zone, [gone]))
        return lines

    def outbound(self, zone: Zone, batch: int = BATCH) -> Iterator[str]:
        """Move outbound faxes that were sent or have failed, and tell of each; BATCH documents are read at once."""
        yield f"start migrating outbound faxes with batch size {batch}"
        with changes.together(zone):
            for document in zone.couchdb.documents(DATABASE, page=batch):
                if document.get("pvt_type") == FAX and document.get(STATE) in ENDED:
                    yield self._outbound(zone, document)
        yield "finished crawling faxes db"

    def _retyped(self, zone: Zone, database: str, before: str, after: str, *, tiff: bool) -> None:
        """Give documents of a type another one, those that hold a TIFF or those that do not."""
        for identifier in _of_type(zone, database, before):
            document = zone.couchdb.get(plain(database), identifier)
            if document is not None and (document.get("media_type") == TIFF) is tiff:
                change = changes.edit(database, document, lambda found: {**found, "pvt_type": after})
                self.failures.include(changes.apply(zone, [change]))

    def _moved(self, zone: Zone, database: str, document: Document) -> list[str]:
        account = account_id(database) or ""
        month = month_of(document)
        name = document["_id"]
        target = Place(f"{account_database(account)}-{month}", f"{month}-{name}")
        lines = [f"moving doc {database}/{name} to {account}-{month}/{target.id}"]
        try:
            self._move(zone, document, Place(database, name), target, outbox=self.override)
            lines.append(f"document {name} moved to {target.id}")
        except SupError as error:
            self.failures.note(zone, database, name, error)
            lines.append(f"error {error} moving document {name} to {target.id}")
        return lines

    def _outbound(self, zone: Zone, document: Document) -> str:
        name, account = document["_id"], document.get("pvt_account_id")
        month = month_of(document)
        database = f"{account_database(account)}-{month}" if isinstance(account, str) and account_id(account) else ""
        said = f"document {DATABASE}/{name} {{}} {database}/{month}-{name}"
        try:
            if not database:
                raise _NoAccount(document=name)
            self._move(zone, document, Place(DATABASE, name), Place(database, f"{month}-{name}"), outbox=True)
        except SupError as error:
            self.failures.note(zone, DATABASE, name, error)
            return f"error {error} moving {said.format('to')}"
        return said.format("moved to")

    def _move(self, zone: Zone, document: Document, origin: Place, target: Place, *, outbox: bool) -> None:
        views.ensure_database(zone, target.database)
        if not outbox:
            move(zone, document, origin, target)
            return
        move(zone, document, origin, target, transform=lambda found: {**found, "folder": "outbox"}, override=True)


class _NoAccount(SupError):
    """fax {document} belongs to no account"""


def month_of(document: Document) -> str:
    """Return the month in which a document was made, as `202611`; that it is now where it does not say."""
    return months.of_time(document.get("pvt_created")) or months.this_month()


def _of_type(zone: Zone, database: str, document_type: str) -> list[str]:
    rows = views.rows(zone, database, "maintenance", "listing_by_type", key=document_type)
    return [str(row["id"]) for row in rows]
