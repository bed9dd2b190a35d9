"""The door for documents that come back from a backup: each is stored under the very revision it carries.

No document is edited here, so nothing can conflict, nothing is read again and there is no before-image: the journal
tells that these revisions were restored, not what was there. One event makes
every node forget all it has cached of the database; thousands of events, one a document, would say no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer, recording
from kazoo_sup.changes.change import Report, Tally
from kazoo_sup.changes.reports import tell
from kazoo_sup.errors import Delivered, ExitCode, SaveRefused, ServerRefused, SupError, Unfinished
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb import Attachment, SaveResult
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

BATCH = 500
BATCH_BYTES = 4_000_000
"""How much of JSON goes into one request; CouchDB 3 takes documents of 8 MB."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision to store: `document` with `_id` and `_rev`; `size` is about that of its JSON text, in bytes.

    `attachments` are streamed into it; small ones are in the document itself.
    """

    document: Document
    size: int
    attachments: tuple[Attachment, ...] = field(default=())


def store(
    zone: Zone,
    database: str,
    revisions: Iterable[Revision],
    *,
    total: int | None = None,
    label: str,
    is_new: bool = False,
) -> Tally:
    """Store these revisions in DATABASE (Kazoo's name), those it has already left as they are; return the tally.

    A database that IS_NEW, that this run has made, is not asked what it has.
    Raises Unfinished when the server fails after something was saved; the same call made again completes the work.
    """
    with zone.run.progress(label, total) as advance, announcer.of(zone) as events:
        storing = _Storing(zone, database, advance, is_new=is_new)
        token = events.expect_database("edited", database)
        try:
            storing.store(revisions)
        except SupError as error:
            if storing.tally.saved and error.exit_code in (ExitCode.USAGE, ExitCode.FAILED):
                raise Unfinished(reason=str(error), saved=storing.tally.saved) from error
            raise
        finally:
            # Also when nothing was missing: the run before may have been killed before it could tell.
            if storing.tally.counts:
                events.announce_database("edited", database)
            events.settle(token)
    return storing.tally


class _Storing:
    """Stores revisions in one database, and counts what becomes of them."""

    def __init__(self, zone: Zone, database: str, advance: Callable[[int], None], *, is_new: bool) -> None:
        self._zone = zone
        self._is_new = is_new
        self._database = database
        self._advance = advance
        self.tally = Tally()

    @cached_property
    def _record(self) -> recording.Recording:
        return recording.of(self._zone)

    def store(self, revisions: Iterable[Revision]) -> None:
        saved = self._zone.couchdb.save_batches(self._missing_documents(revisions), as_revisions=True)
        for _database, documents, results, first in saved:
            reports = [self._report(document, result) for document, result in zip(documents, results, strict=True)]
            self._record.saved(first, reports, results)
            for report in reports:
                self._settle(report)

    def _missing_documents(self, revisions: Iterable[Revision]) -> Iterator[tuple[str, list[Document], int]]:
        """Yield batches of what is missing, recorded; those with attachments are stored on the way, one by one."""
        for batch in _batched(revisions):
            missing = []
            for revision, is_missing in zip(batch, self._are_missing(batch), strict=True):
                if not is_missing:
                    document = revision.document
                    self._settle(Report(self._database, document["_id"], "unchanged", after=document))
                elif revision.attachments:
                    self._stream(revision)
                else:
                    missing.append(revision.document)
            if missing:
                yield plain(self._database), missing, self._record.expect_restored(self._database, missing)

    def _are_missing(self, batch: list[Revision]) -> list[bool]:
        """Say of each revision of a batch whether the database lacks it."""
        if self._is_new:
            return [True] * len(batch)
        asked: dict[str, list[str]] = {}
        for revision in batch:
            asked.setdefault(revision.document["_id"], []).append(revision.document["_rev"])
        missing = self._zone.couchdb.missing_revisions(plain(self._database), asked)
        return [each.document["_rev"] in missing.get(each.document["_id"], ()) for each in batch]

    def _stream(self, revision: Revision) -> None:
        document = revision.document
        number = self._record.expect_restored(self._database, [document])
        try:
            self._zone.couchdb.put_revision(plain(self._database), document, revision.attachments)
        except ServerRefused as error:
            if error.delivered is not Delivered.YES:
                raise
            self._record.settle({}, [number])
            self._settle(self._refused(document, error.reason))
        else:
            self._record.settle({number: document["_rev"]})
            self._settle(Report(self._database, document["_id"], "created", after=document))

    def _report(self, document: Document, result: SaveResult) -> Report:
        if result.error is None:
            return Report(self._database, document["_id"], "created", after=document)
        return self._refused(document, result.reason or result.error)

    def _refused(self, document: Document, reason: str) -> Report:
        error = SaveRefused(database=self._database, id=document["_id"], reason=reason)
        return Report(self._database, document["_id"], "failed", error=error)

    def _settle(self, report: Report) -> None:
        self.tally.add(report)
        tell(self._zone, report)
        self._advance(1)


def _batched(revisions: Iterable[Revision]) -> Iterator[list[Revision]]:
    batch: list[Revision] = []
    size = 0
    for revision in revisions:
        batch.append(revision)
        size += revision.size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
