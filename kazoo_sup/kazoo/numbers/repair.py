"""Repairing the two copies of numbers: the walk over databases and pages that all repairs have in common.

A number's document is kept in its number database and, once assigned, in its account's database as well. The repairs
compare and mend the two, and yield what takes place. Unlike in Kazoo they page by key, so that nothing is passed over
while documents change; each page is done when its events have come, and a run that was interrupted is
completed by running it again; what cannot be done is reported, and the run then ends partly done.

Source: Kazoo kazoo_number_manager_maintenance:loop_dbs/2, get_results_loop/5.
"""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, Tally
from kazoo_sup.errors import Conflict, ExitCode, NotFound, SaveRefused, SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts, Steps, ends_all
from kazoo_sup.kazoo.databases.walk import Databases, page_size
from kazoo_sup.kazoo.numbers.repair_events import (
    DatabaseBegun,
    DatabaseMissing,
    DocumentsAsked,
    PageAsked,
    PagesEnded,
    Summed,
    ViewMissing,
)
from kazoo_sup.kazoo.numbers.summary import Summary
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import Unpack

    from kazoo_sup.results import Event
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, ViewRow
    from kazoo_sup.zone import Zone

CONFLICT = "save_docs-conflict"


class PartlyMended(SupError):
    """{failed} of the numbers and databases could not be mended; the same command tries them again"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it does the rest"

    failed: int


class Unmended(SupError):
    """{database}/{id}: {reason}"""

    database: str
    id: str
    reason: str


class Repair:
    """One command's repair: its zone, the size of its pages, and how much of it failed."""

    def __init__(self, zone: Zone) -> None:
        """Read the size of pages from the zone's configuration."""
        self.zone = zone
        self.page = page_size(zone)
        self.failed = 0
        self.summary = Summary()
        self.steps = Steps()
        self._parts = Parts(zone, tell=self._left_out)

    def ended(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events, and raise PartlyMended at their end when something failed meanwhile."""
        with changes.together(self.zone):
            yield from events
        self.steps.end()
        if self.failed:
            raise PartlyMended(failed=self.failed)

    def over(self, databases: Databases, step: Callable[[str], Iterable[Event]]) -> Iterator[Event]:
        """Take one step for each of the databases, then sum up."""
        self.summary = Summary()
        left = databases.count()
        total = databases.named or left
        for database in databases.names():
            yield DatabaseBegun(database, left, total)
            with self._parts.part(database):
                yield from step(database)
            left -= 1
        yield Summed(self.summary)

    def pages(
        self,
        database: str,
        view: tuple[str, str],
        step: Callable[[list[ViewRow]], Iterable[Event]],
        **query: Unpack[ViewQuery],
    ) -> Iterator[Event]:
        """Take one step for each page of a view's rows; `query` is what `CouchDB.view` takes.

        A database or view that is missing is noted as failed.
        """
        name = "/".join(view)
        asked: ViewQuery = {**query, "page": self.page}
        rows = views.rows_for_change(self.zone, database, *view, **asked)
        for loop in count(1):
            yield PageAsked(database, name, loop)
            try:
                page = list(islice(rows, self.page))
            except NotFound as missing:
                yield ViewMissing(database, name)
                self.summary.touch(database, f"get_results-{name}-not_found")
                self.fail(missing, database)
                return
            if not page:
                yield PagesEnded(loop)
                return
            yield from step(page)

    def open(self, database: str, ids: Sequence[str]) -> Generator[Event, None, list[Document]]:
        """Return the documents of a database with these ids; those missing are noted as failed.

        Source: Kazoo kazoo_number_manager_maintenance:open_docs_from_db/2, which crashes on a missing document.
        """
        if not ids:
            return []
        yield DocumentsAsked(database, len(ids))
        documents = self.zone.couchdb.get_many(plain(database), ids)
        if not documents and not self.zone.couchdb.exists(plain(database)):
            yield DatabaseMissing(database)
        self.fail_all(database, "open_doc-not_found", [each for each in ids if each not in documents], "it is missing")
        return [documents[each] for each in ids if each in documents]

    def save(self, edits: Iterable[Change]) -> dict[str, list[SupError]]:
        """Save, and return the errors of single documents by database; they are counted, and told by the door."""
        tally = Tally()
        try:
            changes.apply(self.zone, edits, seen=tally.add)
        except SupError as problem:
            if ends_all(problem):
                raise
            self.fail(problem, "")
        self.failed += tally.counts["failed"]
        refused: dict[str, list[SupError]] = {}
        for error in tally.errors:
            if isinstance(error, Conflict | SaveRefused | Unmended):
                refused.setdefault(error.database, []).append(error)
                kind = f"save_docs-{error.reason}" if isinstance(error, SaveRefused) else CONFLICT
                self.summary.fail(error.database, kind, [error.id])
        return refused

    def _left_out(self, database: str, error: SupError) -> None:
        """Note a database that failed, at any of its pages: what is left of it was not done."""
        self.summary.touch(database, str(error))
        self.fail(error, database)

    def fail(self, error: SupError, database: str, identifier: str = "") -> None:
        """Count and tell something that could not be done and that the door does not know of."""
        self.failed += 1
        self.zone.run.report(Report(database, identifier, "failed", error=error))

    def fail_all(self, database: str, kind: str, ids: Sequence[str], reason: str) -> None:
        """Note numbers that failed: under KIND in the summary, with REASON for people."""
        if ids:
            self.summary.fail(database, kind, ids)
        for each in ids:
            self.fail(Unmended(database=database, id=each, reason=reason), database, each)
