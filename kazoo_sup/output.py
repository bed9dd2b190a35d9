"""Renders what a command does and answers, in the format asked for.

`text` is what Kazoo's `sup` prints. `json` and `yaml` are one envelope (`sup`: its version) for success, partial
success and error alike; it is written as it comes, so that listings of any length take constant memory, and it is
closed whatever happens. `table` draws listings with rich. Sentences for people go to standard error.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from kazoo_sup import terms
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, Row, printable

if TYPE_CHECKING:
    from kazoo_sup.changes import Report
    from kazoo_sup.command import Command

ENVELOPE_VERSION = 1
_SIZED_ROWS = 200


class Renderer(Protocol):
    """Takes what happens in the order it happens: the start, reports of changes, then one outcome or one error."""

    def start(self, command: Command, words: Sequence[str]) -> None:
        """Show what is about to run, where that was asked for."""

    def report(self, report: Report) -> None:
        """Show what became of one change, or would."""

    def finish(self, outcome: Outcome, *, maintenance: bool) -> ExitCode:
        """Show the command's answer and return the exit code; where a listing raises on the way, `fail` ends it.

        What a listing counts and fails on is known only when it has been shown.
        """

    def fail(self, error: SupError) -> None:
        """Show the error that ended the command."""


def renderer(output_format: str, command: str, warnings: Sequence[str], *, verbose: bool = False) -> Renderer:
    """Return the renderer of OUTPUT_FORMAT for COMMAND; WARNINGS is the run's list, read when the envelope ends."""
    if output_format == "json":
        return _Machine(_JsonEnvelope(sys.stdout), command, warnings)
    if output_format == "yaml":
        return _Machine(_YamlEnvelope(sys.stdout), command, warnings)
    return _Text(_print_table if output_format == "table" else _print_rows, verbose=verbose)


def exit_code(outcome: Outcome, *, maintenance: bool) -> ExitCode:
    """Work out what the run exits with, from the reports first, then as Kazoo's sup.erl:main/2 does."""
    counts = outcome.counts or {}
    if counts.get("failed"):
        done = any(count for action, count in counts.items() if action != "failed")
        return ExitCode.PARTIAL if done else ExitCode.FAILED
    if outcome.errors:
        return outcome.errors[0].exit_code
    if maintenance and outcome.result not in (OK, NO_RETURN):
        return ExitCode.NOT_OK
    return ExitCode.OK


def say(sentence: str) -> None:
    """Tell the person at standard error something, in one line."""
    print(f"sup: {sentence}", file=sys.stderr)


class _Text:
    def __init__(self, show_rows: Callable[[Sequence[str], Iterable[Row]], None], *, verbose: bool) -> None:
        self._show_rows = show_rows
        self._verbose = verbose
        self._planned = False
        self._told: SupError | None = None

    def start(self, command: Command, words: Sequence[str]) -> None:
        if self._verbose:
            print(f"Running {command.module}:{command.name}({', '.join(words)})")

    def report(self, report: Report) -> None:
        if report.error:
            self.fail(report.error)
        elif report.planned:
            self._planned = True
            for line in _diff(report):
                print(line)
            if not report.id:
                print(f"database {report.database}: {report.action}")

    def finish(self, outcome: Outcome, *, maintenance: bool) -> ExitCode:
        if not self._planned:
            for line in outcome.text:
                print(line, flush=outcome.live)
            if outcome.rows is not None:
                show = _print_csv if outcome.csv and self._show_rows is _print_rows else self._show_rows
                show(outcome.columns, outcome.rows)
            if outcome.result != NO_RETURN:
                print("Result: " if self._verbose else "", terms.dumps(outcome.result), sep="")
        for error in outcome.errors:
            self.fail(error)
        if outcome.counts is not None and sys.stderr.isatty():
            counted = ", ".join(f"{count} {action}" for action, count in outcome.counts.items() if count)
            say(f"{'would be ' if self._planned else ''}{counted or 'nothing to change'}")
        return exit_code(outcome, maintenance=maintenance)

    def fail(self, error: SupError) -> None:
        # The error that ends a command may be the one that a report has told already.
        if error is not self._told:
            say(str(error))
        self._told = error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off the signals that end a run: what is written and what is remembered of it must not part."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGALRM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Machine:
    def __init__(self, envelope: _Envelope, command: str, warnings: Sequence[str]) -> None:
        self._envelope = envelope
        self._warnings = warnings
        self._reports: Callable[[Any], None] | None = None
        self._ended = False
        with _uninterrupted():
            envelope.field("sup", ENVELOPE_VERSION)
            envelope.field("command", command)

    def start(self, command: Command, words: Sequence[str]) -> None: ...

    def report(self, report: Report) -> None:
        with _uninterrupted():
            if self._reports is None:
                self._reports = self._envelope.items("changes")
            self._reports(report.as_json())

    def finish(self, outcome: Outcome, *, maintenance: bool) -> ExitCode:
        self._stream("text", outcome.text if outcome.live else _after_work(outcome.text), live=outcome.live)
        if outcome.rows is not None:
            self._stream("rows", outcome.rows, live=outcome.live)
        code = exit_code(outcome, maintenance=maintenance)
        status = {ExitCode.OK: "ok", ExitCode.NOT_OK: "not_ok", ExitCode.PARTIAL: "partial"}.get(code, "error")
        with _uninterrupted():
            self._envelope.field("result", _data(outcome.result) if outcome.data is None else outcome.data)
            if outcome.counts is not None:
                self._envelope.field("counts", dict(outcome.counts))
            self._end(status, code, outcome.errors)
        return code

    def fail(self, error: SupError) -> None:
        with _uninterrupted():
            self._end("error", error.exit_code, [error])
            say(str(error))

    def _stream(self, key: str, values: Iterable[Any], *, live: bool) -> None:
        with _uninterrupted():
            add = self._envelope.items(key)
        for each in values:
            with _uninterrupted():
                add(each)
                if live:
                    sys.stdout.flush()

    def _end(self, status: str, code: ExitCode, errors: Sequence[SupError]) -> None:
        if self._ended:
            return
        self._envelope.field("warnings", list(self._warnings))
        self._envelope.field("errors", [error_as_json(error) for error in errors])
        self._envelope.field("status", status)
        self._envelope.field("exit_code", int(code))
        self._envelope.close()
        self._ended = True


def _after_work(lines: Iterable[str]) -> Iterable[str]:
    """Do the work behind LINES, whose reports come first, and return them; they wait in a file, not in memory."""
    if isinstance(lines, Sequence):
        return lines
    from tempfile import TemporaryFile

    ending: BaseException | None = None
    waiting = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed once it has been read
    try:
        for line in lines:
            waiting.write(json.dumps(line) + "\n")
    except BaseException as error:  # noqa: BLE001 - raised again behind the lines until then
        ending = error
    return _from_file(waiting, ending)


def _from_file(waiting: TextIO, ending: BaseException | None) -> Iterator[str]:
    with waiting:
        waiting.seek(0)
        yield from map(json.loads, waiting)
    if ending is not None:
        raise ending


def error_as_json(error: SupError) -> dict[str, Any]:
    """Return an error with its stable id, its sentence and the facts behind it."""
    facts = {key: fact for key, fact in error.facts.items() if isinstance(fact, str | int | float | bool | None)}
    return {"id": error.id, "message": str(error), "facts": facts}


class _Envelope(Protocol):
    """One mapping, written key by key."""

    def field(self, key: str, value: Any) -> None: ...
    def items(self, key: str) -> Callable[[Any], None]: ...
    def close(self) -> None: ...


class _JsonEnvelope:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before_key = "{"
        self._before_item = ""

    def field(self, key: str, value: Any) -> None:
        self._key(key)
        self._stream.write(_json(value))

    def items(self, key: str) -> Callable[[Any], None]:
        self._key(key)
        self._before_item = "["

        def add(value: Any) -> None:
            self._stream.write(f"{self._before_item}\n  {_json(value)}")
            self._before_item = ","

        return add

    def close(self) -> None:
        self._end_items()
        self._stream.write("\n}\n")

    def _key(self, key: str) -> None:
        self._end_items()
        self._stream.write(f"{self._before_key}\n {_json(key)}: ")
        self._before_key = ","

    def _end_items(self) -> None:
        if self._before_item:
            self._stream.write("[]" if self._before_item == "[" else "\n ]")
            self._before_item = ""


class _YamlEnvelope:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open_list = ""

    def field(self, key: str, value: Any) -> None:
        self._end_items()
        self._dump({key: value})

    def items(self, key: str) -> Callable[[Any], None]:
        self._end_items()
        self._open_list = key

        def add(value: Any) -> None:
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

    def _dump(self, value: Any) -> None:
        import yaml

        # Through JSON, so that YAML shows the same plain values: no tuples, no subclasses of str.
        yaml.safe_dump(json.loads(_json(value)), self._stream, sort_keys=False, allow_unicode=True)


def _data(term: Any) -> Any:
    """Return a term as a machine shall see it: tuples are lists, `undefined` is null, other atoms and strings text."""
    if isinstance(term, dict):
        return {key: _data(each) for key, each in term.items()}
    if isinstance(term, list | tuple):
        return [_data(each) for each in term]
    if isinstance(term, bytes):
        return term.decode(errors="replace")
    return None if isinstance(term, terms.Atom) and term == terms.UNDEFINED else term


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _diff(report: Report) -> Iterator[str]:
    """Show a change as a unified diff of the two documents, `/dev/null` standing for none."""
    from difflib import unified_diff

    name = f"{report.database}/{report.id}"
    before, after = (
        [] if document is None else json.dumps(document, indent=2, ensure_ascii=False).splitlines()
        for document in (report.before, report.after)
    )
    old, new = (f"a/{name}" if before else "/dev/null"), (f"b/{name}" if after else "/dev/null")
    return unified_diff(before, after, old, new, lineterm="")


def _print_rows(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print aligned columns; the widths are those of the first rows, the rest streams."""
    upcoming = iter(rows)
    sized, ending = _gathered(islice(upcoming, _SIZED_ROWS))
    if ending and not sized:
        raise ending
    widths = [max([len(column), *(len(_cell(row.get(column))) for row in sized)]) for column in columns]
    for cells in chain([columns], ([_cell(row.get(column)) for column in columns] for row in chain(sized, upcoming))):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    if ending:
        raise ending


def _print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain_cell(row.get(column)) for column in columns])


def _gathered(rows: Iterable[Row]) -> tuple[list[Row], SupError | None]:
    """Take all rows, or those before the error that ends a listing, which must not hide them."""
    gathered = []
    try:
        for row in rows:
            gathered.append(row)  # noqa: PERF402 - what came before an error is kept
    except SupError as error:
        return gathered, error
    return gathered, None


def _print_table(columns: Sequence[str], rows: Iterable[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns)
    gathered, ending = _gathered(rows)
    if ending and not gathered:
        raise ending
    for row in gathered:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)
    if ending:
        raise ending


def _cell(value: Any) -> str:
    return printable(_plain_cell(value))


def _plain_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)
