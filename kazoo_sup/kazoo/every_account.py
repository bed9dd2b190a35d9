"""The same work for many databases: side by side, each for itself, told of in their order, and taken up again.

Kazoo's maintenance functions go over all accounts one after another, and end at the first that fails. Here a few
databases are worked on at once, over as many connections. What one of them prints and reports is told when those before
it are done, so that a run always reads the same. One that fails is reported and the others go on; the run then ends
partly done. A run that was cut off says where to go on, and `start` begins there.
"""

from __future__ import annotations

import copy
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, cast

from kazoo_sup import changes
from kazoo_sup.changes import Report
from kazoo_sup.command import Reads
from kazoo_sup.errors import BadArgument, ExitCode, NotAuthorised, ServerUnreachable, SupError, TimedOut
from kazoo_sup.kazoo.numbers.places import Databases, account_databases
from kazoo_sup.names import account_database, account_id, classification, plain

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from kazoo_sup.zone import Zone

Found = TypeVar("Found")

WORKERS = 4
"""Databases that are worked on at once; CouchDB gets no more connections than these and one."""

AHEAD = 4
"""How many times WORKERS databases may be done or under way that are not told of yet."""

SILENT_IN_A_ROW = 5
"""After so many databases in a row that do not answer in time, the server is taken to be gone."""

Step = Callable[["Zone", str], Found]
"""Works on one database; its zone collects what is reported. Of an iterator that it returns a list is made."""


class PartlyDone(SupError):
    """{failed} of {total} databases failed; the same command tries them again"""

    exit_code = ExitCode.PARTIAL


@dataclass(slots=True)
class Done(Generic[Found]):
    """What became of one database: what the step returned, or the error it raised."""

    database: str
    left: int
    total: int
    found: Found | None = None
    error: SupError | None = None
    told: list[Callable[[], None]] = field(default_factory=list)


class Work(Generic[Found]):
    """One run over many databases: iterating does the work, and yields a `Done` for each in their order.

    `failed` counts those whose step raised; `end` raises PartlyDone when there were any. Errors of the server itself
    end the run: ServerUnreachable, NotAuthorised, and TimedOut when it comes from several databases in a row.
    """

    def __init__(
        self, zone: Zone, databases: Databases, step: Step[Found], *, label: str, total: int | None = None
    ) -> None:
        """Take the (encoded) names of DATABASES; TOTAL is how many, where that is known."""
        self._zone = zone
        self._databases = databases
        self._step = step
        self._label = label
        self.total = databases.count() if total is None else total
        self.failed = 0
        self._silent = 0

    def __iter__(self) -> Iterator[Done[Found]]:
        """Do the work."""
        from concurrent.futures import ThreadPoolExecutor

        count = 0
        following: str | None = None
        patient = True
        workers = 1 if self._zone.run.dry_run else WORKERS
        self._zone.couchdb  # noqa: B018 - made now, not once in every thread
        with ExitStack() as stack:
            advance = stack.enter_context(self._zone.run.progress(self._label, self.total))
            stack.enter_context(changes.together(self._zone))
            pool = ThreadPoolExecutor(workers, thread_name_prefix="database")
            try:
                for database, future in self._under_way(pool, workers * AHEAD):
                    following = database
                    done = future.result()
                    done.left, done.total = self.total - count, self.total
                    self._tell(done)
                    yield done
                    following = None
                    count += 1
                    advance(1)
            except BaseException as ending:
                # Somebody who interrupts, or has set a time, does not wait for what is under way.
                patient = isinstance(ending, Exception | GeneratorExit) and not isinstance(ending, TimedOut)
                if following is not None and self.total > 1:
                    whole = classification(following) == "account"
                    name = account_id(following) if whole else plain(following)
                    self._zone.run.warn(f"{count} of {self.total} databases are done; --from {name} goes on from there")
                raise
            finally:
                pool.shutdown(wait=patient, cancel_futures=True)

    def _tell(self, done: Done[Found]) -> None:
        for tell in done.told:
            tell()
        self._silent = self._silent + 1 if isinstance(done.error, TimedOut) else 0
        if done.error is None:
            return
        if self._silent >= SILENT_IN_A_ROW or isinstance(done.error, ServerUnreachable | NotAuthorised):
            raise done.error
        self.failed += 1
        self._zone.run.report(Report(done.database, "", "failed", error=done.error))

    def end(self) -> None:
        """Raise PartlyDone when a database failed."""
        if self.failed:
            raise PartlyDone(failed=self.failed, total=self.total)

    def _under_way(self, pool: ThreadPoolExecutor, ahead: int) -> Iterator[tuple[str, Future[Done[Found]]]]:
        waiting: deque[tuple[str, Future[Done[Found]]]] = deque()
        for database in self._databases.names():
            waiting.append((database, pool.submit(self._one, database)))
            if len(waiting) >= ahead:
                yield waiting.popleft()
        yield from waiting

    def _one(self, database: str) -> Done[Found]:
        done: Done[Found] = Done(database, 0, 0)
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


def numbered(work: Work[Any], head: Callable[[Done[Any]], str]) -> Iterator[str]:
    """Yield for each database the line that HEAD makes and those its step returned.

    `Done.left` counts down from the number of databases, as Kazoo does. Raises PartlyDone at the end if any failed.
    """
    for done in work:
        yield head(done)
        yield from done.found or ()
    work.end()


def pid() -> str:
    """Return what stands for the process that Kazoo names in front of its lines."""
    return f"<0.{os.getpid()}.0>"


def _account(text: str, _zone: object) -> str:
    found = account_id(text)
    if found is None:
        raise ValueError(f"{text!r} is neither an account's id nor its database")
    return found


Start = Annotated[str | None, Reads(_account, "ACCOUNT")]
"""The account at which a run over all of them begins."""


def _collecting(zone: Zone, told: list[Callable[[], None]]) -> Zone:
    """Return the zone for one step: what it reports and warns of is kept until it is its turn."""
    run = zone.run

    def keep(tell: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda said: told.append(lambda: tell(said))

    collecting = copy.copy(zone)
    collecting.run = replace(
        run, report=keep(run.report), warn=keep(run.warn), hint=keep(run.hint), progress=_no_progress
    )
    return collecting


def _no_progress(_label: str, _total: int | None) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda done: None)
