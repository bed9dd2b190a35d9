"""What Kazoo prints of balances that are carried from month to month. Source: Kazoo kazoo_ledgers_maintenance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.billing import rollovers
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.types import Json

    _Compared = rollovers.RolloverMissing | rollovers.RolloverCompared | rollovers.RolloverNotCompared
    _Fixed = rollovers.RolloverMade | rollovers.RolloverCorrected | rollovers.RolloverNotFixed
    _Event = rollovers.RolledOver | rollovers.RolloverRead | _Fixed | _Compared


def lines(events: Iterable[_Event]) -> Iterator[str]:
    """Yield Kazoo's line for each rollover that is shown, compared or put right."""
    return map(_line, events)


def verified(events: Iterable[_Event | DatabaseWorkedOn]) -> Iterator[str]:
    """Yield the lines of accounts whose rollovers are compared."""
    return _numbered("verify rollover accounts", events)


def rolled_over(events: Iterable[_Event | DatabaseWorkedOn]) -> Iterator[str]:
    """Yield the lines of accounts that are rolled over."""
    return _numbered("rollover accounts", events)


def _numbered(title: str, events: Iterable[_Event | DatabaseWorkedOn]) -> Iterator[str]:
    for event in events:
        if isinstance(event, DatabaseWorkedOn):
            yield f"{title} ({event.place}/{event.total}) '{event.database}'"
        else:
            yield _line(event)


def _line(event: _Event) -> str:
    match event:
        case rollovers.RolledOver(account):
            return f"account {account} rolled up"
        case rollovers.RolloverRead(account, month, left):
            return f"[{left - 1}] account {account} {_read(event, months.shown(month))}"
        case rollovers.RolloverNotFixed(account, month, reason):
            return f"account {account} : {_unknown(month, reason)}"
        case rollovers.RolloverMade(account, month, carried):
            return f"account {account} {months.shown(month)} rollover missing, creating for {carried} units"
        case rollovers.RolloverCorrected(account, month, carried):
            return f"account {account} {months.shown(month)} incorrect, updating with {carried} units"
        case _:
            return f"    account {event.account} {months.shown(event.month)} {_compared(event)}"


def _read(event: rollovers.RolloverRead, month: str) -> str:
    if not event.is_there:
        return f"has no rollover for {month}"
    return f"has rollover (created {_shown(event.created)}) for {month} with balance {event.balance}"


def _compared(event: _Compared) -> str:
    match event:
        case rollovers.RolloverNotCompared(_, month, reason):
            return f": {_unknown(month, reason)}"
        case rollovers.RolloverCompared(_, _, carried, balance):
            if carried == balance:
                return "rollover confirmed"
            return f"rollover balance is {carried} but previous month balance was {balance}"
        case _:
            return "has no rollover"


def _unknown(month: str, reason: str) -> str:
    return f"error getting balance for {months.shown(months.before(month))}: {reason}"


def _shown(seconds: Json) -> str:
    """Return a time in Gregorian seconds as Kazoo prints it."""
    if months.of_time(seconds) is None:
        return UNDEFINED
    made = datetime.fromtimestamp(seconds - GREGORIAN_EPOCH, tz=UTC)
    return f"{made.year}/{made.month}/{made.day} {made.hour}:{made.minute}:{made.second}"
