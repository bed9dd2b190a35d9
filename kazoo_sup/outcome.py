"""What a command hands back. Commands never print: `output` renders their Outcome in the format asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup.terms import OK, UNDEFINED, Atom

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError

__all__ = ["NO_RETURN", "OK", "UNDEFINED", "Outcome", "Row", "table", "text", "value"]

NO_RETURN = Atom("no_return")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of one command.

    `result` is the Erlang term that the Kazoo function returns; `sup` prints it last, unless it is `no_return`.
    `text` is what the function itself prints before that, line by line. `rows` (with `columns`) are a listing of our
    own, which may be any long iterator. `data` is what machine formats carry in place of `result`.
    `live` says that text or rows come while somebody watches: each is shown at once.
    `errors` are the items that failed while others succeeded: the run then ends partly done (exit code 5).
    """

    result: Any = OK
    text: Iterable[str] = ()
    rows: Iterable[Row] | None = None
    columns: Sequence[str] = ()
    data: Any = None
    counts: Mapping[str, int] | None = None
    errors: Sequence[SupError] = ()
    live: bool = False


def value(term: Any, **more: Any) -> Outcome:
    """Return TERM as the function's result."""
    return Outcome(result=term, **more)


def text(lines: Iterable[str] | str, result: Any = OK, **more: Any) -> Outcome:
    """Print LINES, then the result as Kazoo's `sup` does."""
    return Outcome(result=result, text=[lines] if isinstance(lines, str) else lines, **more)


def table(columns: Sequence[str], rows: Iterable[Row], **more: Any) -> Outcome:
    """Show ROWS, each a mapping with the keys COLUMNS; nothing else is printed."""
    return Outcome(result=NO_RETURN, rows=rows, columns=columns, **more)
