"""The door for documents that come back from a backup: each is stored under the very revision it carries.

No document is edited here, so nothing can conflict, nothing is read again and there is no before-image. One event makes
every node forget all it has cached of the database; thousands of events, one a document, would say no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer
from kazoo_sup.changes.change import Document, Report, Tally
from kazoo_sup.errors import ExitCode, SaveRefused, SupError, Unfinished
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb_kept import Attachment
    from kazoo_sup.zone import Zone

BATCH = 500
BATCH_BYTES = 4_000_000
"""How much of JSON goes into one request; CouchDB 3 takes documents of 8 MB."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision to store: `document` with `_id` and `_rev`; `size` is about that of its JSON text, in bytes.

    `attachments` are streamed into it; small ones stand in the document itself.
    """

    document: Document
    size: int
    attachments: tuple[Attachment, ...] = field(default=())


def store(zone: Zone, database: str, revisions: Iterable[Kept], *, total: int | None = None, label: str) -> Tally:
    """Store these revisions in DATABASE (Kazoo's name), those it has already left as they are; return the tally.

    Raises Unfinished when the server fails after something was saved; the same call made again completes the work.
    """
    tally = Tally()
    with zone.run.progress(label, total) as advance, announcer.of(zone) as events:

        def tell(report: Report) -> None:
            tally.add(report)
            zone.run.report(report)
            advance(1)

        def batches() -> Iterator[tuple[str, list[Document], None]]:
            for batch in _batched(revisions):
                missing = _missing(zone, database, batch)
                for kept, is_missing in zip(batch, missing, strict=True):
                    if not is_missing:
                        tell(Report(database, kept.document["_id"], "unchanged", after=kept.document))
                    elif kept.attachments:
                        tell(_streamed(zone, database, kept))
                documents = [
                    kept.document
                    for kept, is_missing in zip(batch, missing, strict=True)
                    if is_missing and not kept.attachments
                ]
                if documents:
                    yield plain(database), documents, None

        try:
            for _database, documents, results, _ in zone.couchdb.save_batches(batches(), kept=True):
                for document, result in zip(documents, results, strict=True):
                    if result.error is None:
                        tell(Report(database, document["_id"], "created", after=document))
                    else:
                        tell(_refused(database, document, result.reason or result.error))
        except SupError as error:
            if tally.saved and error.exit_code in (ExitCode.USAGE, ExitCode.FAILED):
                raise Unfinished(reason=str(error), saved=tally.saved) from error
            raise
        finally:
            # Also when nothing was missing: the run before may have been killed before it could tell.
            if tally.counts:
                events.announce_database("edited", database)
    return tally


def _batched(revisions: Iterable[Kept]) -> Iterator[list[Kept]]:
    batch: list[Kept] = []
    size = 0
    for kept in revisions:
        batch.append(kept)
        size += kept.size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _missing(zone: Zone, database: str, batch: list[Kept]) -> list[bool]:
    """Tell of each revision of a batch whether the database lacks it."""
    asked: dict[str, list[str]] = {}
    for kept in batch:
        asked.setdefault(kept.document["_id"], []).append(kept.document["_rev"])
    missing = zone.couchdb.missing_revisions(plain(database), asked)
    return [kept.document["_rev"] in missing.get(kept.document["_id"], ()) for kept in batch]


def _streamed(zone: Zone, database: str, kept: Kept) -> Report:
    document = kept.document
    try:
        zone.couchdb.put_kept(plain(database), document, kept.attachments)
    except SupError as error:
        if error.id != "ServerRefused" or error.facts.get("lost"):
            raise
        return _refused(database, document, str(error.facts["reason"]))
    return Report(database, document["_id"], "created", after=document)


def _refused(database: str, document: Document, reason: str) -> Report:
    error = SaveRefused(database=database, id=document["_id"], reason=reason)
    return Report(database, document["_id"], "failed", error=error)
