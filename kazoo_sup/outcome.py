"""What a command hands back. Commands never print: `output` renders their Outcome in the format asked for."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup.terms import OK, UNDEFINED, Atom

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.zone import Run

__all__ = ["NO_RETURN", "OK", "UNDEFINED", "Outcome", "Row", "printable", "table", "text", "value", "worked"]

NO_RETURN = Atom("no_return")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of one command.

    `result` is the Erlang term that the Kazoo function returns; `sup` prints it last, unless it is `no_return`.
    `text` is what the function itself prints before that, line by line; a line may be an object that prints itself and
    that machine formats carry whole. `rows` (with `columns`) are a listing of our own, which may be any long iterator
    and fill in `counts` and `errors` on its way; with `csv` their text is CSV (RFC 4180) in place of aligned columns.
    `data` is what machine formats carry in place of `result`. `live` says that text or rows come while somebody
    watches: each is shown at once.
    `errors` are the items that failed while others succeeded: the run then ends partly done (exit code 5).
    """

    result: Any = OK
    text: Iterable[Any] = ()
    rows: Iterable[Row] | None = None
    columns: Sequence[str] = ()
    csv: bool = False
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


def printable(text: str) -> str:
    """Return TEXT with control characters written out, as it may come from strangers and go to a terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def worked(run: Run, lines: Iterable[str], result: Any = OK, **more: Any) -> Outcome:
    """Print LINES while the work behind them is done; a dry run works at once, and shows what would change instead."""
    if run.dry_run:
        deque(lines, maxlen=0)
        return Outcome(result, **more)
    return text(lines, result, **more)
