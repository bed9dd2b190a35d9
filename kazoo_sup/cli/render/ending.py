"""What a result turns out to be while it is shown: the errors and reports among its rows or events, its exit code."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Listing, Live, Page, Result, exit_code
from kazoo_sup.terms import Term, as_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kazoo_sup.types import Row


class Ending:
    """Takes in what a stream tells of its end, and knows what that makes of the run."""

    def __init__(self, result: Result) -> None:
        """Begin with what is known before anything is shown."""
        self._result = result
        self._items: BulkReport | None = None
        self._parts: dict[str, BulkReport] = {}
        if result.report is not None:
            self._take(result.report)

    def rest(self, items: Iterable[object]) -> Iterator[Any]:
        """Yield what is neither an error nor a report; those are taken in."""
        for each in items:
            if isinstance(each, SupError):
                self._take(BulkReport(errors=[each]))
            elif isinstance(each, BulkReport):
                self._take(each)
            else:
                yield each

    def pages(self, live: Live) -> Iterator[Iterable[Row]]:
        """Yield the rows of each page."""
        return (page.rows for page in self.rest(live.events))

    def _take(self, report: BulkReport) -> None:
        if report.of:
            before = self._parts.get(report.of)
            self._parts[report.of] = report if before is None else before + report
        else:
            self._items = report if self._items is None else self._items + report

    @property
    def parts(self) -> list[BulkReport]:
        """What became of the parts of the run: of its databases, of its accounts."""
        return list(self._parts.values())

    @property
    def reports(self) -> list[BulkReport]:
        """All that is known of the end."""
        return [*([] if self._items is None else [self._items]), *self.parts]

    @property
    def _failures(self) -> list[SupError]:
        return [each.failure for each in self.parts if each.failure is not None]

    def code(self, *, maintenance: bool, failed: bool) -> int:
        """Return what the run exits with; FAILED tells that a change was reported as failed."""
        codes = {each.exit_code for each in self._failures}
        if codes:
            return codes.pop() if len(codes) == 1 else ExitCode.PARTIAL
        code = self._result.code if isinstance(self._result, Answer | Listing) else None
        return exit_code(self._result.term, self._items, maintenance=maintenance, code=code, failed=failed)

    @property
    def errors(self) -> Sequence[SupError]:
        """What is told at the end."""
        return self._failures or (self._items.errors if self._items is not None else ())

    @property
    def counts(self) -> dict[str, int] | None:
        """How many of each action, where anything was counted; empty where there was nothing to do."""
        return None if self._items is None or self._items.counts is None else dict(self._items.counts)

    @property
    def nothing_was_done(self) -> bool:
        """Whether `ok` would be said of a run in which every item, or a part of the run, failed."""
        report = self._items
        all_failed = report is not None and bool(report.failed) and report.exit_code is ExitCode.FAILED
        return self.is_broken or (self._result.term == OK and all_failed)

    @property
    def is_broken(self) -> bool:
        """Whether a part of the run failed, which has no result then."""
        return bool(self._failures)

    @property
    def _instead(self) -> bool:
        return isinstance(self._result, Answer | Listing) and self._result.instead

    @property
    def term(self) -> Term:
        """What is printed last, NO_RETURN for nothing."""
        return NO_RETURN if self._instead or self.nothing_was_done else self._result.term

    @property
    def data(self) -> object:
        """What machine formats carry as the result."""
        if self._result.data is not None or self._instead:
            return self._result.data
        return None if self.nothing_was_done else as_data(self._result.term)


def is_listing(result: Result) -> bool:
    """Return whether a result has rows."""
    return isinstance(result, Listing) or has_pages(result)


def has_pages(result: Result) -> bool:
    """Return whether a result is a listing that may come more than once."""
    return isinstance(result, Live) and bool(result.columns)


def as_listing(result: Result) -> Result:
    """Return an answer whose data are nothing but objects as the listing that they are, any other result as it is.

    Of objects by name the name is the column `key`. The exit code is that of the answer.
    """
    if not isinstance(result, Answer) or result.instead:
        return result
    found = result.data
    if isinstance(found, Mapping) and all(isinstance(each, Mapping) for each in found.values()):
        rows = [{"key": name, **each} for name, each in found.items()]
    elif isinstance(found, list) and all(isinstance(each, Mapping) for each in found):
        rows = found
    else:
        return result
    columns = tuple(dict.fromkeys(column for each in rows for column in each))
    return Listing(columns, rows, report=result.report, term=result.term, instead=True, code=result.code)


def drained(result: Result) -> Result:
    """Have the work of a dry run done; what it tells of did not take place, so that only its end is left.

    Events in a list tell of what is done already, or why nothing is to be done, and rows of what would be done.
    """
    works = isinstance(result, Live) and not (result.watched or has_pages(result) or isinstance(result.events, list))
    return at_once(result) if works else result


def at_once(result: Result) -> Result:
    """Have everything done that a result would do, or read, while it is shown, and return the whole of it."""
    ending = Ending(result)
    if isinstance(result, Live):
        if has_pages(result):
            pages = [Page(list(rows)) for rows in ending.pages(result)]
            return result._replace(events=[*pages, *ending.reports], report=None)
        deque(ending.rest(result.events), maxlen=0)
        return result._replace(events=ending.reports, report=None)
    if isinstance(result, Listing):
        return result._replace(rows=[*ending.rest(result.rows), *ending.reports], report=None)
    return result._replace(lines=list(result.lines))


def reports(whole: Result) -> list[BulkReport]:
    """Return all that a result knows of its end, once everything is done."""
    ending = Ending(whole)
    streamed = whole.events if isinstance(whole, Live) else whole.rows if isinstance(whole, Listing) else ()
    deque(ending.rest(streamed), maxlen=0)
    return ending.reports
