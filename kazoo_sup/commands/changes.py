"""What runs of sup changed: taken back, made again, carried out from a reviewed plan, or kept for good.

The short words `sup undo`, `sup redo`, `sup apply` and `sup confirm` are these functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kazoo_sup.arguments.reads import FileName, Reads
from kazoo_sup.changes.acting import act_here
from kazoo_sup.command import command
from kazoo_sup.errors import SupError, UsageError
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Listing, Result
from kazoo_sup.settings import Settings
from kazoo_sup.zone import Run, Zone

if TYPE_CHECKING:
    from kazoo_sup.changes.confirming import Waiting
    from kazoo_sup.changes.journal import Record
    from kazoo_sup.kazoo.undo.chain import Direction
    from kazoo_sup.kazoo.undo.judging import Edited

Documents = Annotated[tuple[str, ...] | None, Reads(lambda text, _zone: text, "DOCUMENT")]
"""Documents, each as DATABASE/ID."""


@command
def undo(
    zone: Zone, run: str | None = None, *, merge: bool = False, force: bool = False, only: Documents = None
) -> Result:
    """Take back what RUN changed, or the newest run that is not undone; once more takes the one before.

    RUN is an id of `sup history`, or the beginning of one. Documents that the run created go, those it deleted come
    back, those it edited are as they were; deeds that have a reverse are reversed. What somebody edited since is left
    alone and told, and the exit code is 5; with --merge that edit is kept where the two touch different keys, with
    --force it is lost; without RUN both mean the newest run of which something was left alone. With --only DOCUMENT
    (DATABASE/ID), which may be given several times, just these are taken back. What cannot come back is told first.
    --dry-run shows the difference.
    """
    return _walk(zone, "undo", run, merge=merge, force=force, only=only)


@command
def redo(
    zone: Zone, run: str | None = None, *, merge: bool = False, force: bool = False, only: Documents = None
) -> Result:
    """Make again what RUN changed and was undone, or what was undone last; once more goes on to the run after it.

    RUN is an id of `sup history`, or the beginning of one. What somebody edited since the undo is left alone; --merge,
    --force and --only DOCUMENT (DATABASE/ID) are as with undo.
    """
    return _walk(zone, "redo", run, merge=merge, force=force, only=only)


@command
def apply(zone: Zone, file: FileName, *, show: bool = False) -> Result:
    """Carry out the plan FILE that `sup … --plan FILE` has written: exactly what was reviewed, or nothing.

    It is refused when something has changed since the plan was made, when it was carried out already, and on another
    cluster. One of documents alone that was interrupted is completed by the same command. A plan of anything else runs
    its command once more, where that would do just what was planned. With --show it is only shown, secrets masked,
    whatever has become of it; no server is asked then.
    """
    from kazoo_sup.changes.plans import Plan, PlannedDeed, Use
    from kazoo_sup.kazoo.undo import following, planned

    plan = Plan(Path(file))
    facts = {"plan": plan.id, **{name: plan.header[name] for name in ("made", "user", "host", "zone")}}
    facts = {**facts, "command": plan.typed, "changes": plan.end["changes"]}
    if show:
        if done := Use(zone.state_dir, plan.id).state.get("done"):
            zone.run.warn(f"this plan was carried out at {done}")
        made = f"planned by {plan.header['user']} on {plan.header['host']} at {plan.header['made']}"
        zone.run.would(f"make the {plan.end['changes']} changes of {plan.typed}, {made}, in zone {plan.header['zone']}")
        for each in planned.shown(plan):
            if isinstance(each, PlannedDeed):
                zone.run.would(each.deed)
            else:
                zone.run.report(each)
        return Answer(NO_RETURN, data=facts)
    errors: list[SupError] = []
    with planned.alone(zone, plan):
        planned.check(zone, plan)
        for deed in plan.end["asks"]:
            zone.run.confirm(deed)
        zone.run.confirm_watched(
            f"make the {plan.end['changes']} changes of {plan.typed}, planned at {plan.header['made']}"
        )
        if plan.repeat:
            return planned.repeat(zone, plan)
        follow = following.Following(zone)
        counts = planned.carry_out(zone, plan, follow.note, lambda: errors.extend(follow.finish()))
    return Done(
        NO_RETURN,
        [f"{plan.typed}, planned at {plan.header['made']}: {_said(counts)}"],
        data=facts,
        report=BulkReport(counts, errors),
    )


@command
def confirm(settings: Settings, run: Run, run_id: str = "", *, status: bool = False) -> Result:
    """Keep what a run with --confirm-within changed; without this it is taken back when its time is over.

    RUN_ID is the run's, or the beginning of it; it may be left out where only one waits. With --status nothing is
    confirmed: what waits is shown, and what was taken back in the last 30 days, and how. That works without any server.
    """
    from kazoo_sup.changes.confirming import Waiting
    from kazoo_sup.changes.guard import look_after

    waiting = Waiting(settings.state_dir)
    look_after(settings.state_dir, run.warn)
    known = [(held, _run_of(waiting, held.token)) for held in waiting.all()]
    if status:
        rows = (
            {
                "run": name,
                "state": held.state,
                "until": held.until,
                "command": held.command,
                "said": held.ended.get("said", ""),
            }
            for held, name in known
        )
        return Listing(("run", "state", "until", "command", "said"), rows)
    found = [(held, name) for held, name in known if name.startswith(run_id) and (run_id or held.state == "waiting")]
    if len(found) != 1:
        raise NotOnePlan(reason=_not_one(run_id, [name for _held, name in found]))
    [(held, name)] = found
    in_time = act_here(run, f"keep what run {name} changed: {held.command}", lambda: waiting.confirm(held.token))
    if in_time is None:
        return Done(NO_RETURN)
    if not in_time:
        raise TooLate(run=name, state=(waiting.read(held.token) or held).state)
    return Done(NO_RETURN, [f"kept: run {name}, {held.command}"], data={"run": name, "command": held.command})


def _run_of(waiting: Waiting, token: str) -> str:
    """Return the id of the run that bears a token; nothing where it changed nothing, or that cannot be read."""
    from kazoo_sup.changes.journal import Unreadable

    try:
        record = waiting.record(token)
    except Unreadable:
        return ""
    return record.run if record else ""


class NotOnePlan(UsageError):
    """{reason}"""

    reason: str


class TooLate(SupError):
    """run {run} was not confirmed in time: it is {state}"""

    run: str
    state: str


def _not_one(asked: str, runs: Sequence[str]) -> str:
    if runs:
        return f"more than one waits to be confirmed; name one of {', '.join(runs)}"
    if asked:
        return f"no run {asked} waits to be confirmed; sup confirm --status shows those that do"
    return "nothing waits to be confirmed"


def _walk(
    zone: Zone, direction: Direction, run: str | None, *, merge: bool, force: bool, only: Sequence[str] | None
) -> Result:
    from kazoo_sup.changes.journal import UNREADABLE
    from kazoo_sup.kazoo.undo import chain, following, walking

    if merge and force:
        raise UsageError(reason="--merge keeps what somebody edited since, --force drops it: one of them")
    edited: Edited = "merged" if merge else "overwritten" if force else "left"

    def passed_over(record: Record) -> None:
        try:
            named = f"run {record.run}, {record.header.typed}"
            reason = f"nothing of it can be taken back ({record.summary.undoable.why})"
        except UNREADABLE as error:
            named, reason = f"run {record.run}", str(error)
        zone.run.warn(f"passed over {named}: {reason}")

    walk = chain.find(zone, direction, run, passed_over, insisting=merge or force)
    about = walk.about
    for reason in following.lasting(walk):
        zone.run.warn(f"cannot be taken back: {reason}")
    verb = {"undo": "take back what", "redo": "make again what"}[direction]
    zone.run.confirm_watched(f"{verb} run {about.run} did: {about.header.typed} ({about.header.who})")
    follow = following.Following(zone)
    index = walking.index_of(walk, only=only or ())
    with closing(index), following.recorded(zone, walk) as came_through:
        counts = walking.take_back(zone, walk, index, follow, edited=edited)
        errors = follow.finish()
        if not only and not counts["failed"]:
            came_through(counts[walking.LEFT] > 0)
    line = f"{direction} of {about.run}, {about.header.typed}: {_said(counts)}"
    return Done(
        NO_RETURN, [line], data={"run": about.run, "command": about.header.typed}, report=BulkReport(counts, errors)
    )


def _said(counts: Mapping[str, int]) -> str:
    """Return how often each was done, in words: `1 edited, 1 database deleted`."""
    one = {action: action.replace("databases", "database") for action in counts}
    said = (f"{count} {one[action] if count == 1 else action}" for action, count in counts.items())
    return ", ".join(said) or "nothing to do"
