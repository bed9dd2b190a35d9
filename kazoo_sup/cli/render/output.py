"""Renders what a command does and answers, in the format asked for.

`text` is what Kazoo's `sup` prints. `json` and `yaml` are one envelope (`sup`: its version) for success, partial
success and error alike; it is written as it comes, so that listings of any length take constant memory, and it is
closed whatever happens. `table` draws listings with rich. Sentences for people go to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, TextIO

from kazoo_sup import terms
from kazoo_sup.cli.render.ending import Ending, as_listing, has_pages, is_listing
from kazoo_sup.cli.render.listings import draw_pages, plain_json, print_csv, print_rows, print_table, to_json
from kazoo_sup.cli.render.reports import as_json, documents
from kazoo_sup.concurrency import held
from kazoo_sup.errors import Delivered, ExitCode, SupError, UsageError
from kazoo_sup.results import NO_RETURN, Answer, Listing, Live, Result, event_data
from kazoo_sup.texts import printable
from kazoo_sup.texts.differences import unified

if TYPE_CHECKING:
    from kazoo_sup.arguments.descriptions import Command
    from kazoo_sup.changes import Report
    from kazoo_sup.types import Document, Row

ENVELOPE_VERSION = 1

KEPT_EVENTS = 1000
"""Events of work that an envelope holds at most."""


class Renderer(Protocol):
    """Takes what happens in the order it happens: the start, reports of changes, then one result or one error."""

    def start(self, command: Command, words: Sequence[str]) -> None:
        """Show what is about to run, where that was asked for."""

    def report(self, report: Report) -> None:
        """Show what became of one change, or would."""

    def printed(self, piece: str) -> None:
        """Show a piece of what a function on a node prints, as it comes; lines may be whole or not."""

    def finish(self, result: Result, *, maintenance: bool) -> int:
        """Show the command's answer and return the exit code; where a listing raises on the way, `fail` ends it.

        What a listing counts and fails on is known only when it has been shown.
        """

    def would(self, deed: str) -> None:
        """Show what a run that only shows it would do; the text that reports it as done is left out then."""

    def tell(self, sentence: str) -> None:
        """Tell the person at standard error something, where that does not go into the answer."""

    def fail(self, error: SupError) -> None:
        """Show the error that ended the command."""


def renderer(
    output_format: str, command: str, warnings: Sequence[str], *, verbose: bool = False, line: int = 0
) -> Renderer:
    """Return the renderer of OUTPUT_FORMAT for COMMAND; WARNINGS is the run's list, read when the envelope ends.

    LINE is that of a command among several: what people are told names it, and each envelope is a line of its own, or a
    document in a stream of them.
    """
    if output_format == "json":
        return _Machine(_JsonEnvelope(sys.stdout, whole=not line), command, warnings, line)
    if output_format == "yaml":
        return _Machine(_YamlEnvelope(sys.stdout, whole=not line), command, warnings, line)
    if output_format == "ndjson":
        from kazoo_sup.cli.render.ndjson import Lines

        return Lines(partial(_say_of, line), error_as_json, alone=not _are_one(sys.stdout, sys.stderr))
    if output_format in ("csv", "prometheus"):
        return _Joined(print_csv if output_format == "csv" else _print_metrics, output_format, line)
    return _Text(print_table if output_format == "table" else print_rows, verbose=verbose, line=line)


def say(sentence: str) -> None:
    """Tell the person at standard error something, in one line; where that cannot be written nobody is told."""
    with suppress(OSError):
        print(f"sup: {printable.lines(sentence)}", file=sys.stderr, flush=True)


def _say_of(line: int, sentence: str) -> None:
    """Tell the person something about the command in LINE, or about the only one."""
    say(f"line {line}: {sentence}" if line else sentence)


def _print(line: object, *, flush: bool = False) -> None:
    """Print a line that a command answers, whoever said what is in it."""
    print(printable.lines(str(line)), flush=flush)


class _Text:
    def __init__(self, show_rows: Callable[[Sequence[str], Iterable[Row]], None], *, verbose: bool, line: int) -> None:
        self._show_rows = show_rows
        self._verbose = verbose
        self._line = line
        self._planned = False
        self._told: SupError | None = None
        self._failed = False

    def start(self, command: Command, words: Sequence[str]) -> None:
        if self._verbose:
            from kazoo_sup.changes.masking import of_words

            _print(f"Running {command.module}:{command.name}({', '.join(of_words(command.shown(words)))})")

    def printed(self, piece: str) -> None:
        sys.stdout.write(printable.lines(piece))
        sys.stdout.flush()

    def report(self, report: Report) -> None:
        if report.error:
            self._failed = True
            self.fail(report.error)
        elif report.planned:
            self._planned = True
            for line in _diff(report):
                _print(line)
            if not report.id:
                _print(f"database {report.database}: would be {report.action}")

    def would(self, deed: str) -> None:
        self._planned = True
        _print(f"would {deed}")

    def finish(self, result: Result, *, maintenance: bool) -> int:
        ending = Ending(result)
        if not self._planned:
            self._show(result, ending)
            if ending.term != NO_RETURN:
                shown = result.shown if isinstance(result, Answer) else None
                _print(f"{'Result: ' if self._verbose else ''}{terms.dumps(ending.term) if shown is None else shown}")
        for error in ending.errors:
            self.fail(error)
        counts = ending.counts
        if counts is not None and sys.stderr.isatty():
            counted = ", ".join(f"{count} {action}" for action, count in counts.items() if count)
            say(f"{'would be ' if self._planned else ''}{counted or 'nothing to change'}")
        return ending.code(maintenance=maintenance, failed=self._failed)

    def _show(self, result: Result, ending: Ending) -> None:
        """Print what comes before the term."""
        if isinstance(result, Live):
            if has_pages(result):
                self._show_pages(result, ending.pages(result))
                return
            for line in result.tell(ending.rest(result.events)):
                _print(line, flush=result.watched)
            return
        for line in result.lines:
            _print(line)
        if isinstance(result, Listing):
            show = print_csv if result.csv and self._show_rows is print_rows else self._show_rows
            rows = ending.rest(result.rows)
            if result.columns:
                show(result.columns, rows)
            else:  # a query left no row
                deque(rows, maxlen=0)

    def _show_pages(self, live: Live, pages: Iterable[Iterable[Row]]) -> None:
        if live.draw and self._show_rows is print_rows and sys.stdout.isatty():
            draw_pages(live.draw, pages, live=live.watched)
            return
        for number, rows in enumerate(pages):
            if number:
                print()
            self._show_rows(live.columns, rows)
            sys.stdout.flush()

    def tell(self, sentence: str) -> None:
        _say_of(self._line, sentence)

    def fail(self, error: SupError) -> None:
        # The error that ends a command may be the one that a report has told already.
        if error is not self._told:
            _say_of(self._line, str(error))
        self._told = error


class _Joined(_Text):
    """A format for listings alone, in which several pages are one."""

    def __init__(self, show_rows: Callable[[Sequence[str], Iterable[Row]], None], name: str, line: int) -> None:
        super().__init__(show_rows, verbose=False, line=line)
        self._name = name

    def finish(self, result: Result, *, maintenance: bool) -> int:
        if isinstance(result, Live) and result.watched and self._name == "prometheus":
            raise UsageError(reason="-f prometheus tells how all is once; have it run again in place of --watch")
        result = as_listing(result)
        if not is_listing(result):
            self.tell(f"-f {self._name} is for listings; this is not one, and is shown as text")
        return super().finish(result, maintenance=maintenance)

    def _show(self, result: Result, ending: Ending) -> None:
        if isinstance(result, Listing):  # what it says beside its rows is for people, and no part of the format
            for line in result.lines:
                self.tell(str(line))
            result = result._replace(lines=())
        super()._show(result, ending)

    def _show_pages(self, live: Live, pages: Iterable[Iterable[Row]]) -> None:
        self._show_rows(live.columns, _flushed(pages))


def _flushed(pages: Iterable[Iterable[Row]]) -> Iterator[Row]:
    for rows in pages:
        yield from rows
        sys.stdout.flush()


def _print_metrics(_columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print how the components of zones are as Prometheus reads it."""
    import time

    from kazoo_sup.texts import metrics

    for line in metrics.lines(rows, time.time()):
        print(line)


class _Machine:
    def __init__(self, envelope: _Envelope, command: str, warnings: Sequence[str], line: int) -> None:
        self._begun_or_not = envelope
        self._head = {"sup": ENVELOPE_VERSION, "command": command, **({"line": line} if line else {})}
        self._line = line
        self._warnings = warnings
        self._deeds: list[str] = []
        self._lines: Callable[[object], None] | None = None
        self._begun = ""
        self._reports: Callable[[object], None] | None = None
        self._late: list[Document] | None = None
        self._ended = False
        self._failed = False
        self._both_in_one_place = _are_one(sys.stdout, sys.stderr)

    @property
    def _envelope(self) -> _Envelope:
        """The envelope, begun when there is something to write: who is ended before leaves no half one."""
        for key, value in self._head.items():
            self._begun_or_not.field(key, value)
        self._head = {}
        return self._begun_or_not

    def start(self, command: Command, words: Sequence[str]) -> None: ...

    def printed(self, piece: str) -> None:
        *whole, self._begun = (self._begun + piece).split("\n")
        if not whole:
            return
        with held():
            if self._lines is None:
                self._lines = self._envelope.items("text")
                self._late = self._late or []
            for line in whole:
                self._lines(line)
            sys.stdout.flush()

    def _end_printed(self) -> None:
        """Write the last line of what was printed, which has no end."""
        if self._begun:
            self.printed("\n")

    def report(self, report: Report) -> None:
        self._failed = self._failed or report.error is not None
        if self._late is not None:
            self._late.append(as_json(report))
            return
        with held():
            if self._reports is None:
                self._reports = self._envelope.items("changes")
            self._reports(as_json(report))

    def would(self, deed: str) -> None:
        self._deeds.append(deed)

    def finish(self, result: Result, *, maintenance: bool) -> int:
        self._end_printed()
        ending = Ending(result)
        if isinstance(result, Live):
            self._follow(result, ending)
        else:
            self._stream_lines(result.lines)
        if isinstance(result, Listing):
            self._stream("rows", ending.rest(result.rows))
        code = ending.code(maintenance=maintenance, failed=self._failed)
        statuses: dict[int, str] = {ExitCode.OK: "ok", ExitCode.NOT_OK: "not_ok", ExitCode.PARTIAL: "partial"}
        status = statuses.get(code, "error")
        with held():
            self._envelope.field("result", ending.data)
            if ending.counts is not None:
                self._envelope.field("counts", ending.counts)
            if ending.parts:
                self._envelope.field("reports", [each.as_data() for each in ending.parts])
            self._end(status, code, ending.errors)
        return code

    def _stream_lines(self, lines: Iterable[object]) -> None:
        if self._lines is None:
            self._stream("text", [f"would {deed}" for deed in self._deeds] or lines)

    def _follow(self, live: Live, ending: Ending) -> None:
        """Write what takes place: as it comes where that is all there is, otherwise when the changes are written.

        A run that works may tell of more than memory should hold: the first are kept, and `-f ndjson` has them all.
        """
        if has_pages(live):
            if not live.watched:
                self._stream_lines(())
            rows = (row for page in ending.pages(live) for row in page)
            self._stream("rows", rows, live=live.watched)
            return
        events = ending.rest(live.events)
        if live.watched:
            self._stream("events", map(event_data, events), live=True)
            return
        kept: list[object] = []
        try:
            for each in events:
                if len(kept) < KEPT_EVENTS:
                    kept.append(each)
        finally:
            self._stream_lines([each for each in kept if isinstance(each, str)])
            told = [event_data(each) for each in kept if not isinstance(each, str)]
            if told:
                self._stream("events", told)

    def fail(self, error: SupError) -> None:
        with held():
            self._end("error", error.exit_code, [error])
        self.tell(str(error))

    def tell(self, sentence: str) -> None:
        # Where both go to one place the sentence would be inside the document, which holds it already.
        if not self._both_in_one_place:
            _say_of(self._line, sentence)

    def _stream(self, key: str, values: Iterable[object], *, live: bool = False) -> None:
        """Write a list as it comes; what is reported from now on waits for its end, or it would end up in there."""
        with held():
            add = self._envelope.items(key)
            self._late = self._late or []
        for each in values:
            with held():
                add(each)
                if live:
                    sys.stdout.flush()

    def _end(self, status: str, code: int, errors: Sequence[SupError]) -> None:
        if self._ended:
            return
        self._end_printed()
        late = self._late or []
        if late and self._reports is None:
            add = self._envelope.items("changes")
            for each in late:
                add(each)
            late = []
        self._envelope.field("warnings", list(self._warnings))
        self._envelope.field("errors", [*late, *(error_as_json(error) for error in errors)])
        self._envelope.field("status", status)
        self._envelope.field("exit_code", int(code))
        self._envelope.close()
        self._ended = True


def _are_one(one: TextIO | None, other: TextIO | None) -> bool:
    """Return whether two streams go to the same file, pipe or terminal."""
    try:
        return one is not None and other is not None and os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):
        return False


_DELIVERED: Mapping[Delivered, dict[str, bool]] = {
    Delivered.NO: {"sent": False},
    Delivered.MAYBE: {"lost": True},
    Delivered.YES: {},
}
"""What the facts of an error in JSON say of the request that it is about."""


def error_as_json(error: SupError) -> Document:
    """Return an error with its stable id, its sentence, the facts behind it, and what to do where that is known."""
    facts = {key: fact for key, fact in error.attributes.items() if isinstance(fact, str | int | float | bool | None)}
    found = {"id": error.identifier, "message": str(error), "facts": {**facts, **_DELIVERED[error.delivered]}}
    return {**found, "fix": error.fix} if error.fix else found


class _Envelope(Protocol):
    """One mapping, written key by key."""

    def field(self, key: str, value: object) -> None: ...
    def items(self, key: str) -> Callable[[object], None]: ...
    def close(self) -> None: ...


class _JsonEnvelope:
    def __init__(self, stream: TextIO, *, whole: bool) -> None:
        """Write to STREAM, on as many lines as it takes, or all on one where the envelope is one of several."""
        self._stream = stream
        self._next_key, self._next_item, self._last_line = ("\n ", "\n  ", "\n") if whole else ("", "", "")
        self._before_key = "{"
        self._before_item = ""

    def field(self, key: str, value: object) -> None:
        self._key(key)
        self._stream.write(to_json(value))

    def items(self, key: str) -> Callable[[object], None]:
        self._key(key)
        self._before_item = "["

        def add(value: object) -> None:
            self._stream.write(f"{self._before_item}{self._next_item}{to_json(value)}")
            self._before_item = ","

        return add

    def close(self) -> None:
        self._end_items()
        self._stream.write(f"{self._last_line}}}\n")

    def _key(self, key: str) -> None:
        self._end_items()
        self._stream.write(f"{self._before_key}{self._next_key}{to_json(key)}: ")
        self._before_key = ","

    def _end_items(self) -> None:
        if self._before_item:
            self._stream.write("[]" if self._before_item == "[" else f"{self._next_key}]")
            self._before_item = ""


class _YamlEnvelope:
    def __init__(self, stream: TextIO, *, whole: bool) -> None:
        """Write to STREAM, as the only document there or as one of several."""
        self._stream = stream
        self._before = "" if whole else "---\n"
        self._open_list = ""

    def field(self, key: str, value: object) -> None:
        self._stream.write(self._before)
        self._before = ""
        self._end_items()
        self._dump({key: value})

    def items(self, key: str) -> Callable[[object], None]:
        self._end_items()
        self._open_list = key

        def add(value: object) -> None:
            if self._open_list:
                self._stream.write(f"{self._open_list}:\n")
                self._open_list = ""
            self._dump([value])

        return add

    def close(self) -> None:
        self._end_items()

    def _end_items(self) -> None:
        if self._open_list:
            self._stream.write(f"{self._open_list}: []\n")
            self._open_list = ""

    def _dump(self, value: object) -> None:
        import yaml

        # Through JSON, so that YAML shows the same plain values: no tuples, no subclasses of str.
        text = plain_json(value)
        unicode = not printable.needs_escapes(text)
        yaml.safe_dump(json.loads(text), self._stream, sort_keys=False, allow_unicode=unicode)


def _diff(report: Report) -> Iterator[str]:
    """Show a change as a unified diff of the two documents, secrets masked."""
    return unified(f"{report.database}/{report.id}", *documents(report))
