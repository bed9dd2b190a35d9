"""The same work for many databases: side by side, each for itself, told of in their order, and taken up again.

Kazoo's maintenance functions go over all accounts one after another, and end at the first that fails. Here a few
databases are worked on at once, over as many connections. What one of them prints and reports is told when those before
it are done, so that a run always reads the same. One that fails is reported and the others go on; the run then ends
partly done. A run that was cut off says where to go on, and `start` begins there.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from kazoo_sup import changes
from kazoo_sup.concurrency import is_interruption, outcome
from kazoo_sup.errors import BadArgument, SupError, TimedOut
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.databases.walk import Databases, account_databases
from kazoo_sup.messages.names import account_database, account_id, classification, plain
from kazoo_sup.zone import no_progress

__all__ = ["DatabaseDone", "DatabaseWorkedOn", "Work", "accounts", "followed", "pid", "some"]

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")
Said = TypeVar("Said")
Events = TypeVar("Events", bound="Iterable[Event] | None")

WORKERS = 4
"""Databases that are worked on at once; CouchDB gets no more connections than these and one."""

AHEAD = 4
"""How many times WORKERS databases may be done or under way that are not told of yet."""

Step = Callable[["Zone", str], Found]
"""Works on one database; its zone collects what is reported. Of an iterator that it returns a list is made."""


@dataclass(frozen=True, slots=True)
class DatabaseWorkedOn:
    """An (encoded) database had its turn: it was one of `total`, of which `left` were left with it."""

    database: str
    left: int
    total: int

    @property
    def place(self) -> int:
        """Its place among all, counted from 1."""
        return self.total - self.left + 1


@dataclass(slots=True)
class DatabaseDone(Generic[Found]):
    """What became of one database: what the step returned, or the error it raised."""

    database: str
    left: int
    total: int
    found: Found | None = None
    error: SupError | None = None
    told: list[Callable[[], None]] = field(default_factory=list)


class Work(Generic[Found]):
    """One run over many databases: iterating does the work, and yields a `DatabaseDone` for each in their order.

    `failed` counts those whose step raised; `end` raises PartlyDone when there were any (see `Parts`). Only a server
    that is gone ends the run.
    """

    def __init__(
        self,
        zone: Zone,
        databases: Databases,
        step: Step[Found],
        *,
        label: str,
        parts: Parts | None = None,
    ) -> None:
        """Take the (encoded) names of DATABASES; PARTS is handed from one part of a run to the next."""
        self._zone = zone
        self._databases = databases
        self._step = step
        self._label = label
        self.total = databases.count()
        self._parts = parts or Parts(zone)

    def __iter__(self) -> Iterator[DatabaseDone[Found]]:
        """Do the work."""
        from concurrent.futures import ThreadPoolExecutor

        count = 0
        following: str | None = None
        patient = True
        workers = changes.if_made(self._zone, lambda: WORKERS, shown=lambda: 1)
        self._zone.couchdb  # noqa: B018 - made now, not once in every thread
        with ExitStack() as stack:
            advance = stack.enter_context(self._zone.run.progress(self._label, self.total))
            stack.enter_context(changes.together(self._zone))
            pool = ThreadPoolExecutor(workers, thread_name_prefix="database")
            try:
                for database, future in self._under_way(pool, workers * AHEAD):
                    following = database
                    done = outcome(future)
                    done.left, done.total = self.total - count, self.total
                    self._tell(done)
                    yield done
                    following = None
                    count += 1
                    advance(1)
            except BaseException as ending:
                # Somebody who interrupts, or has set a time, does not wait for what is under way.
                patient = not (is_interruption(ending) or isinstance(ending, TimedOut))
                if following is not None and self.total > 1:
                    whole = classification(following) == "account"
                    name = account_id(following) if whole else plain(following)
                    self._zone.run.warn(f"{count} of {self.total} databases are done; --from {name} goes on from there")
                raise
            finally:
                pool.shutdown(wait=patient, cancel_futures=True)

    def _tell(self, done: DatabaseDone[Found]) -> None:
        for tell in done.told:
            tell()
        self._parts.settle(done.database, done.error)

    @property
    def failed(self) -> int:
        """How many databases failed."""
        return self._parts.failed

    @property
    def report(self) -> BulkReport:
        """What became of the databases so far."""
        return self._parts.report

    def end(self) -> None:
        """Raise as `Parts.end` does when a database failed."""
        self._parts.end()

    def _under_way(self, pool: ThreadPoolExecutor, ahead: int) -> Iterator[tuple[str, Future[DatabaseDone[Found]]]]:
        waiting: deque[tuple[str, Future[DatabaseDone[Found]]]] = deque()
        for database in self._databases.names():
            waiting.append((database, pool.submit(self._one, database)))
            if len(waiting) >= ahead:
                yield waiting.popleft()
        yield from waiting

    def _one(self, database: str) -> DatabaseDone[Found]:
        done: DatabaseDone[Found] = DatabaseDone(database, 0, 0)
        try:
            found: Any = self._step(_collecting(self._zone, done.told), database)
            done.found = cast("Found", list(found) if isinstance(found, Iterator) else found)
        except SupError as error:
            done.error = error
        return done


def accounts(zone: Zone, start: str | None = None, *, backwards: bool = False) -> Databases:
    """Return every account's database, from that of account START (an id) on.

    BACKWARDS begins with the last one; all names are kept in memory then. Raises BadArgument when START has none.
    """
    every = account_databases(zone)
    first = None if start is None else account_database(start)
    if first is not None and not any(name == first for name in every.names()):
        raise BadArgument(parameter="--from", reason=f"account {start} has no database")
    if backwards:
        return Databases(lambda: reversed([name for name in every.names() if first is None or name <= first]))
    return Databases(lambda: (name for name in every.names() if first is None or name >= first))


def some(chosen: list[str]) -> Databases:
    """Return the databases of these accounts, ids, in this order."""
    return Databases(lambda: map(account_database, chosen))


def followed(work: Work[Events]) -> Iterator[Event]:
    """Yield for each database that it had its turn, then the events that its step returned; at last the report."""
    for done in work:
        yield DatabaseWorkedOn(done.database, done.left, done.total)
        found: Iterable[Event] | None = done.found
        yield from found or ()
    yield work.report


def pid() -> str:
    """Return what stands for the process that Kazoo names in front of its lines."""
    return f"<0.{os.getpid()}.0>"


def _collecting(zone: Zone, told: list[Callable[[], None]]) -> Zone:
    """Return the zone for one step: what it reports and warns of is kept until it is its turn."""
    run = zone.run

    def keep(tell: Callable[[Said], None]) -> Callable[[Said], None]:
        return lambda said: told.append(lambda: tell(said))

    return zone.with_run(
        run._replace(report=keep(run.report), warn=keep(run.warn), hint=keep(run.hint), progress=no_progress)
    )
