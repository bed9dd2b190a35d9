"""The CSV that a task reads, checked as the tasks application will read it.

Kazoo splits it at line ends whatever is quoted, and stops at the first empty line. Source: Kazoo kz_csv, kz_tasks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.errors import UsageError
from kazoo_sup.kazoo.documents import csv_files

if TYPE_CHECKING:
    from kazoo_sup.types import Fields

CONTENT = "text/csv"
NONE = "none"
"""The content that an action expects which takes no CSV."""

_LINE_END = re.compile(r"\r\n|\n\r|\r\r|\n|\r")
_CELL = re.compile(r'[^",]*"(?P<quoted>(?:[^"]|"")*)(?:"[^,]*)?|(?P<plain>[^",]*)')

Row = list[str | None]
"""The cells of a row; None for one that is empty and not quoted."""


class BadCsv(UsageError):
    """{file}: {reason}"""

    file: str
    reason: str


def lines(text: str) -> Iterator[str]:
    """Yield the lines up to the first empty one, which is where Kazoo stops."""
    start = 0
    while start < len(text):
        end = _LINE_END.search(text, start)
        line = text[start : end.start() if end else None]
        if not line:
            return
        yield line
        start = end.end() if end else len(text)


def cells(line: str) -> Row:
    """Return the cells of a line (Kazoo kz_csv:parse_row/1)."""
    found: Row = []
    position = 0
    while True:
        match = _CELL.match(line, position)
        assert match  # an empty cell matches anywhere
        quoted = match["quoted"]
        found.append(match["plain"] or None if quoted is None else quoted.replace('""', '"'))
        position = match.end() + 1
        if position > len(line):
            return found


def line_of(row: Row) -> str:
    """Return a row as a line (Kazoo kz_csv:row_to_iolist/1)."""
    return ",".join("" if each is None else '"{}"'.format(each.replace('"', '""')) for each in row) + "\n"


def read(content: bytes, file: str) -> tuple[list[str], list[Row]]:
    """Return the names of the columns and the rows.

    Raises BadCsv when there is none, when a column has no name or the name of another, when a row has another number of
    cells, when rows follow an empty line, which Kazoo would pass over without a word, and for what a spreadsheet
    has made of it.
    """
    try:
        csv_files.check(io.BytesIO(content))
        text = content.decode()
        rows = [cells(line) for line in lines(text)]
        _check_cells(rows)
    except ValueError as error:
        raise BadCsv(file=file, reason=str(error)) from error
    if len(rows) < 2:  # noqa: PLR2004 - the columns' names and a row
        raise BadCsv(file=file, reason="it has no rows below the names of its columns")
    header = [name for name in rows[0] if name]
    if len(header) != len(rows[0]):
        raise BadCsv(file=file, reason="a column has no name in its first line")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise BadCsv(file=file, reason=f"line {number} has {len(row)} cells in place of {len(header)}")
    behind = len([line for line in _LINE_END.split(text) if line]) - len(rows)
    if behind:
        raise BadCsv(file=file, reason=f"{behind} lines follow an empty one, where Kazoo stops reading")
    return header, rows[1:]


def _check_cells(rows: Sequence[Row]) -> None:
    """Raise ValueError for a name that occurs twice, and for numbers that a spreadsheet has spoiled."""
    names = [name or "" for name in (rows[0] if rows else [])]
    if names and names[0].startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark, which Kazoo takes for a part of the first column's name")
    for name in filter(None, names):
        if names.count(name) > 1:
            raise ValueError(f"column {name!r} occurs twice in the first line")
    for number, row in enumerate(rows[1:], start=2):
        csv_files.check_cells(csv_files.Line(number, [each or "" for each in row]), names)


def errors(action: Fields, header: Sequence[str] | None, rows: Sequence[Row] = ()) -> dict[str, object]:
    """Return what is wrong with a task's input, as Kazoo names it; nothing where it is in order.

    ACTION is how a tasks node describes it. HEADER are the names of the columns, None without a CSV.
    Source: Kazoo kz_tasks:find_input_errors/2.
    """
    found: dict[str, object] = {}
    expected = action.get("expected_content") or NONE
    if (expected != NONE) != (header is not None):
        found["expected_content"] = expected
    mandatory = list(action.get("mandatory") or ())
    missing = [name for name in mandatory if name not in (header or ())]
    if missing:
        found["missing_mandatory_fields"] = missing
    needed = [index for index, name in enumerate(header or ()) if name in mandatory]
    unset = [line_of(row) for row in rows if any(row[index] is None for index in needed)]
    if unset:
        found["missing_mandatory_values"] = unset
    return found
