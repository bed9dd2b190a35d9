"""Tables as Kazoo draws them: cells of fixed widths between bars, below their titles, between rules.

Source: the io:format lines of ecallmgr, jonny5, kz_services_topup and others, which draw each its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.terms.columns import number_field, shown, text_field
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Box:
    """The columns of a table: the title of each, and how wide it is."""

    columns: tuple[tuple[str, int], ...]

    def rule(self, dash: str = "-") -> str:
        """Return a line between rows."""
        return "+".join(["", *(dash * (width + 2) for _, width in self.columns), ""])

    def head(self) -> Iterator[str]:
        """Yield the lines above the rows."""
        yield self.rule()
        yield self.row([title for title, _ in self.columns])
        yield self.rule("=")

    def row(self, cells: Sequence[object]) -> str:
        """Return the line of a row, as `cell` makes its cells."""
        return f"| {' | '.join(self.cells(cells))} |"

    def cells(self, cells: Sequence[object]) -> Iterator[str]:
        """Yield the cells of a row as they are shown."""
        return (cell(each, width) for each, (_, width) in zip(cells, self.columns, strict=True))

    def drawn(self, rows: Iterable[Sequence[object]]) -> Iterator[str]:
        """Yield all lines of a table with these rows."""
        yield from self.head()
        yield from map(self.row, rows)
        yield self.rule()


def cell(value: object, width: int) -> str:
    """Return a cell: text is cut, a number for which there is no room becomes asterisks; both are padded."""
    if is_integer(value):
        return number_field(value, width)
    return text_field(value, width)


def right(cells: Iterable[object], widths: Sequence[int]) -> str:
    """Return a row whose cells stand at the right of their columns, without a bar before the first."""
    return " | ".join(shown(each)[:width].rjust(width) for each, width in zip(cells, widths, strict=True)) + " |"
