"""Which changes `undo` and `redo` take back: a run, and the undoings and redoings of it that came after.

An undo never undoes an undo: it walks back from run to run, and redo walks forward again. Each is a run of its own,
which says in its record whose changes it took back or made again (`about`), and at its end whether it came through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kazoo_sup.changes import outboxes
from kazoo_sup.changes.journal import DIRECTORY, UNREADABLE, Journal, Record
from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.zone import Zone

Direction = Literal["undo", "redo"]

_ABOUT: dict[Direction, str] = {"undo": "undoes", "redo": "redoes"}


class NothingToTakeBack(UsageError):
    """{reason}"""

    remedy = "sup history lists the runs, and whether each can be undone"

    reason: str


class StillRunning(UsageError):
    """run {run} ({typed}) has not ended; wait for it, or stop it"""

    remedy = "wait until it has ended, or stop it"

    run: str
    typed: str


class OfAnotherCluster(UsageError):
    """run {run} changed another cluster (its zone was {zone}); choose that with -z or its settings"""

    remedy = "choose that cluster with -z or its settings"

    run: str
    zone: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What is to be taken back of run `about`: what `records` did, the newest first.

    Of the records that are `earlier` attempts at the same only the revisions count that they made.
    """

    direction: Direction
    about: Record
    records: tuple[Record, ...]
    earlier: frozenset[str]

    @property
    def said(self) -> dict[str, str]:
        """What the run that walks says of itself in its record."""
        return {_ABOUT[self.direction]: self.about.run}


def find(
    zone: Zone,
    direction: Direction,
    run: str | None,
    passed_over: Callable[[Record], object] = lambda _record: None,
    *,
    insisting: bool = False,
) -> Walk:
    """Return the walk for RUN, or for the next one in DIRECTION.

    For undo that is the newest run that is not undone; PASSED_OVER hears of those of which nothing can be taken back,
    and of those whose records cannot be read. For redo it is the run that was undone last and not made again. Who is
    INSISTING means a run of which something was left alone once more, before the next one. CouchDB is only asked who it
    is where the run changed something there. Raises what the classes above say.
    """
    journal = Journal(zone.state_dir / DIRECTORY)
    runs = list(journal.runs())
    if run is None:
        every = sorted((*runs, *map(Record, journal.unreadable())), key=lambda each: each.run, reverse=True)
        is_done = _came_through_whole if insisting else _came_through
        about = (_next_to_undo if direction == "undo" else _next_to_redo)(zone, every, passed_over, is_done)
    else:
        about = _named(journal, run)
        if not _is_here(zone, about):
            raise OfAnotherCluster(run=about.run, zone=about.header.zone)
    chain = [each for each in runs if each.run == about.run or _is_about(each) == about.run]
    for each in chain:
        if each.is_running:
            raise StillRunning(run=each.run, typed=each.header.typed)
    return _walk(direction, about, chain)


def _is_here(zone: Zone, record: Record) -> bool:
    """Return whether a run changed this cluster; one that only did deeds is known by its zone."""
    cluster = record.cluster
    return cluster == outboxes.cluster(zone) if cluster else record.header.zone == zone.name


def _named(journal: Journal, run: str) -> Record:
    """Return the run that is called RUN; that of an undo or redo is whose changes it is about."""
    found = journal.find(run)
    about = _is_about(found)
    return journal.find(about) if about else found


def _next_to_undo(
    zone: Zone, runs: list[Record], passed_over: Callable[[Record], object], is_done: Callable[[Record], bool]
) -> Record:
    undone: dict[str, bool] = {}
    for each in runs:
        try:
            about = _is_about(each)
            if about:
                if _came_through(each):
                    undone.setdefault(about, _direction(each) == "undo" and is_done(each))
                continue
            if undone.get(each.run) or not _is_here(zone, each):
                continue
            if each.is_running:
                raise StillRunning(run=each.run, typed=each.header.typed)
            if each.summary.undoable.verdict != "no":
                return each
        except FileNotFoundError:
            continue  # another run has just removed it, to keep the journal within its bounds
        except UNREADABLE:
            pass
        passed_over(each)
    raise NothingToTakeBack(reason="the journal holds no run of this cluster that is not undone already")


def _next_to_redo(
    zone: Zone, runs: list[Record], passed_over: Callable[[Record], object], is_done: Callable[[Record], bool]
) -> Record:
    made_again: set[str] = set()
    by_run = {each.run: each for each in runs}
    for each in runs:
        try:
            about = _is_about(each)
            if not about or about in made_again or about not in by_run or not _is_here(zone, by_run[about]):
                continue
            if _direction(each) == "undo":
                return by_run[about]
            if is_done(each):
                made_again.add(about)
        except FileNotFoundError:
            continue
        except UNREADABLE:
            passed_over(each)
    raise NothingToTakeBack(reason="no run of this cluster was undone that is not made again already")


def _walk(direction: Direction, about: Record, chain: list[Record]) -> Walk:
    """Choose from the CHAIN, newest first: all since the last time that the same came through."""
    chosen: list[Record] = []
    earlier: set[str] = set()
    for each in chain:
        if direction == "redo" and each.run == about.run:
            break
        if _direction(each) == direction:
            if _came_through(each) and len(chosen) > len(earlier):
                break
            earlier.add(each.run)
        chosen.append(each)
    if len(chosen) == len(earlier):
        raise NothingToTakeBack(reason=f"run {about.run} was not undone: there is nothing to make again")
    return Walk(direction, about, tuple(chosen), frozenset(earlier))


def _is_about(record: Record) -> str:
    """Return the run whose changes a run took back or made again; empty for one with changes of its own."""
    about = record.header.about
    return str(about.get("undoes") or about.get("redoes") or "")


def _direction(record: Record) -> Direction | None:
    about = record.header.about
    return "undo" if "undoes" in about else "redo" if "redoes" in about else None


def _came_through(record: Record) -> bool:
    ending = record.ending
    return ending is not None and not ending.unfinished


def _came_through_whole(record: Record) -> bool:
    ending = record.ending
    return ending is not None and not ending.unfinished and not ending.left
