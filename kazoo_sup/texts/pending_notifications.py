"""What Kazoo prints of notifications that could not be delivered. Source: Kazoo notify_resend_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents.gregorian import plain_datetime
from kazoo_sup.terms.columns import shown
from kazoo_sup.texts.boxes import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.notifications.pending_notifications import Waiting

_BOX = Box((("Job", 32), ("Modified", 17), ("Type", 22), ("Attempts", 8), ("Failure Reason", 60)))
_NOTHING = "No pending notification publish found"


def table(found: Iterable[Waiting]) -> Iterator[str]:
    """Yield the lines of the table of notifications."""
    yield from _BOX.head()
    is_empty = True
    for each in found:
        is_empty = False
        yield _BOX.row((each.id, plain_datetime(each.due), each.type, shown(each.attempts), each.reason))
    if is_empty:
        yield f"| {_NOTHING:<151} |"
    yield _BOX.rule()
