"""Repairing the two copies of numbers: the walk over databases and pages that all repairs have in common.

A number's document is kept in its number database and, once assigned, in its account's database as well. The repairs
compare and mend the two. What they print is what Kazoo prints. Unlike there they page by key, so that nothing is
passed over while documents change; each page is done when its lines are printed, and a run that was interrupted is
completed by running it again; what cannot be done is reported, and the run then ends partly done.

Source: Kazoo kazoo_number_manager_maintenance:loop_dbs/2, get_results_loop/5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, Report
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.numbers.places import Databases, page_size
from kazoo_sup.kazoo.numbers.summary import Summary
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Row = dict[str, Any]
CONFLICT = "save_docs-conflict"


class PartlyMended(SupError):
    """{failed} of the numbers and databases could not be mended; the same command tries them again"""

    exit_code = ExitCode.PARTIAL


class Unmended(SupError):
    """{database}/{id}: {reason}"""


class Repair:
    """One command's repair: its zone, the size of its pages, and how much of it failed."""

    def __init__(self, zone: Zone) -> None:
        """Read the size of pages from the zone's configuration."""
        self.zone = zone
        self.page = page_size(zone)
        self.failed = 0
        self.summary = Summary()

    def ended(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines, and raise PartlyMended at their end when something failed meanwhile."""
        with changes.together(self.zone):
            yield from lines
        if self.failed:
            raise PartlyMended(failed=self.failed)

    def over(
        self, databases: Databases, step: Callable[[str], Iterable[str]], given: int | None = None
    ) -> Iterator[str]:
        """Take one step for each of the databases, then sum up.

        GIVEN is how many were named, should some have been named twice: Kazoo counts those.
        """
        self.summary = Summary()
        left = databases.count()
        total = left if given is None else given
        for database in databases.names():
            yield f"({left}/{total}) processing '{database}' database"
            yield from step(database)
            left -= 1
        yield from self.summary.report()

    def pages(
        self, database: str, view: tuple[str, str], step: Callable[[list[Row]], Iterable[str]], **query: Any
    ) -> Iterator[str]:
        """Take one step for each page of a view's rows; `query` is what `CouchDB.view` takes.

        A database or view that is missing is noted as failed.
        """
        name = "/".join(view)
        rows = views.rows(self.zone, database, *view, page=self.page, **query)
        loop = 1
        while True:
            yield f"  -- loop {loop}: getting results from {database} {name} (try: 1)"
            try:
                page = list(islice(rows, self.page))
            except NotFound as missing:
                yield "  -- failed to get results: not_found"
                self.summary.touch(database, f"get_results-{name}-not_found")
                self.fail(missing, database)
                return
            if not page:
                yield f"  -- loop {loop}: no more results"
                return
            yield from step(page)
            loop += 1

    def opened(self, database: str, ids: Sequence[str], found: list[Document]) -> Iterator[str]:
        """Put into FOUND the documents of a database with these ids; those missing are noted as failed.

        Source: Kazoo kazoo_number_manager_maintenance:open_docs_from_db/2, which crashes on a missing document.
        """
        if not ids:
            return
        yield f"     opening {len(ids)} documents from {database}"
        documents = self.zone.couchdb.get_many(plain(database), ids)
        if not documents and not self.zone.couchdb.exists(plain(database)):
            yield "       failed to open docs, skipping db: not_found"
        found += [documents[each] for each in ids if each in documents]
        self.fail_all(database, "open_doc-not_found", [each for each in ids if each not in documents], "it is missing")

    def save(self, edits: Iterable[Change]) -> dict[str, list[SupError]]:
        """Save, and return the errors of single documents by database; they are counted, and told by the door."""
        tally = changes.apply(self.zone, edits)
        self.failed += tally.counts["failed"]
        refused: dict[str, list[SupError]] = {}
        for error in tally.errors:
            refused.setdefault(str(error.facts.get("database")), []).append(error)
        for database, errors in refused.items():
            for error in errors:
                conflict = error.id in ("Conflict", "Unmended")
                kind = CONFLICT if conflict else f"save_docs-{error.facts.get('reason')}"
                self.summary.fail(database, kind, [str(error.facts.get("id"))])
        return refused

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
