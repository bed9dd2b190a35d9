"""Rows of health as a page on a terminal: one line each, coloured by state, and what is well in short where space is.

Imported only to draw, since it imports rich.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from kazoo_sup.texts.printable import line as printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kazoo_sup.types import Row


_OK = "ok"
_SIGNS = {_OK: ("●", "green"), "warning": ("▲", "yellow"), "critical": ("✖", "bold red"), "unknown": ("?", "magenta")}
_ORDER = ("critical", "warning", "unknown", _OK)
_BESIDE = 3  # the head of a zone, and an empty line after it; the last is where the cursor stands


class Line(NamedTuple):
    """A line of a page: a component's kind, names, state, and a sentence."""

    component: str
    name: str
    state: str
    summary: str


def health_page(rows: Sequence[Row], width: int, height: int) -> RenderableType:
    """Draw each zone with its components, on one screen of HEIGHT lines where that can be."""
    zones = [(zone, list(found)) for zone, found in groupby(rows, key=lambda row: str(row["zone"]))]
    room = height - _BESIDE * len(zones) if zones else height
    short = len(rows) > room
    drawn: list[RenderableType] = []
    for zone, found in zones:
        drawn += [_head(zone, found), _lines(condensed(found) if short else map(_line, found), width), Text()]
    return Group(*drawn[:-1])


def findings_page(rows: Sequence[Row], width: int, height: int) -> RenderableType:
    """Draw each zone with what was found in it, the worst first, and below each finding what to do."""
    del height
    drawn: list[RenderableType] = []
    for zone, found in groupby(rows, key=lambda row: str(row["zone"])):
        listed = list(found)
        grid = _grid([str(row["check"]) for row in listed], [str(row["subject"]) for row in listed], width)
        for row in sorted(listed, key=lambda row: _ORDER.index(str(row["state"]))):
            told = Text(printable(str(row["found"])))
            if row["do"]:
                told.append(f"\n→ {printable(str(row['do']))}", style="cyan")
            grid.add_row(_sign(str(row["state"])), Text(str(row["check"])), Text(printable(str(row["subject"]))), told)
        drawn += [_head(zone, listed), grid, Text()]
    return Group(*drawn[:-1])


def condensed(rows: Iterable[Row]) -> Iterator[Line]:
    """Yield a line for each row that is not ok, and one for all others of the same kind that stand together."""
    for component, found in groupby(rows, key=lambda row: str(row["component"])):
        listed = list(found)
        well = [row for row in listed if row["state"] == _OK]
        if len(well) == 1:
            yield _line(well[0])
        elif well:
            names = ", ".join(dict.fromkeys(_short(str(row["name"])) for row in well))
            yield Line(component, f"{len(well)} ok", _OK, names)
        yield from (_line(row) for row in listed if row["state"] != _OK)


def _line(row: Row) -> Line:
    return Line(str(row["component"]), str(row["name"]), str(row["state"]), str(row["summary"]))


def _short(name: str) -> str:
    """Return a name up to its first dot; an address stays."""
    first = name.partition(".")[0]
    return name if first.isdecimal() or not first else first


def _head(zone: str, rows: Sequence[Row]) -> Text:
    counts = Counter(str(row["state"]) for row in rows)
    head = Text(printable(zone), style="bold")
    for state in _ORDER:
        if counts[state]:
            head.append(f"   {_SIGNS[state][0]} {counts[state]} {state}", style=_SIGNS[state][1])
    if "at" in rows[0]:
        head.append(f"   {datetime.fromisoformat(str(rows[0]['at'])).astimezone():%H:%M:%S}", style="dim")
    return head


def _lines(lines: Iterable[Line], width: int) -> Table:
    listed = list(lines)
    grid = _grid([line.component for line in listed], [line.name for line in listed], width)
    before = ""
    for line in listed:
        kind = "" if line.component == before else line.component
        before = line.component
        told = Text(printable(line.summary), style="" if line.state == _OK else _SIGNS[line.state][1])
        told.no_wrap = True
        grid.add_row(_sign(line.state), Text(kind, style="cyan"), Text(printable(line.name)), told)
    return grid


def _grid(kinds: Sequence[str], names: Sequence[str], width: int) -> Table:
    """Return a table of sign, kind, name and sentence, of which only the sentence may need more than one line.

    The widths are given because rich would take from every column, the sign's too, what one long cell needs.
    """
    kind = min(max(map(len, kinds), default=0), width // 5)
    name = min(max(map(len, map(printable, names)), default=0), width // 3)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(width=kind, no_wrap=True)
    grid.add_column(width=name, no_wrap=True)
    grid.add_column(max_width=max(1, width - 1 - kind - name - 3), overflow="ellipsis")
    return grid


def _sign(state: str) -> Text:
    sign, style = _SIGNS[state]
    return Text(sign, style=style)
