"""What a command hands back: a value, a listing, work that is done, or work and waiting that somebody watches.

A command never prints. `cli.render` shows its result in the format asked for, and `exit_code` says what the run ends
with. A result is whole when a command returns it, but for two streams: the rows of a Listing are read while they are
shown, and a Live works, or waits, while its events are told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import ExitCode, SupError, worst
from kazoo_sup.terms import OK, UNDEFINED, Atom, Term

if TYPE_CHECKING:
    from typing import Any

    from kazoo_sup.types import Document, Json, Row

    Draw = Callable[[Sequence[Row], int, int], Any]
    """Makes something that rich can draw of rows, for a terminal of so many columns and lines."""

__all__ = [
    "NO_RETURN",
    "OK",
    "UNDEFINED",
    "Answer",
    "BulkReport",
    "Done",
    "Event",
    "Items",
    "Listing",
    "Live",
    "NothingDone",
    "Page",
    "PartlyDone",
    "Result",
    "event_data",
    "exit_code",
    "keep",
    "partly",
    "working",
]

NO_RETURN = Atom("no_return")

KEPT_ERRORS = 100
"""Errors that a report keeps whole; what else failed is counted."""

Event = object
"""What takes place while a Live is watched: a small frozen dataclass, a message (a mapping), a Page or a BulkReport."""


class PartlyDone(SupError):
    """{failed} of {total} {what} failed{example}; the same command tries them again"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it does the rest"

    failed: int
    total: int
    what: str
    reason: str = ""
    """The last error."""
    example: str = ""
    """The first error, where none was told before."""


class NothingDone(SupError):
    """all {total} {what} failed, the last one: {reason}"""

    failed: int
    total: int
    what: str
    reason: str


class BulkReport(NamedTuple):
    """What became of many items.

    `counts` says how many of each action, as the door names them (created, edited, deleted, unchanged, failed) or as
    the command does (skipped, answered); only `failed` are not done. None where nothing was counted. `errors` are the
    first that were met, and the last. `of` is what the items are, in the plural, where they are the parts of a whole
    run (databases, accounts): a run of which parts failed has no result, but a sentence that says how many, and with
    `untold` the first error. `code` is what the run exits with where that is not as with the first error.
    """

    counts: Mapping[str, int] | None = None
    errors: Sequence[SupError] = ()
    of: str = ""
    untold: bool = False
    code: ExitCode | None = None

    @property
    def failed(self) -> int:
        """How many items failed."""
        return (self.counts or {}).get("failed", 0)

    @property
    def unchanged(self) -> int:
        """How many were as they should be."""
        return (self.counts or {}).get("unchanged", 0)

    @property
    def skipped(self) -> int:
        """How many were left out on purpose."""
        return (self.counts or {}).get("skipped", 0)

    @property
    def done(self) -> int:
        """With how many something was done."""
        return self.total - self.failed - self.unchanged - self.skipped

    @property
    def total(self) -> int:
        """How many items there were."""
        return sum((self.counts or {}).values())

    @property
    def exit_code(self) -> ExitCode:
        """What the run exits with as far as its items go: the matrix is in tests/unit/test_results.py."""
        for each in self.errors:
            if each.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
                return each.exit_code
        if self.failure is not None:
            return self.failure.exit_code
        if self.failed:
            return ExitCode.PARTIAL if self.failed < self.total else ExitCode.FAILED
        if self.code is not None:
            return self.code
        return self.errors[0].exit_code if self.errors else ExitCode.OK

    @property
    def failure(self) -> SupError | None:
        """What is told at the end of a run of which parts failed: the error itself where there was only one part."""
        if not self.of or not self.failed:
            return None
        if self.total == 1 and self.errors:
            return self.errors[0]
        in_part = self.failed < self.total or any(each.exit_code is ExitCode.PARTIAL for each in self.errors)
        reason = str(self.errors[-1]) if self.errors else "it is not known why"
        failed, total = self.failed, self.total
        if not in_part:
            return NothingDone(failed=failed, total=total, what=self.of, reason=reason)
        example = f", the first: {self.errors[0]}" if self.untold and self.errors else ""
        return PartlyDone(failed=failed, total=total, what=self.of, reason=reason, example=example)

    def __add__(self, other: BulkReport) -> BulkReport:  # type: ignore[override]  # a report is not a sequence
        """Return the report of both."""
        errors = [*self.errors, *other.errors][: max(KEPT_ERRORS, len(self.errors))]
        counted = [each.counts for each in (self, other) if each.counts is not None]
        counts = sum(map(Counter, counted), Counter()) if counted else None
        return BulkReport(counts, errors, self.of or other.of, self.untold or other.untold, self.code or other.code)

    def as_data(self) -> Document:
        """Return what machine formats carry of it beside the counts."""
        found = {"done": self.done, "unchanged": self.unchanged, "skipped": self.skipped, "failed": self.failed}
        return {"of": self.of, **found}


class Items:
    """Takes in what becomes of the items of a run, OF what they are in the plural; UNTOLD as a BulkReport has it."""

    def __init__(self, of: str, *, untold: bool = False) -> None:
        """Begin with none."""
        self._of = of
        self._untold = untold
        self._counts = Counter(done=0, failed=0)
        self._errors: list[SupError] = []

    def add(self, error: SupError | None = None) -> None:
        """Take in an item that is done, or failed for an ERROR."""
        self._counts["done" if error is None else "failed"] += 1
        if error is not None:
            keep(self._errors, error)

    def include(self, counts: Mapping[str, int], errors: Iterable[SupError] = ()) -> None:
        """Take in how many of each action others counted, and their errors."""
        self._counts.update(counts)
        for each in errors:
            keep(self._errors, each)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self._counts["failed"]

    @property
    def total(self) -> int:
        """How many there were."""
        return self._counts.total()

    @property
    def report(self) -> BulkReport:
        """What became of them so far."""
        return BulkReport(dict(self._counts), tuple(self._errors), self._of, self._untold)

    def end(self) -> None:
        """Raise PartlyDone where items failed, NothingDone where all did, the error itself where there was but one."""
        failure = self.report.failure
        if failure is not None:
            raise failure


def keep(errors: list[SupError], error: SupError) -> None:
    """Take one more ERROR into those that a report will have: the first that were met, and the last."""
    if len(errors) >= KEPT_ERRORS:
        errors.pop()
    errors.append(error)


def partly(answered: int, errors: Sequence[SupError]) -> BulkReport | None:
    """Return the report of many who were asked: how many ANSWERED, the others' errors; None without errors.

    Where nobody answered the run exits as with the worst of the errors.
    """
    if not errors:
        return None
    if answered:
        return BulkReport({"answered": answered, "failed": len(errors)}, errors)
    code = worst(errors).exit_code
    return BulkReport(errors=errors, code=None if code is errors[0].exit_code else code)


class Answer(NamedTuple):
    """A value that was asked for.

    `term` is the Erlang term that Kazoo's function returns, printed last unless it is `no_return`; `lines` are what the
    function prints before that. `data` is what machine formats carry in place of the term, and of the lines: with
    `instead` no format shows the term, which still decides the exit code. `shown` is how the term is written, where who
    returned it has written it already, and `code` what the run exits with where that does not follow from the rest.
    `report` says what could not be read.
    """

    term: Term = OK
    data: object = None
    lines: Iterable[object] = ()
    report: BulkReport | None = None
    instead: bool = False
    shown: str | None = None
    code: int | None = None


class Listing(NamedTuple):
    """Rows, each a mapping with the keys `columns`, which are read while they are shown; nothing is written by that.

    Among the rows may be errors, of parts that could not be read, and reports. `lines` stand before the rows; `csv`
    makes text of them as CSV (RFC 4180) in place of aligned columns. `data` is what machine formats carry as result.
    `term`, `instead` and `code` are as an Answer has them.
    """

    columns: Sequence[str]
    rows: Iterable[Row | SupError | BulkReport]
    lines: Iterable[object] = ()
    data: object = None
    report: BulkReport | None = None
    csv: bool = False
    term: Term = NO_RETURN
    instead: bool = False
    code: int | None = None


class Done(NamedTuple):
    """Work that is done. `lines` are what Kazoo's function prints of it, `report` is what became of each item.

    `data` is what machine formats carry in place of `term`. In a dry run what would be done is shown in place of both.
    """

    term: Term = OK
    lines: Sequence[object] = ()
    report: BulkReport | None = None
    data: object = None


class Page(NamedTuple):
    """A whole listing at one moment: one that is looked at again and again has several.

    Work that is told as a listing has one, an iterator: each row comes when something is done.
    """

    rows: Iterable[Row]

    def as_data(self) -> Document:
        """Return what machine formats carry of it."""
        return {"event": "page", "rows": list(self.rows)}


def _each(events: Iterable[Event]) -> Iterable[Event]:
    return events


class Live(NamedTuple):
    """Work, or waiting, that somebody watches: `events` does it, and yields what takes place.

    `tell` makes lines of the events, as Kazoo words them (see `texts`); machine formats carry the events. Errors and
    reports among them are taken in for the end. `watched` says that nothing is changed and every event is shown at
    once. Pages are shown with `columns`, or on a terminal as `draw` makes it of their rows.
    A dry run works at once, and shows what would change in place of the events.
    """

    events: Iterable[Event]
    tell: Callable[[Iterable[Any]], Iterable[object]] = _each
    term: Term = OK
    data: object = None
    report: BulkReport | None = None
    watched: bool = False
    columns: Sequence[str] = ()
    draw: Draw | None = None


def working(columns: Sequence[str], rows: Iterable[Row]) -> Live:
    """Return work that is told as a listing with COLUMNS: every row is what was done to one item.

    Errors that end the work are raised by ROWS, after what was done before.
    """
    return Live(iter([Page(iter(rows))]), term=NO_RETURN, columns=columns)


Result = Answer | Listing | Done | Live


def exit_code(
    term: Term, report: BulkReport | None, *, maintenance: bool, code: int | None = None, failed: bool = False
) -> int:
    """Work out what the run exits with, from the report first, then as Kazoo's sup.erl:main/2 does.

    Where something was reported as FAILED that the report does not count, the run is at best partly done. CODE is what
    the command itself says.
    """
    if report is not None and report.exit_code is not ExitCode.OK:
        return report.exit_code
    if code is not None:
        return code
    if maintenance and term not in (OK, NO_RETURN):
        return ExitCode.NOT_OK
    return ExitCode.PARTIAL if failed else ExitCode.OK


def event_data(event: Event) -> object:
    """Return an event as machine formats carry it: its name and its fields, theirs as well; a message as it is."""
    if hasattr(event, "as_data"):
        return event.as_data()
    from dataclasses import is_dataclass

    if is_dataclass(event) and not isinstance(event, type):
        named = {"event": re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(event).__name__).lower()}
        return {**named, **_plain(event)}
    return _plain(event)


def _plain(value: object) -> Json:
    from dataclasses import fields, is_dataclass

    if isinstance(value, SupError):
        return {"error": value.identifier, "message": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(each) for key, each in value._asdict().items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
