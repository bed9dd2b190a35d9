"""Taking back what runs did, the newest first, through the door: in batches, whatever the size of the run."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.changes.journal import DatabaseChanged
from kazoo_sup.errors import ExitCode, NotFound, SupError, UsageError
from kazoo_sup.kazoo.undo.index import BATCH, GONE, Broken, Index, Step
from kazoo_sup.kazoo.undo.judging import Edited, EditedSince, SoBefore, Verdict, judge, judge_deed
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.changes.journal import Done
    from kazoo_sup.kazoo.undo.chain import Walk
    from kazoo_sup.kazoo.undo.following import Following
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Was, Zone

LEFT = "left alone"


class NotInRun(UsageError):
    """run {run} changed nothing that is called {names}"""

    run: str
    names: str


def index_of(walk: Walk, *, only: Sequence[str] = ()) -> Index:
    """Read what the walk's records did; whoever asks for it closes it.

    ONLY are documents, DATABASE/ID, that alone are meant. Raises NotInRun for one that none of the runs changed.
    """
    index = Index(walk, only)
    if index.unmet:
        index.close()
        raise NotInRun(run=walk.about.run, names=", ".join(index.unmet))
    return index


def take_back(
    zone: Zone,
    walk: Walk,
    index: Index,
    follow: Following,
    *,
    edited: Edited = "left",
) -> Counter[str]:
    """Take back what the walk's records did; return what became of the changes, and tell FOLLOW of them.

    What somebody EDITED since is left alone and reported, merged, or overwritten. Made again after it was
    interrupted it completes the work. Raises what the door raises.
    """
    working = _Walking(zone, walk, index, edited, follow)
    with changes.together(zone):
        working.work()
    return working.counts


class _Walking:
    def __init__(
        self,
        zone: Zone,
        walk: Walk,
        index: Index,
        edited: Edited,
        follow: Following,
    ) -> None:
        self._zone = zone
        self._walk = walk
        self._index = index
        self._edited = edited
        self._follow = follow
        self._held: dict[str, list[Step]] = {}
        self.counts: Counter[str] = Counter()

    def work(self) -> None:
        if self._edited == "left":
            self._index.find_suspects(self._revisions)
        made: list[DatabaseChanged] = []
        for is_document, group in groupby(self._index.steps(), key=lambda each: isinstance(each, Step | Broken)):
            if is_document:
                self._apply(self._taken_back(each for each in group if isinstance(each, Step | Broken)))
                continue
            for each in group:
                if isinstance(each, DatabaseChanged) and each.act == "created" and self._held:
                    made.append(each)  # what is held may be in it
                elif isinstance(each, DatabaseChanged):
                    self._database(each)
                elif not isinstance(each, Step | Broken):
                    self._deed(each)
        self._apply(self._of_held())
        for entry in made:
            self._database(entry)

    def _apply(self, pending: Iterable[Change]) -> None:
        total = self._index.total
        tally = changes.apply(self._zone, pending, total=total, label=f"{self._walk.direction}ing", seen=self._seen)
        self.counts += Counter({name: count for name, count in tally.counts.items() if name != "failed"})

    def _seen(self, report: Report) -> None:
        self._follow.note(report)
        if report.error is not None:
            self.counts[LEFT if isinstance(report.error, EditedSince) else "failed"] += 1

    def _taken_back(self, steps: Iterator[Step | Broken]) -> Iterator[Change]:
        while batch := list(islice(steps, BATCH)):
            whole = []
            for each in batch:
                if isinstance(each, Broken):
                    self._leave(each.entry.database, each.entry.id, "somebody edited it before that run did so again")
                elif each.number and self._edited == "left" and self._index.is_suspect(each.number):
                    self._held.setdefault(each.number, []).append(each)
                else:
                    whole.append(each)
            for step, verdict in self._judged(whole):
                yield from self._change(step, verdict)

    def _of_held(self) -> Iterator[Change]:
        """Yield the changes of numbers of which somebody may have edited a copy: all its copies are one."""
        numbers = iter(self._held.values())
        while batch := list(islice(numbers, BATCH // 2)):
            verdicts = dict(self._judged_by_id([step for steps in batch for step in steps]))
            for steps in batch:
                clash = next((each for step in steps if (each := verdicts[_id(step)]).clash), None)
                for step in steps:
                    verdict = verdicts[_id(step)]
                    if clash and not verdict.clash and not verdict.done:
                        verdict = Verdict(verdict.found, clash=f"of its other copy: {clash.clash}")
                    yield from self._change(step, verdict)

    def _judged_by_id(self, steps: Sequence[Step]) -> Iterator[tuple[tuple[str, str], Verdict]]:
        return ((_id(step), verdict) for step, verdict in self._judged(steps))

    def _judged(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Verdict]]:
        """Judge steps in their order; what is stored is read only where its revision does not tell enough."""
        known: dict[tuple[str, str], Document | None] = {}
        asked: dict[str, list[tuple[Step, Document | None]]] = {}
        for step in steps:
            whole = _as_left(step)
            if whole is not None and self._is_trusted(step):
                known[_id(step)] = whole or None
            else:
                asked.setdefault(step.entry.database, []).append((step, whole))
        for database, group in asked.items():
            rest = [step.entry.id for step, whole in group if whole is not None]
            revisions = self._revisions(database, rest) if rest else {}
            unread = []
            for step, whole in group:
                if whole is not None and revisions.get(step.entry.id, GONE) == step.newest:
                    known[_id(step)] = whole or None
                else:
                    unread.append(step)
            stored = self._documents(database, [step.entry.id for step in unread])
            known.update({_id(step): stored.get(step.entry.id) for step in unread})
        return ((step, judge(step, known[_id(step)], self._edited)) for step in steps)

    def _is_trusted(self, step: Step) -> bool:
        # The door looks at the revision once more when it saves.
        return bool(step.number) and self._edited == "left" and not self._index.is_suspect(step.entry.id)

    def _change(self, step: Step, verdict: Verdict) -> Iterator[Change]:
        database, identifier = step.entry.database, step.entry.id
        if verdict.clash:
            self._leave(database, identifier, verdict.clash)
            return
        # Also of what is as it was before: an earlier attempt may not have come to the counting.
        self._follow.number(database, identifier, (step.entry.before, step.after))
        for name in verdict.lost:
            self.counts["attachments missing"] += 1
            lost = NotKept(database=database, id=identifier, name=name)
            changes.tell(self._zone, Report(database, identifier, "failed", error=lost))
        if verdict.done:
            self.counts["unchanged"] += 1
            return
        yield Change(database, verdict.wanted, verdict.found, partial(_refuse, database, identifier))

    def _leave(self, database: str, identifier: str, reason: str) -> None:
        error = EditedSince(database=database, id=identifier, reason=reason)
        self.counts[LEFT] += 1
        changes.tell(self._zone, Report(database, identifier, "failed", error=error))

    def _database(self, entry: DatabaseChanged) -> None:
        database = entry.database
        if entry.act == "created" and self._zone.couchdb.exists(plain(database)):
            # A dry run has deleted none of what is in it.
            if changes.if_made(self._zone, lambda: self._holds_documents(database), shown=lambda: False):
                self._leave(database, "", "the database is not empty")
            elif changes.delete_database(self._zone, database):
                self.counts["databases deleted"] += 1
        elif entry.act == "deleted" and self._walk.direction == "redo":
            # What an undo deletes was empty.
            if not self._zone.couchdb.exists(plain(database)) and changes.create_database(self._zone, database):
                self.counts["databases created"] += 1
        elif entry.act == "deleted":
            self.counts["not taken back"] += 1

    def _holds_documents(self, database: str) -> bool:
        return self._zone.couchdb.holds_documents(plain(database))

    def _deed(self, entry: Done) -> None:
        if entry.reverse is None:
            self.counts["not taken back"] += 1
            return
        if not entry.reverse:
            return  # it left nothing that could be taken back
        told: list[SupError] = []

        def judge(now: Was) -> None:
            try:
                judge_deed(entry, now, self._edited)
            except SupError as error:
                told.append(error)
                raise

        run = self._zone.run._replace(judge=judge)
        try:
            if entry.zone not in ("", self._zone.name):
                raise OfAnotherZone(zone=entry.zone)
            run.perform(self._zone.with_run(run), entry.reverse)
        except SupError as error:
            judged = told[0] if told else None
            if isinstance(judged, SoBefore):
                self.counts["unchanged"] += 1
                return
            self.counts[LEFT if judged else "failed"] += 1
            failed = judged or NotReversed(deed=entry.deed, words=" ".join(("sup", *entry.reverse)), reason=str(error))
            changes.tell(self._zone, Report("", "", "failed", error=failed))
        else:
            self.counts["deeds taken back"] += 1

    def _revisions(self, database: str, ids: Sequence[str]) -> Mapping[str, str]:
        try:
            return self._zone.couchdb.current_revisions(plain(database), ids)
        except NotFound:
            return {}

    def _documents(self, database: str, ids: Sequence[str]) -> Mapping[str, Document]:
        try:
            return self._zone.couchdb.get_many(plain(database), ids) if ids else {}
        except NotFound:
            return {}


class OfAnotherZone(UsageError):
    """it was done in zone {zone}, which -z {zone} names"""

    remedy = "run the same command with -z {zone}"

    zone: str


class NotKept(SupError):
    """{database}/{id}: its attachment {name} was not kept, and does not come back; all else of it does"""

    exit_code = ExitCode.PARTIAL

    database: str
    id: str
    name: str


class NotReversed(SupError):
    """{deed}: `{words}` failed: {reason}"""

    deed: str
    words: str
    reason: str


def _id(step: Step) -> tuple[str, str]:
    return step.entry.database, step.entry.id


def _as_left(step: Step) -> Document | None:
    """Return the document as the newest change left it, where the journal holds it whole and it was saved.

    One that was deleted is empty.
    """
    if step.newest == GONE:
        return {}
    if not step.newest or step.after is None:
        return None
    if "_attachments" in step.after or "_attachments" in (step.entry.before or ()):
        return None
    return step.after if step.after.get("_rev") == step.newest else {**step.after, "_rev": step.newest}


def _refuse(database: str, identifier: str, _found: Document | None) -> Document:
    raise EditedSince(database=database, id=identifier, reason="somebody edits it at this moment")
