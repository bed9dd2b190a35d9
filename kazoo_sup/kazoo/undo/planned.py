"""Carrying out a plan: exactly what was reviewed, or nothing."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from functools import partial
from hashlib import blake2b
from itertools import groupby, islice
from threading import Lock
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, masking, outboxes, same
from kazoo_sup.changes.plans import Plan, Planned, PlannedDatabase, PlannedDeed, Use, of_deed, of_report
from kazoo_sup.errors import ExitCode, NotFound, SupError, UsageError
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.messages.names import plain
from kazoo_sup.results import BulkReport, Live
from kazoo_sup.zone import Run, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from kazoo_sup.results import Result
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

BATCH = 1000
_TIMES = ("_rev", "pvt_created", "pvt_modified", "pvt_document_hash")
SHOWN = 5


class AppliedAlready(UsageError):
    """this plan was carried out at {when}; nothing was done"""

    when: str


class ForAnotherCluster(UsageError):
    """this plan was made for another cluster (zone {zone}); nothing was done"""

    zone: str


class Stale(UsageError):
    """documents have changed since this plan was made: {which}; nothing was done, make a new plan"""

    remedy = "make a new plan"

    which: str


class BegunAlready(UsageError):
    """this plan was begun at {when} and did not come through; nothing more was done: sup history shows what was"""

    remedy = "sup history tells what it did; make a new plan for the rest"

    when: str


class NotAsPlanned(UsageError):
    """what {command} would do now is not what was planned: {difference}; nothing was done, make a new plan"""

    remedy = "make a new plan"

    command: str
    difference: str


class ChangedMeanwhile(SupError):
    """{database}/{id}: somebody changed it at this moment; it is left alone"""

    exit_code = ExitCode.PARTIAL

    database: str
    id: str


def check(zone: Zone, plan: Plan) -> None:
    """See that the plan may be carried out now: its cluster, its first use, and every document as it was read.

    Raises what the classes above say. What an interrupted run has done of it already is no change.
    """
    cluster = plan.header["cluster"]
    if cluster != outboxes.cluster(zone) if cluster else plan.header["zone"] != zone.name:
        raise ForAnotherCluster(zone=plan.header["zone"])
    state = Use(zone.state_dir, plan.id).state
    if "done" in state:
        raise AppliedAlready(when=state["done"])
    if plan.repeat:
        if state:
            raise BegunAlready(when=state["began"])
        check_foretold(zone, plan)
        return
    stale: list[str] = []
    count = 0
    documents = (each for each in plan.changes() if isinstance(each, Planned))
    for database, group in groupby(documents, key=lambda each: each.database):
        while batch := list(islice(group, BATCH)):
            for name in _stale(zone, database, batch, begun=bool(state)):
                count += 1
                stale += [name] if count <= SHOWN else []
    if stale:
        more = f" and {count - SHOWN} more" if count > SHOWN else ""
        raise Stale(which=f"{', '.join(stale)}{more}")


def alone(zone: Zone, plan: Plan) -> AbstractContextManager[None]:
    """Return what keeps other runs from carrying the plan out meanwhile; raises InUse where one does."""
    return changes.if_made(zone, Use(zone.state_dir, plan.id).alone, shown=nullcontext)


def carry_out(
    zone: Zone, plan: Plan, seen: Callable[[Report], None], follow: Callable[[], object] = lambda: None
) -> Counter[str]:
    """Carry the plan out, `check` made before; return what became of its changes, of each of which SEEN hears.

    Those that an interrupted run has made are among them. FOLLOW does what has to come after all; the plan is not
    carried out before. Raises what the door raises; the same call made again completes the work.
    """
    use = Use(zone.state_dir, plan.id)
    begun = bool(use.state)
    changes.if_made(zone, lambda: use.note("began"))
    counts: Counter[str] = Counter()
    with changes.together(zone):
        for is_database, group in groupby(plan.changes(), key=lambda each: isinstance(each, PlannedDatabase)):
            if is_database:
                for each in group:
                    if isinstance(each, PlannedDatabase):
                        _of_database(zone, each)
                continue
            made = _made(zone, (each for each in group if isinstance(each, Planned)), seen, begun=begun)
            counts += changes.apply(zone, made, total=plan.end["changes"], label="applying", seen=seen).counts
    follow()
    if not counts["failed"]:
        changes.if_made(zone, lambda: use.note("done"))
    return counts


def repeat(zone: Zone, plan: Plan) -> Result:
    """Run the command of a plan once more, `check` made before; return its result. It asks nothing."""
    use = Use(zone.state_dir, plan.id)
    changes.if_made(zone, lambda: use.note("began"))
    run = zone.run._replace(confirm=lambda deed: None, confirm_watched=lambda deed: None)
    result = run.repeat(zone.with_run(run), plan.repeat)
    assert result is not None
    ends = [each for each in result.events if isinstance(each, BulkReport)] if isinstance(result, Live) else []
    if not any(each.errors or each.failed for each in (*ends, result.report) if each is not None):
        changes.if_made(zone, lambda: use.note("done"))
    return result


def check_foretold(zone: Zone, plan: Plan) -> None:
    """See that a dry run of the plan's command foretells what the plan has, each as often; raises NotAsPlanned.

    Only when documents are made and changed is another time now.
    """
    left = Counter(map(_digest, plan.lines()))
    new: list[str] = []
    lock = Lock()

    def take(line: Document) -> None:
        with lock:
            digest = _digest(line)
            if left[digest]:
                left[digest] -= 1
            else:
                new.append(f"now it would {_named(line)}")

    def report(each: Report) -> None:
        if each.error is not None:
            raise each.error
        if each.planned:
            take(of_report(each))

    run = Run(
        Session(),
        dry_run=True,
        events=zone.run.events,
        report=report,
        foretold=lambda deed, before: take(of_deed(deed, before)),
        config=zone.run.config,
        cookie=zone.run.cookie,
        perform=zone.run.perform,
        repeat=zone.run.repeat,
        ask=zone.run.ask,
    )
    run.repeat(zone.with_run(run), plan.repeat)
    gone = (f"it would not {_named(line)}" for line in plan.lines() if left[_digest(line)])
    difference = next(iter(new), None) or next(gone, None)
    if difference is not None:
        raise NotAsPlanned(command=plan.typed, difference=difference)


def _digest(line: Document) -> bytes:
    """Return what tells lines of plans apart, but for the times that a document bears."""
    told = {
        name: {key: value for key, value in each.items() if key not in _TIMES} if name == "after" and each else each
        for name, each in line.items()
    }
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).digest()


def _named(line: Document) -> str:
    if "deed" in line:
        before = masking.of_document({"before": line["before"]})["before"]
        return f"{line['deed']}{'' if before is None else f' (where there is {before})'}"
    if "database" in line:
        return f"see to the database {line['database']}"
    there = f"revision {line['before'].get('_rev')}" if line["before"] else "no such document"
    return f"change {line['db']}/{line['id']} (where there is {there})"


def shown(plan: Plan) -> Iterator[Report | PlannedDeed]:
    """Yield the plan's changes as the dry run showed them."""
    for each in plan.changes():
        if isinstance(each, PlannedDeed):
            yield each
        elif isinstance(each, PlannedDatabase):
            yield Report(each.database, "", each.act, planned=True)
        else:
            yield Report(each.database, each.id, _action(each), each.before, each.after, planned=True)


def _action(each: Planned) -> str:
    return "deleted" if each.after is None else "created" if each.before is None else "edited"


def _of_database(zone: Zone, planned: PlannedDatabase) -> None:
    if planned.act == "forgotten":
        changes.forget(zone, planned.database)
        return
    # Of an interrupted run the database may be there and its design documents not.
    changes.create_database(zone, planned.database, planned.designs)


def _made(zone: Zone, documents: Iterator[Planned], seen: Callable[[Report], None], *, begun: bool) -> Iterator[Change]:
    for database, group in groupby(documents, key=lambda each: each.database):
        while batch := list(islice(group, BATCH)):
            # What an interrupted run has done is there already, under a revision of its own.
            stored = _documents(zone, database, batch) if begun else {}
            for each in batch:
                found = stored.get(each.id)
                done = begun and _is_done(each, found)
                raced = ChangedMeanwhile(database=database, id=each.id)
                if done:
                    seen(Report(database, each.id, _action(each), each.before, each.after))
                else:
                    yield Change(database, each.after, each.before, partial(_refuse, raced))


def _stale(zone: Zone, database: str, batch: Sequence[Planned], *, begun: bool) -> Iterator[str]:
    try:
        revisions = zone.couchdb.current_revisions(plain(database), [each.id for each in batch])
    except NotFound:
        revisions = {}
    changed = [each for each in batch if revisions.get(each.id) != (each.before or {}).get("_rev")]
    stored = _documents(zone, database, changed) if changed and begun else {}
    for each in changed:
        if not (begun and _is_done(each, stored.get(each.id))):
            yield f"{database}/{each.id}"


def _documents(zone: Zone, database: str, batch: Sequence[Planned]) -> dict[str, Document]:
    try:
        return zone.couchdb.get_many(plain(database), [each.id for each in batch])
    except NotFound:
        return {}


def _is_done(planned: Planned, found: Document | None) -> bool:
    if planned.after is None or found is None:
        return planned.after is found
    return same(without_revision(planned.after), without_revision(found))


def _refuse(error: SupError, _found: Document | None) -> Document:
    raise error
