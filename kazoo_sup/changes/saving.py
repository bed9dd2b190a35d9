"""Documents through the door: shown, or recorded, saved in bulk, re-applied where others were faster, and announced.

Each batch is recorded, and its record is on the disk, between its making and its saving (`recording`), while those
before it are under way; what became of it is recorded when the answer is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer, recording
from kazoo_sup.changes.change import Change, Report, Tally, same, stands
from kazoo_sup.changes.reports import tell
from kazoo_sup.errors import (
    Conflict,
    ExitCode,
    NotAuthorised,
    SaveRefused,
    SaveUnknown,
    ServerRefused,
    SupError,
    Unfinished,
)
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.changes.announcer import Announcer
    from kazoo_sup.changes.recording import Recording
    from kazoo_sup.transports.couchdb import SaveResult
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

BATCH = 1000
ROUNDS = 5
"""How often a change is re-applied to a document that others keep changing; other changes of ours do not count."""


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

    Without `announced` no events are published: for documents that are not Kazoo's, and for revisions of which
    readers never see anything. Single changes that fail are reported and do not stop the others. Raises Unfinished
    when the server fails after something was saved, and the server's own error when nothing was; the same call made
    again completes the work.
    """
    tally = Tally(seen)
    changes = _named(zone, tally, changes)
    with zone.run.progress(label, total) as advance:
        if zone.run.dry_run:
            _plan(zone, changes, tally, advance)
            return tally
        with announcer.of(zone) if announced else nullcontext(announcer.SILENT) as events:
            try:
                _save(zone, changes, events, tally, advance)
            except SupError as error:
                if tally.saved and error.exit_code in (ExitCode.USAGE, ExitCode.FAILED):
                    raise Unfinished(reason=str(error), saved=tally.saved) from error
                raise
    return tally


def _tell(zone: Zone, tally: Tally, report: Report) -> None:
    tally.add(report)
    tell(zone, report)


def _named(zone: Zone, tally: Tally, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes that can be sent; those of documents without a name are reported at once."""
    for change in changes:
        try:
            change.check()
        except SaveRefused as error:
            _tell(zone, tally, Report(change.database, change.id, "failed", error=error))
        else:
            yield change


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


def _plan(zone: Zone, changes: Iterable[Change], tally: Tally, advance: announcer.Advance) -> None:
    """Show the changes. As when they are saved, a database that fails does not keep those of others from it."""
    failed: SupError | None = None
    for batch in _batched(changes):
        try:
            for report in _planned(zone, batch):
                _tell(zone, tally, report)
        except (ServerRefused, NotAuthorised) as error:
            failed = failed or error
        advance(len(batch))
    if failed:
        raise failed


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
    record: Recording | None = None

    def record_batch(batch: Sequence[Change]) -> int:
        nonlocal record
        record = record or recording.of(zone)
        return record.expect(batch)

    def batches() -> Iterator[tuple[str, list[Document], tuple[list[Change], int, int]]]:
        for gathered in _batched(changes):
            batch = []
            for change in gathered:
                if _action(change) == "unchanged":
                    _tell(zone, tally, Report(change.database, change.id, "unchanged", after=change.document))
                else:
                    batch.append(change)
            events.announce_also(gathered)
            if batch:
                first = record_batch(batch)  # where that is refused nothing is due either
                token = (batch, events.expect(batch), first)
                yield plain(batch[0].database), [_stored(change) for change in batch], token
            advance(len(gathered) - len(batch))

    def unsaved(sent: tuple[list[Change], int, int]) -> None:
        batch, token, first = sent
        events.settle(token)
        if record is not None and first:
            record.settle({}, range(first, first + len(batch)))

    for _database, documents, results, (batch, token, first) in zone.couchdb.save_batches(batches(), unsaved=unsaved):
        places, conflicts = _reports(batch, documents, results)
        written = record or recording.SILENT
        written.saved(first, places, results)
        try:
            _settle_conflicts(zone, places, conflicts, written, first)
        finally:
            # Also when the server fails while conflicts are settled: what was saved beside them counts.
            reports = [report for report in places if report is not None]
            events.announce(reports)
            for report in reports:
                _tell(zone, tally, report)
            unknown = [change for change, report in zip(batch, places, strict=True) if _is_open(report)]
            events.settle(token, but=unknown)
        advance(len(batch))


def _is_open(report: Report | None) -> bool:
    """Return whether it is not known what became of a change: its event waits, since it may have been saved."""
    return report is None or isinstance(report.error, SaveUnknown)


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
            report = Report(change.database, change.id, _deed(change), change.previous, after)
        elif result.error == "conflict":
            conflicts[place] = change
        else:
            kind = SaveUnknown if result.is_open else SaveRefused
            error = kind(database=change.database, id=change.id, reason=result.reason or result.error)
            report = Report(change.database, change.id, "failed", change.previous, error=error)
        places.append(report)
    return places, conflicts


def _settle_conflicts(
    zone: Zone, places: list[Report | None], conflicts: dict[int, Change], record: Recording, first: int
) -> None:
    """Read again, re-apply and save what met another revision; fill in the reports.

    Of several changes of one document each is made on top of what became of the one before it, so that no change waits
    for others of ours: it is given up after ROUNDS saves of its own that somebody else forestalled. Every attempt is
    recorded by a number of its own; those of the first ones begin at FIRST.
    """
    numbers = {place: first + place for place in conflicts}
    forestalled: Counter[int] = Counter()
    while conflicts:
        # The first of each document, in their places.
        turn = sorted({conflicts[place].id: place for place in sorted(conflicts, reverse=True)}.values())
        database = conflicts[turn[0]].database
        stored = zone.couchdb.get_many(plain(database), [conflicts[place].id for place in turn])
        saved = {report.id for report in places if report and report.after}
        again = {}
        for place in turn:
            conflict = conflicts.pop(place)
            found = stored.get(conflict.id)
            if conflict.id not in saved and _arrived(conflict, found):
                # A proxy may have sent it twice: the second answer, a conflict, is all that is seen.
                after = found or _stored(conflict)
                places[place] = Report(database, conflict.id, _action(conflict), conflict.previous, after)
                record.settle({numbers[place]: None if found is None else after["_rev"]})
                continue
            record.settle({}, [numbers[place]])
            if forestalled[place] == ROUNDS:
                stubborn = Conflict(database=database, id=conflict.id, reason="others keep changing it")
                places[place] = Report(database, conflict.id, "failed", error=stubborn)
                continue
            try:
                change = _reapplied(conflict, found)
            except SupError as error:
                places[place] = Report(database, conflict.id, "failed", found, error=error)
                continue
            if _action(change) == "unchanged":
                told = _action(conflict) if conflict.id not in saved and _may_be_ours(conflict, found) else ""
                places[place] = Report(database, change.id, "unchanged", after=change.document, told=told)
            else:
                again[place] = change
        if again:
            documents = [_stored(change) for change in again.values()]
            anew = record.expect(list(again.values()))
            results = zone.couchdb.save(plain(database), documents)
            reports, unsettled = _reports(list(again.values()), documents, results)
            record.saved(anew, reports, results)
            for position, (place, report) in enumerate(zip(again, reports, strict=True)):
                numbers[place], places[place] = anew + position, report
                if position in unsettled:
                    conflicts[place] = unsettled[position]
                    forestalled[place] += 1


def _arrived(change: Change, found: Document | None) -> bool:
    """Return whether a document that met another revision stands as this very change makes it.

    What is new and bears no time of its making may as well have been there before.
    """
    sent = _stored(change)
    if sent.get("_deleted") is True:
        return found is None
    told_apart = change.previous is not None or "pvt_created" in sent
    return told_apart and found is not None and stands(sent, found)


def _may_be_ours(change: Change, found: Document | None) -> bool:
    """Return whether what leaves a change nothing to do may be this very change, with others' edits on top of it.

    What is new is so only where it was made in the same second; else it was there before.
    """
    if change.previous is not None:
        return True
    made = _stored(change).get("pvt_created")
    return made is not None and found is not None and found.get("pvt_created") == made


def _reapplied(change: Change, stored: Document | None) -> Change:
    if change.reapply is None:
        reason = "it exists already" if change.previous is None else "somebody else changed it"
        raise Conflict(database=change.database, id=change.id, reason=reason)
    return Change(change.database, change.reapply(stored), stored, change.reapply, change.announced)


def _action(change: Change) -> str:
    return "unchanged" if same(change.document, change.previous) else _deed(change)


def _deed(change: Change) -> str:
    """Return what a change does that is known to do something."""
    if change.document is None or change.document.get("_deleted") is True:
        return "deleted"
    return "created" if change.previous is None else "edited"


def _stored(change: Change) -> Document:
    """Return the document as CouchDB shall get it: on top of the revision that was read."""
    revision = {"_rev": change.previous["_rev"]} if change.previous else {}
    if change.document is None:
        return {"_id": change.id, **revision, "_deleted": True}
    return {**change.document, **revision}
