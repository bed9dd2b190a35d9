"""Notifications that could not be delivered: listed, sent once more, deleted.

They wait in `pending_notifications` until a tasks node has tried often enough; from then on they are failed ones.
Source: Kazoo notify_resend_maintenance, kz_notify_resend, kapps_notify_publisher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import bus, messages, views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.gregorian import plain_datetime
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DATABASE = "pending_notifications"
DESIGN = "pending_notify"
BY_TYPE_SHOWN = 100

_WIDTHS = (32, 17, 22, 8, 60)
_TITLES = ("Job", "Modified", "Type", "Attempts", "Failure Reason")
_NOTHING = "No pending notification publish found"

_DELIVERED = ("completed", "disabled", "ignored")
_HOPELESS = (
    "missing_from",
    "invalid_to_addresses",
    "no_to_addresses",
    "email_encoding_failed",
    "validation_failed",
    "no teletype template modules responded",
    "unknown error throw-ed",
)
_HOPELESS_BEGINNINGS = ("missing_data:", "failed_template:", "template_error:")
"""Failures that another try does not help against (Kazoo kapps_notify_publisher:should_ignore_failure/1)."""


class NotSent(SupError):
    """notification {id} was not sent: {reason}"""


@dataclass(frozen=True, slots=True)
class Kind:
    """Pending or failed notifications, by the views that list them."""

    by_time: str
    by_type: str


PENDING = Kind("pending_range", "pending_by_type")
FAILED = Kind("failed_range", "failed_by_type")


def listed(zone: Zone, kind: Kind, count: int) -> Iterator[str]:
    """Yield the table of the first COUNT notifications, from the oldest on."""
    return _table(islice(views.rows(zone, DATABASE, DESIGN, kind.by_time, page=_page(count)), count))


def listed_by_type(zone: Zone, kind: Kind, notification: str) -> Iterator[str]:
    """Yield the table of the first hundred notifications of a type that are due, and how many there are."""
    query: dict[str, Any] = {"start": [notification, 0], "end": [notification, now()]}
    found = views.rows(zone, DATABASE, DESIGN, kind.by_type, page=BY_TYPE_SHOWN, **query)
    yield from _table(islice(found, BY_TYPE_SHOWN))
    yield f" Total: {_counted(zone, kind.by_type, reduce=True, **query)}"


def whole(zone: Zone, kind: Kind, count: int) -> Iterator[Document]:
    """Yield the first COUNT notifications themselves, from the oldest on."""
    rows = views.rows(zone, DATABASE, DESIGN, kind.by_time, include_docs=True, page=_page(count))
    for row in islice(rows, count):
        if row.get("doc"):
            yield row["doc"]


def total(zone: Zone, kind: Kind) -> int:
    """Return how many notifications there are."""
    return _counted(zone, kind.by_type, reduce=True)


def counts_by_type(zone: Zone) -> Iterator[tuple[str, int]]:
    """Yield how many notifications of each type are pending; a type costs two requests, however many there are."""
    after: Any = None
    while row := next(views.rows(zone, DATABASE, DESIGN, PENDING.by_type, start=after, page=1), None):
        name = row["key"][0]
        yield str(name), _counted(zone, PENDING.by_type, reduce=True, start=[name], end=[name, {}])
        after = [name, {}]


def read(zone: Zone, identifier: str) -> Document | None:
    """Return a notification, None where there is none."""
    return zone.couchdb.get(DATABASE, identifier)


def between(zone: Zone, start: int, end: int) -> list[str]:
    """Return the ids of the notifications that were to be sent from START until before END, in Gregorian seconds."""
    rows = views.rows(zone, DATABASE, DESIGN, PENDING.by_time, start=[start], end=[end])
    return [row["id"] for row in rows]


def delete(zone: Zone, ids: list[str]) -> changes.Tally:
    """Delete notifications."""

    def deletions() -> Iterator[Change]:
        for index in range(0, len(ids), zone.couchdb.batch):
            stored = zone.couchdb.get_many(DATABASE, ids[index : index + zone.couchdb.batch])
            yield from (Change(DATABASE, None, each) for each in stored.values())

    return changes.apply(zone, deletions(), total=len(ids), label="deleting")


def send(zone: Zone, document: Document) -> bool:
    """Publish a notification again, and tell whether teletype took it, as Kazoo judges its answer.

    Raises NotSent for one that holds no message of Kazoo's, and what `bus.request` raises.
    """
    api, payload = f"notifications.{document.get('notification_type')}", document.get("payload")
    if not isinstance(payload, dict):
        raise NotSent(id=document["_id"], reason="it holds no message")
    try:
        known = messages.find(api).given
        answer = bus.request(zone, api, {key: value for key, value in payload.items() if key in known})
    except (messages.UnknownApi, messages.BadMessage) as error:
        raise NotSent(id=document["_id"], reason=str(error)) from error
    return is_delivered(answer)


def is_delivered(answer: dict[str, Any]) -> bool:
    """Tell whether a notification need not be sent again, by what teletype answered."""
    reason = str(answer.get("Failure-Message") or "")
    failed_for_good = answer.get("Status") == "failed" and (
        reason in _HOPELESS or reason.startswith(_HOPELESS_BEGINNINGS)
    )
    return answer.get("Status") in _DELIVERED or failed_for_good


def _page(count: int) -> int:
    return max(1, min(count, 1000))


def _counted(zone: Zone, view: str, **query: Any) -> int:
    return sum(int(row["value"]) for row in views.rows(zone, DATABASE, DESIGN, view, **query))


def _table(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    edge = "+".join(["", *("-" * (width + 2) for width in _WIDTHS), ""])
    yield edge
    yield _line(_TITLES)
    yield edge.replace("-", "=")
    empty = True
    for row in rows:
        empty = False
        value = row["value"]
        due = (value.get("modified") or value.get("pvt_modified") or 0) + (value.get("retry_after") or 0)
        told = (value.get("attempts"), value.get("reason") or None)
        yield _line((value.get("id"), plain_datetime(due), value.get("type"), *told))
    if empty:
        yield f"| {_NOTHING:<151} |"
    yield edge


def _line(cells: tuple[Any, ...]) -> str:
    return "| " + " | ".join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"
