"""Which numbers a command is for: one, a range, a CSV file, or standard input."""

from __future__ import annotations

import io
import sys
from array import array
from contextlib import nullcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, BinaryIO

from kazoo_sup.arguments.reads import Reads, path_of
from kazoo_sup.kazoo.config.expressions import BadExpression
from kazoo_sup.kazoo.documents import csv_files
from kazoo_sup.kazoo.numbers import columns, e164
from kazoo_sup.kazoo.numbers.targets import Target, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kazoo_sup.zone import Zone

STANDARD_INPUT = "-"


_TO = ".."


def read(text: str, zone: Zone) -> Targets:
    """Read what an operator types for numbers: `4155550100`, `+14155550100..+14155550199`, `numbers.csv` or `-`.

    A file is CSV (RFC 4180, UTF-8). Its first line may name the columns, in any letter case: `e164` and others of those
    of Kazoo's task number_management; without such a line there is one column, the numbers. A line that cannot be read
    is a target that says so. Raises ValueError for what is not a number, or several, an empty range, a missing file, a
    heading that is not understood, and for what a spreadsheet has spoiled (`csv_files`).
    """
    if text == STANDARD_INPUT:
        return _of_standard_input(zone)
    path = path_of(text)
    if path.is_file() or "/" in text or (_TO not in text and path.suffix[1:2].isalpha()):
        return _of_file(path, zone)
    if _TO in text:
        return _of_range(text, zone)
    if "," in text:
        how = "FIRST..LAST is a range, others are lines of a file, or of standard input (-)"
        raise ValueError(f"{text!r} are several: {how}")
    return Targets([Target(_number(text, e164.Reader(zone)))], 1)


Numbers = Annotated[Targets, Reads(read, "NUMBERS", file=True)]
"""One number, a range `FIRST..LAST`, a CSV file, or `-` for standard input."""


def _number(text: str, reader: e164.Reader) -> str:
    number = reader.read(text)
    if not reader.is_reconcilable(number):
        raise ValueError(f"{text!r} is not a number to the number manager: {number} does not match its reconcile_regex")
    return number


def _of_range(text: str, zone: Zone) -> Targets:
    reader = e164.Reader(zone)
    first, last = (_number(end, reader) for end in text.split(_TO, 1))
    start, end = int(first), int(last)
    if len(first) != len(last) or end < start:
        raise ValueError(f"{text!r} is not a range: from {first} to {last}")
    return Targets((Target(f"+{number}") for number in range(start, end + 1)), end - start + 1, is_range=True)


def _of_file(path: Path, zone: Zone) -> Targets:
    try:
        source = path.open("rb")
        content = csv_files.seekable(source)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    if content is not source:
        source.close()
    return _of_content(content, zone, str(path), closing=True)


def _of_standard_input(zone: Zone) -> Targets:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        stream = io.BytesIO(sys.stdin.read().encode(errors="surrogateescape") if sys.stdin else b"")
    return _of_content(csv_files.seekable(stream), zone, "standard input")


def _of_content(content: BinaryIO, zone: Zone, said: str, *, closing: bool = False) -> Targets:
    """Look at all lines at once, so that what is wrong with the file is told before anything is touched."""
    reader = e164.Reader(zone)
    try:
        csv_files.check(content)
        names, count = _looked_through(content, reader)
    except ValueError as error:
        if closing:
            content.close()
        raise ValueError(f"{said}: {error}") from error

    if not count:
        zone.run.warn(f"{said} holds no number")

    def every() -> Iterator[Target]:
        rest = (line for line in csv_files.lines(content) if not line.is_blank)
        if names is not None:
            next(rest, None)
        return (_target(names, line, reader) for line in rest)

    def targets() -> Iterator[Target]:
        with content if closing else nullcontext():
            yield from every()

    return Targets(
        targets(), count, repeated=lambda: _repeated(every), close=content.close if closing else lambda: None
    )


def _repeated(every: Callable[[], Iterator[Target]]) -> Iterator[Target]:
    """Yield the targets whose number is there more than once.

    All are gone through twice, since a file may hold more than memory should: of each number eight bytes are kept.
    """
    found = sorted(array("q", (hash(each.number) for each in every() if not each.wrong)))
    twice = {one for one, following in pairwise(found) if one == following}
    return (each for each in every() if not each.wrong and hash(each.number) in twice) if twice else iter(())


def _looked_through(content: BinaryIO, reader: e164.Reader) -> tuple[list[str] | None, int]:
    """Return the names of the columns, None where there is no heading, and how many lines hold something.

    Raises ValueError for a heading that is not understood, for columns that none names, for what a spreadsheet has
    spoiled, and where not one line holds a number.
    """
    names: list[str] | None = None
    count, why, readable, is_first = 0, "", False, True
    for line in csv_files.lines(content):
        if line.is_blank:
            continue
        csv_files.check_cells(line, names or [columns.NUMBER])
        if is_first:
            is_first, names = False, _heading(line, reader)
            if names is not None:
                continue
        count += 1
        if not readable:
            target = _target(names, line, reader)
            readable, why = target.wrong is None, why or f"line {line.number}: {target.wrong}"
    if count > 1 and not readable:
        raise ValueError(f"none of its {count} lines holds a number; {why}")
    return names, count


def _heading(line: csv_files.Line, reader: e164.Reader) -> list[str] | None:
    """Return the names of the columns where a file's first line is such, None where it holds a number itself."""
    if line.wrong:
        raise ValueError(f"line {line.number}: {line.wrong}")
    found = [columns.known_as(name) for name in line.cells]
    if columns.NUMBER not in found:
        if _is_number(line.cells[0], reader):
            if any(line.cells[1:]):
                raise ValueError(
                    f"it has {len(line.cells)} columns and no heading that names them; {columns.explained()}"
                )
            return None
        shown = ", ".join(line.cells)
        if len(line.cells) == 1 and any(each.isdigit() for each in shown) and not any(map(str.isalpha, shown)):
            return None
        raise ValueError(
            f"its first line is neither a number nor names the column {columns.NUMBER!r}: {shown!r}; "
            f"{columns.explained()}"
        )
    names = csv_files.heading(found)
    columns.check(names)
    return names


def _is_number(text: str, reader: e164.Reader) -> bool:
    try:
        _number(text, reader)
    except ValueError:
        return False
    return True


def _target(names: list[str] | None, line: csv_files.Line, reader: e164.Reader) -> Target:
    if line.wrong:
        return Target("", line.number, wrong=line.wrong)
    columns_there = names or [columns.NUMBER]
    fields = dict(zip(columns_there, line.cells, strict=False))
    number = fields.pop(columns.NUMBER, "")
    if any(line.cells[len(columns_there) :]):
        there = f"{len(line.cells)} cells"
        return Target(number, line.number, wrong=f"it has {there} for {len(columns_there)} column{'s' * bool(names)}")
    try:
        return Target(_number(number, reader), line.number, fields)
    except (ValueError, BadExpression) as error:
        return Target(number, line.number, wrong=str(error))
