"""Faxes that wait to be sent or are being sent, as Kazoo lists them, and their states.

Source: Kazoo fax_maintenance:account_jobs/2, faxbox_jobs/2, pending_jobs/0, active_jobs/0, update_job/2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.kazoo import gregorian, views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

DATABASE = "faxes"
PENDING = "pending"
STATE = "pvt_job_status"
_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, its width, and the key of a view's value that it shows, else DEFAULT."""

    heading: str
    width: int
    key: str
    default: str | None = None


_DATE = Column("Date", 17, "modified")
_FROM, _TO = Column("From", 20, "from"), Column("To", 20, "to")
_ACCOUNT = Column("Account", 32, "account_id")

OF_ACCOUNT = (
    Column("Job", 30, "id"),
    _DATE,
    Column("State", 15, "status"),
    _ACCOUNT,
    Column("Faxbox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
)
WAITING = (
    Column("Job", 32, "id"),
    _DATE,
    _ACCOUNT,
    Column("Faxbox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
    Column("Tries", 5, "tries"),
)
ACTIVE = (
    Column("Node", 20, "node"),
    Column("Job", 32, "id"),
    _DATE,
    _ACCOUNT,
    Column("FaxBox", 32, "faxbox_id", _NONE),
    _FROM,
    _TO,
)


def of_account(zone: Zone, account: str, state: str) -> Iterator[str]:
    """Yield the table of an account's jobs in a state."""
    return _table(zone, OF_ACCOUNT, "list_by_account_state", start=[account, state], end=[account, state, {}])


def of_faxbox(zone: Zone, faxbox: str, state: str) -> Iterator[str]:
    """Yield the table of a faxbox's jobs in a state."""
    return _table(zone, OF_ACCOUNT, "list_by_faxbox_state", start=[faxbox, state], end=[faxbox, state, {}])


def pending(zone: Zone) -> Iterator[str]:
    """Yield the table of the jobs that wait to be sent."""
    return _table(zone, WAITING, "jobs")


def active(zone: Zone) -> Iterator[str]:
    """Yield the table of the jobs that are being sent, with the node that does it."""
    return _table(zone, ACTIVE, "processing_by_node")


def set_state(zone: Zone, job: Document, state: str) -> None:
    """Give a job, as it was read, another state. Raises what the door raises."""
    change = changes.edit(
        DATABASE,
        job,
        lambda found: found if found.get(STATE) == state else {**found, STATE: state, "pvt_modified": now()},
    )
    changes.apply(zone, [change]).check()


def when(seconds: Any) -> str:
    """Return a time in Gregorian seconds as Kazoo writes it: its numbers are not padded (kz_time:format_datetime/1)."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return ""
    return gregorian.plain_datetime(seconds)


def row(columns: tuple[Column, ...], value: Mapping[str, Any]) -> str:
    """Return the line of one job."""
    cells = []
    for column in columns:
        found = value.get(column.key)
        shown = when(found) if column is _DATE else column.default if found is None else found
        cells.append(text_field(shown, column.width))
    return _line(cells)


def _table(zone: Zone, columns: tuple[Column, ...], view: str, **bounds: Any) -> Iterator[str]:
    yield _rule(columns, "-")
    yield _line([text_field(column.heading, column.width) for column in columns])
    yield _rule(columns, "=")
    for found in views.rows(zone, DATABASE, "faxes", view, **bounds):
        yield row(columns, found["value"])
    yield _rule(columns, "-")


def _rule(columns: tuple[Column, ...], mark: str) -> str:
    return f"+{'+'.join(mark * (column.width + 2) for column in columns)}+"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
