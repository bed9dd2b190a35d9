"""Listings as text: aligned columns, records where columns would be too wide, tables, CSV, pages that are drawn."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.texts import printable

if TYPE_CHECKING:
    from kazoo_sup.results import Draw
    from kazoo_sup.types import Row

WIDEST = 200
"""Characters that a line of a listing takes at most; one with wider ones is shown as records."""

_SIZED_ROWS = 200
_NARROWEST = 12
"""Characters that a column of a table needs, or fewer where all that it holds is shorter."""


def print_rows(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print aligned columns, or records; which, and the widths, are told by the first rows, the rest streams."""
    upcoming = iter(rows)
    sized, ending = gathered(islice(upcoming, _SIZED_ROWS))
    if ending and not sized:
        raise ending
    widths = _widths(columns, sized)
    every = chain(sized, upcoming)
    if len("  ".join(" " * width for width in widths)) > WIDEST and sized:
        _print_records(columns, every)
    else:
        for cells in chain([[cell(column) for column in columns]], (_cells(columns, row) for row in every)):
            print("  ".join(_filled(each, width) for each, width in zip(cells, widths, strict=True)).rstrip())
    if ending:
        raise ending


def print_table(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print a table as wide as the terminal, its cells wrapped, or records where that is too narrow for the columns.

    Where no terminal is it is as wide as what it holds, so that nothing is broken.
    """
    found, ending = gathered(rows)
    if ending and not found:
        raise ending
    widths = _widths(columns, found)
    width = _terminal_width() if sys.stdout.isatty() else WIDEST
    framed = sum(widths) + 3 * len(widths) + 1
    least = framed if not sys.stdout.isatty() else sum(min(each, _NARROWEST) for each in widths) + 3 * len(widths) + 1
    if least > width and found:
        _print_records(columns, found)
    else:
        _draw_table(columns, found, width)
    if ending:
        raise ending


def _draw_table(columns: Sequence[str], rows: Sequence[Row], width: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(Text(cell(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(each) for each in _cells(columns, row)))
    Console(width=width).print(table)


def _print_records(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print each row as lines of its own, one for each column, and an empty line between two."""
    label = max(map(_room, map(cell, columns)), default=0)
    for number, row in enumerate(rows):
        if number:
            print()
        for column, each in zip(columns, _cells(columns, row), strict=True):
            print(f"{_filled(cell(column), label)}  {each}".rstrip())


def print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print CSV (RFC 4180): the data itself, but on a terminal, where it is made printable.

    What fails before the first row leaves no line of columns.
    """
    import csv

    # For the terminal cells may have several lines, as for a file.
    shown = printable.lines if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    upcoming = iter(rows)
    first = list(islice(upcoming, 1))
    writer.writerow(columns)
    for row in chain(first, upcoming):
        writer.writerow([printable.csv_cell(shown(plain_cell(row.get(column)))) for column in columns])


def draw_pages(draw: Draw, pages: Iterable[Iterable[Row]], *, live: bool) -> None:
    """Draw each page, over the one before where somebody watches; the last one stays.

    A terminal that cannot go back (TERM=dumb) gets one after the other: rich would show it the last one alone.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console()
    if not live or console.is_dumb_terminal:
        for rows in pages:
            console.print(draw(list(rows), console.width, console.height))
        return
    with Live(console=console, auto_refresh=False) as screen:
        for rows in pages:
            screen.update(draw(list(rows), console.width, console.height), refresh=True)


def gathered(rows: Iterable[Row]) -> tuple[list[Row], SupError | None]:
    """Take all rows, or those before the error that ends a listing, which must not hide them."""
    taken = []
    try:
        for row in rows:
            taken.append(row)  # noqa: PERF402 - what came before an error is kept
    except SupError as error:
        return taken, error
    return taken, None


def cell(value: object) -> str:
    """Return a value as a part of one line."""
    return printable.line(plain_cell(value))


def plain_cell(value: object) -> str:
    """Return a value as text, in JSON where it is not text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)


def to_json(value: object) -> str:
    """Return a value as JSON, in which nothing steers a terminal."""
    return printable.json(plain_json(value))


def plain_json(value: object) -> str:
    """Return a value as JSON, every character as it is where JSON lets it be."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _cells(columns: Sequence[str], row: Row) -> list[str]:
    return [cell(row.get(column)) for column in columns]


def _widths(columns: Sequence[str], rows: Sequence[Row]) -> list[int]:
    return [max(_room(cell(column)), *_lengths(column, rows)) for column in columns]


def _lengths(column: str, rows: Sequence[Row]) -> Iterator[int]:
    yield 0
    yield from (_room(cell(row.get(column))) for row in rows)


def _filled(text: str, width: int) -> str:
    return text + " " * (width - _room(text))


def _room(text: str) -> int:
    """Return how many columns of a terminal a text takes: a letter of Chinese takes two, a mark above another none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _terminal_width() -> int:
    """Return how wide the terminal is, by COLUMNS where that says anything."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80
