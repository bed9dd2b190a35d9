"""Which numbers a command is for: one, a range, a CSV file, or standard input."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

from kazoo_sup.command import Reads
from kazoo_sup.kazoo.numbers import columns, e164

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class Target:
    """A number to do something to, or what is wrong with it; `line` counts from 1 where it stands in a file.

    `fields` are the other columns of its line.
    """

    number: str
    line: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    wrong: str | None = None


STANDARD_INPUT = "-"
_TO = ".."


class Targets:
    """Numbers to be gone through once; `total` is how many they are, where that is known."""

    def __init__(self, targets: Iterable[Target], total: int | None) -> None:
        """Take the targets and their count."""
        self._targets = targets
        self.total = total

    def __iter__(self) -> Iterator[Target]:
        """Go through them."""
        return iter(self._targets)


def read(text: str, zone: Zone) -> Targets:
    """Read what an operator types for numbers: `4155550100`, `+14155550100..+14155550199`, `numbers.csv` or `-`.

    A file is CSV (RFC 4180, UTF-8). Its first line may name the columns: `e164` and others of those of Kazoo's task
    number_management; without such a line the first column are the numbers. A line that cannot be read is a target that
    says so. Raises ValueError for what is no number, an empty range, a missing file, a wrong column.
    """
    if text == STANDARD_INPUT:
        return _of_lines(nullcontext(sys.stdin), zone)
    path = Path(text).expanduser()
    if path.is_file() or path.suffix == ".csv" or "/" in text:
        return _of_file(path, zone)
    if _TO in text:
        return _of_range(text, zone)
    return Targets([Target(_number(text, zone))], 1)


Numbers = Annotated[Targets, Reads(read, "NUMBERS")]
"""One number, a range `FIRST..LAST`, a CSV file, or `-` for standard input."""


def _number(text: str, zone: Zone) -> str:
    number = e164.read(text, zone)
    if not e164.is_reconcilable(number, zone):
        raise ValueError(f"{text!r} is no number to the number manager: {number} does not match its reconcile_regex")
    return number


def _of_range(text: str, zone: Zone) -> Targets:
    first, last = (_number(end, zone) for end in text.split(_TO, 1))
    start, end = int(first), int(last)
    if len(first) != len(last) or end < start:
        raise ValueError(f"{text!r} is no range: from {first} to {last}")
    return Targets((Target(f"+{number}") for number in range(start, end + 1)), end - start + 1)


def _of_file(path: Path, zone: Zone) -> Targets:
    try:
        stream = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    return _of_lines(stream, zone)


def _of_lines(source: AbstractContextManager[TextIO], zone: Zone) -> Targets:
    """Look at the first line at once, so that a wrong column is told before anything is touched."""
    with ExitStack() as stack:
        lines = csv.reader(stack.enter_context(source), strict=True)
        try:
            first = next(lines, [])
        except csv.Error as error:
            raise ValueError(f"line 1 is no CSV: {error}") from error
        names = [name.strip() for name in first]
        headed = columns.NUMBER in names
        if headed:
            columns.check(names)
        opened = stack.pop_all()

    def targets() -> Iterator[Target]:
        with opened:
            if not headed and first:
                yield _target([columns.NUMBER], first, 1, zone)
            while True:
                try:
                    cells = next(lines)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Target("", lines.line_num, wrong=f"this is no CSV: {error}")
                    continue
                if cells:
                    yield _target(names if headed else [columns.NUMBER], cells, lines.line_num, zone)

    return Targets(targets(), None)


def _target(names: list[str], cells: list[str], line: int, zone: Zone) -> Target:
    fields = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    number = fields.pop(columns.NUMBER, "")
    if len(cells) > len(names) > 1:
        return Target(number, line, wrong=f"it has {len(cells)} cells for {len(names)} columns")
    if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
        return Target("", line, wrong="this is not UTF-8")
    try:
        return Target(_number(number, zone), line, fields)
    except ValueError as error:
        return Target(number, line, wrong=str(error))
