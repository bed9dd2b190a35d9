"""The one door for writes: every document that `sup` creates, edits or deletes goes through `apply`.

In constant memory, however many changes there are, it shows them and stops there under `--dry-run`; saves in bulk and
in parallel; reads again and re-applies what somebody else changed in between; publishes for each the event that makes
every node forget its copy, and keeps in the outbox what the broker does not take; reports one result per change.

Every edit and deletion passes here with its before-image (`Change.previous`): a journal belongs between the batch and
its saving, beside the outbox's note of what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer
from kazoo_sup.changes.attaching import File, attach
from kazoo_sup.changes.change import Change, Document, Report, Tally, edit, removal, same
from kazoo_sup.errors import Conflict, Declined, ExitCode, SaveRefused, SupError, Unfinished
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.changes.announcer import Announcer
    from kazoo_sup.transports.couchdb import SaveResult
    from kazoo_sup.zone import Zone

__all__ = [
    "Change",
    "Document",
    "File",
    "Report",
    "Tally",
    "apply",
    "attach",
    "create_database",
    "delete_database",
    "edit",
    "forget",
    "removal",
    "same",
    "together",
]

BATCH = 1000
ROUNDS = 5
"""How often a change is re-applied to a document that others keep changing."""


def apply(
    zone: Zone,
    changes: Iterable[Change],
    *,
    total: int | None = None,
    label: str = "saving",
    announced: bool = True,
    seen: Callable[[Report], None] | None = None,
) -> Tally:
    """Make the changes, or show them under `--dry-run`; return the tally of their reports, each handed to SEEN, too.

    Without `announced` no events are published: for documents that are none of Kazoo's, and for revisions of which
    readers never see anything. Single changes that fail are reported and do not stop the others. Raises Unfinished
    when the server fails after something was saved, and the server's own error when nothing was; the same call made
    again completes the work.
    """
    tally = Tally(seen)
    with zone.run.progress(label, total) as advance:
        if zone.run.dry_run:
            for batch in _batched(changes):
                for report in _planned(zone, batch):
                    _tell(zone, tally, report)
                advance(len(batch))
            return tally
        with announcer.of(zone) if announced else nullcontext(announcer.SILENT) as events:
            try:
                _save(zone, changes, events, tally, advance)
            except SupError as error:
                if tally.saved and error.exit_code in (ExitCode.USAGE, ExitCode.FAILED):
                    raise Unfinished(reason=str(error), saved=tally.saved) from error
                raise
    return tally


@contextmanager
def together(zone: Zone) -> Iterator[None]:
    """Publish the events of all changes that are made inside over one connection."""
    with nullcontext() if zone.run.dry_run else announcer.of(zone):
        yield


def create_database(zone: Zone, database: str, designs: Sequence[Document] = ()) -> bool:
    """Create a database that is missing, with its design documents, or show it under `--dry-run`.

    Returns False where somebody else has created it meanwhile. Source of the event: Kazoo kz_datamgr:db_create/1;
    saving design documents makes none.
    """
    zone.run.report(Report(database, "", "created", planned=zone.run.dry_run))
    if zone.run.dry_run:
        return True
    with announcer.of(zone) as events:
        created = zone.couchdb.create(plain(database))
        events.announce_database("created", database)
    apply(zone, (Change(database, design, None, lambda stored: stored or {}) for design in designs))
    return created


def delete_database(zone: Zone, database: str) -> bool:
    """Delete a database and all that is in it, or show it under `--dry-run`; False when there was none.

    Source of the event: Kazoo kz_datamgr:db_delete/1; without it nodes would go on believing that it exists.
    """
    zone.run.report(Report(database, "", "deleted", planned=zone.run.dry_run))
    if zone.run.dry_run:
        return True
    with announcer.of(zone) as events:
        deleted = zone.couchdb.delete(plain(database))
        events.announce_database("deleted", database)
    return deleted


def forget(zone: Zone, *databases: str) -> None:
    """Make every node drop all it has cached of databases; nothing stored is touched.

    Raises Declined where events were ruled out, since nothing else is to be done. Source of the event: Kazoo
    kapi_conf:publish_db_update/3.
    """
    if not zone.run.events:
        raise Declined(reason="with --no-events there is nothing to do")
    if zone.run.dry_run:
        for database in databases:
            zone.run.report(Report(database, "", "forgotten", planned=True))
        return
    with announcer.of(zone) as events:
        for database in databases:
            events.announce_database("edited", database)


def _tell(zone: Zone, tally: Tally, report: Report) -> None:
    tally.add(report)
    zone.run.report(report)


def _batched(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Gather changes into batches for one database each, at most BATCH waiting in all."""
    waiting: dict[str, list[Change]] = {}
    count = 0
    for change in changes:
        batch = waiting.setdefault(change.database, [])
        batch.append(change)
        count += 1
        if count >= BATCH:
            fullest = max(waiting, key=lambda database: len(waiting[database]))
            count -= len(waiting[fullest])
            yield waiting.pop(fullest)
    yield from waiting.values()


def _planned(zone: Zone, batch: Sequence[Change]) -> Iterator[Report]:
    """Work out the reports of a batch without saving it."""
    new = [change.id for change in batch if change.previous is None]
    stored = zone.couchdb.get_many(plain(batch[0].database), new) if new else {}
    for planned in batch:
        change = planned
        if change.id in stored:
            try:
                change = _reapplied(change, stored[change.id])
            except SupError as error:
                yield Report(planned.database, planned.id, "failed", error=error)
                continue
        action = _action(change)
        yield Report(
            change.database, change.id, action, change.previous, change.document, planned=action != "unchanged"
        )


def _save(zone: Zone, changes: Iterable[Change], events: Announcer, tally: Tally, advance: announcer.Advance) -> None:
    def batches() -> Iterator[tuple[str, list[Document], tuple[list[Change], int]]]:
        for gathered in _batched(changes):
            batch = []
            for change in gathered:
                if _action(change) == "unchanged":
                    _tell(zone, tally, Report(change.database, change.id, "unchanged", after=change.document))
                else:
                    batch.append(change)
            events.announce_also(gathered)
            if batch:
                yield plain(batch[0].database), [_stored(change) for change in batch], (batch, events.expect(batch))
            advance(len(gathered) - len(batch))

    for _database, documents, results, (batch, token) in zone.couchdb.save_batches(batches()):
        places, conflicts = _reports(batch, documents, results)
        try:
            _settle_conflicts(zone, places, conflicts)
        finally:
            # Also when the server fails while conflicts are settled: what was saved beside them counts.
            reports = [report for report in places if report is not None]
            events.announce(reports)
            for report in reports:
                _tell(zone, tally, report)
        events.settle(token)
        advance(len(batch))


def _reports(
    batch: Sequence[Change], documents: Sequence[Document], results: Sequence[SaveResult]
) -> tuple[list[Report | None], dict[int, Change]]:
    """Return the reports of what was saved or refused, in their places, and the changes that met another revision."""
    places: list[Report | None] = []
    conflicts = {}
    for place, (change, document, result) in enumerate(zip(batch, documents, results, strict=True)):
        report = None
        if result.error is None:
            after = {**document, "_rev": result.rev}
            report = Report(change.database, change.id, _action(change), change.previous, after)
        elif result.error == "conflict":
            conflicts[place] = change
        else:
            error = SaveRefused(database=change.database, id=change.id, reason=result.reason or result.error)
            report = Report(change.database, change.id, "failed", change.previous, error=error)
        places.append(report)
    return places, conflicts


def _settle_conflicts(zone: Zone, places: list[Report | None], conflicts: dict[int, Change]) -> None:
    """Read again, re-apply and save what others changed in between, ROUNDS times at most; fill in the reports."""
    for _round in range(ROUNDS):
        if not conflicts:
            return
        database = next(iter(conflicts.values())).database
        stored = zone.couchdb.get_many(plain(database), [change.id for change in conflicts.values()])
        again = {}
        for place, conflict in conflicts.items():
            found = stored.get(conflict.id)
            if conflict.document is None and found is None:
                places[place] = Report(database, conflict.id, "unchanged")
                continue
            try:
                change = _reapplied(conflict, found)
            except SupError as error:
                places[place] = Report(database, conflict.id, "failed", found, error=error)
                continue
            if _action(change) == "unchanged":
                places[place] = Report(database, change.id, "unchanged", after=change.document)
            else:
                again[place] = change
        conflicts = {}
        if again:
            documents = [_stored(change) for change in again.values()]
            results = zone.couchdb.save(plain(database), documents)
            reports, unsettled = _reports(list(again.values()), documents, results)
            for place, report in zip(again, reports, strict=True):
                places[place] = report
            conflicts = {list(again)[position]: change for position, change in unsettled.items()}
    for place, change in conflicts.items():
        stubborn = Conflict(database=change.database, id=change.id, reason="others keep changing it")
        places[place] = Report(change.database, change.id, "failed", error=stubborn)


def _reapplied(change: Change, stored: Document | None) -> Change:
    if change.reapply is None:
        reason = "it exists already" if change.previous is None else "somebody else changed it"
        raise Conflict(database=change.database, id=change.id, reason=reason)
    return Change(change.database, change.reapply(stored), stored, change.reapply, change.announced)


def _action(change: Change) -> str:
    if same(change.document, change.previous):
        return "unchanged"
    if change.document is None or change.document.get("_deleted") is True:
        return "deleted"
    return "created" if change.previous is None else "edited"


def _stored(change: Change) -> Document:
    """Return the document as CouchDB shall get it: on top of the revision that was read."""
    revision = {"_rev": change.previous["_rev"]} if change.previous else {}
    if change.document is None:
        return {"_id": change.id, **revision, "_deleted": True}
    return {**change.document, **revision}
