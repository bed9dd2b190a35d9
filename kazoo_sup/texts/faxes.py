"""What Kazoo prints of faxes: tables of jobs, and what becomes of those that move. Source: Kazoo fax_maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import gregorian
from kazoo_sup.kazoo.faxes.fax_jobs import DATABASE
from kazoo_sup.kazoo.faxes.fax_migration import (
    DatabaseRead,
    EmptyFaxFound,
    FaxFound,
    FaxGone,
    FaxMoved,
    FaxNotMoved,
    NoFaxes,
    OutboundBegun,
    OutboundEnded,
    OutboundMoved,
    OutboundNotMoved,
)
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.types import Row

_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, its width, and the key of a job that it shows, else DEFAULT."""

    heading: str
    width: int
    key: str
    default: str | None = None


_DATE = Column("Date", 17, "modified")
_FROM, _TO = Column("From", 20, "from"), Column("To", 20, "to")
_ACCOUNT = Column("Account", 32, "account_id")

_IN_STATE = (
    Column("Job", 30, "id"),
    _DATE,
    Column("State", 15, "status"),
    _ACCOUNT,
    Column("Faxbox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
)
_PENDING = (
    Column("Job", 32, "id"),
    _DATE,
    _ACCOUNT,
    Column("Faxbox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
    Column("Tries", 5, "tries"),
)
_ACTIVE = (
    Column("Node", 20, "node"),
    Column("Job", 32, "id"),
    _DATE,
    _ACCOUNT,
    Column("FaxBox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
)


def when(seconds: object) -> str:
    """Return a time in Gregorian seconds as Kazoo writes it: its numbers are not padded (kz_time:format_datetime/1)."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return ""
    return gregorian.plain_datetime(seconds)


def _table(columns: tuple[Column, ...], jobs: Iterable[Row]) -> Iterator[str]:
    yield _rule(columns, "-")
    yield _line([text_field(column.heading, column.width) for column in columns])
    yield _rule(columns, "=")
    for each in jobs:
        yield _row(columns, each)
    yield _rule(columns, "-")


in_state = partial(_table, _IN_STATE)
"""Yields the table of jobs that are in a state."""

pending = partial(_table, _PENDING)
"""Yields the table of jobs that wait to be sent."""

active = partial(_table, _ACTIVE)
"""Yields the table of jobs that are being sent, with the node that does it."""


def _row(columns: tuple[Column, ...], job: Row) -> str:
    cells = []
    for column in columns:
        found = job.get(column.key)
        shown = when(found) if column is _DATE else column.default if found is None else found
        cells.append(text_field(shown, column.width))
    return _line(cells)


def _rule(columns: tuple[Column, ...], mark: str) -> str:
    return f"+{'+'.join(mark * (column.width + 2) for column in columns)}+"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def versions(found: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Yield what Kazoo prints of programs and their versions."""
    for program, said in found:
        yield f"* {program}:"
        yield "\tERROR! missing executable" if said is None else f"\t{said}"


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's line for each thing that took place while faxes moved."""
    return map(_told, events)


def _told(event: object) -> str:
    match event:
        case DatabaseRead(database, number, total):
            return f"migrating faxes in database ({number}/{total}) '{database}'"
        case NoFaxes(database):
            return f"no fax docs in db for fax migration {database}"
        case FaxGone(document):
            return f"unable to get document {document} for fax migration : not_found"
        case EmptyFaxFound(database, document):
            return f"deleting no attachments fax doc {document} from {database}"
        case FaxFound(database, document, account, target):
            return f"moving doc {database}/{document} to {account}-{target.partition('-')[0]}/{target}"
        case FaxMoved(document, target):
            return f"document {document} moved to {target}"
        case FaxNotMoved(document, target, error):
            return f"error {error} moving document {document} to {target}"
        case _:
            return _outbound(event)


def _outbound(event: object) -> str:
    match event:
        case OutboundBegun(batch):
            return f"start migrating outbound faxes with batch size {batch}"
        case OutboundMoved(document, database, target):
            return f"document {DATABASE}/{document} moved to {database}/{target}"
        case OutboundNotMoved(document, database, target, error):
            return f"error {error} moving document {DATABASE}/{document} to {database}/{target}"
        case OutboundEnded():
            return "finished crawling faxes db"
        case _:
            return str(event)
