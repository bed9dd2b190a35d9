"""`-f ndjson`: one JSON object a line, each written as soon as it is known.

A row is a line as it is. Whatever else there is goes by a key of its own: `text`, `event`, `result` (with `counts`),
`error`, and `warning` where standard error goes to the same place; a change is as in the envelope's `changes`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kazoo_sup.cli.render.ending import Ending, has_pages, is_listing
from kazoo_sup.cli.render.listings import to_json
from kazoo_sup.cli.render.reports import as_json
from kazoo_sup.concurrency import held
from kazoo_sup.results import NO_RETURN, Listing, Live, event_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kazoo_sup.arguments.descriptions import Command
    from kazoo_sup.changes import Report
    from kazoo_sup.errors import SupError
    from kazoo_sup.results import Result
    from kazoo_sup.types import Document


class Lines:
    """The renderer; it is handed what `output` knows: how to say a sentence, and an error's JSON."""

    def __init__(
        self,
        say: Callable[[str], None],
        error_as_json: Callable[[SupError], Document],
        *,
        alone: bool,
    ) -> None:
        """Nothing is written yet. What people are told is a line of its own where the lines are not ALONE there."""
        self._say = say
        self._alone = alone
        self._error_as_json = error_as_json
        self._failed = False
        self._planned = False
        self._begun = ""
        self._told: SupError | None = None

    def start(self, command: Command, words: Sequence[str]) -> None:
        """Show nothing."""

    def report(self, report: Report) -> None:
        """Write what became of one change."""
        self._failed = self._failed or report.error is not None
        self._planned = self._planned or report.planned
        self._told = report.error or self._told
        _write(as_json(report))
        if report.error and self._alone:
            self._say(str(report.error))

    def printed(self, piece: str) -> None:
        """Write the lines that are whole now."""
        *whole, self._begun = (self._begun + piece).split("\n")
        for line in whole:
            _write({"text": line})

    def _end_printed(self) -> None:
        if self._begun:
            self.printed("\n")

    def would(self, deed: str) -> None:
        """Write what a run that only shows it would do."""
        self._planned = True
        _write({"text": f"would {deed}"})

    def finish(self, result: Result, *, maintenance: bool) -> int:
        """Write the answer, line by line."""
        self._end_printed()
        ending = Ending(result)
        if not self._planned:
            for each in _shown(result, ending):
                _write(each)
        code = ending.code(maintenance=maintenance, failed=self._failed)
        if not is_listing(result) and not ending.is_broken and (result.term != NO_RETURN or result.data is not None):
            counts = {} if ending.counts is None else {"counts": ending.counts}
            _write({"result": ending.data, **counts})
        for error in ending.errors:
            self.fail(error)
        return code

    def tell(self, sentence: str) -> None:
        """Tell the person at standard error something."""
        if self._alone:
            self._say(sentence)
        else:
            _write({"warning": sentence})

    def fail(self, error: SupError) -> None:
        """Write an error, so that a listing that ends early is not taken for a whole one."""
        if error is self._told:
            return
        self._told = error
        self._end_printed()
        _write({"error": self._error_as_json(error)})
        if self._alone:
            self._say(str(error))


def _shown(result: Result, ending: Ending) -> Iterator[object]:
    """Yield what comes before the result, each as a line carries it."""
    if isinstance(result, Live):
        if has_pages(result):
            for rows in ending.pages(result):
                yield from rows
            return
        for each in ending.rest(result.events):
            yield {"text": each} if isinstance(each, str) else event_data(each)
        return
    for line in result.lines:
        yield {"text": str(line)}
    if isinstance(result, Listing):
        yield from ending.rest(result.rows)


def _write(value: object) -> None:
    """Write a line, which whoever reads a pipe has at once: the next may take its time."""
    with held():
        print(to_json(value))
    sys.stdout.flush()
