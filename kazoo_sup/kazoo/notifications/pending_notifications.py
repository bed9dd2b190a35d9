"""Notifications that could not be delivered: listed, sent once more, deleted.

They wait in `pending_notifications` until a tasks node has tried often enough; from then on they are failed ones.
Source: Kazoo notify_resend_maintenance, kz_notify_resend, kapps_notify_publisher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import changes, messages
from kazoo_sup.changes import Change
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now, shapes

if TYPE_CHECKING:
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Json, ViewRow
    from kazoo_sup.zone import Zone

DATABASE = "pending_notifications"
DESIGN = "pending_notify"
BY_TYPE_SHOWN = 100

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

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Pending or failed notifications, by the views that list them."""

    by_time: str
    by_type: str


PENDING = Kind("pending_range", "pending_by_type")
FAILED = Kind("failed_range", "failed_by_type")


class Waiting(NamedTuple):
    """A notification as it is listed; `due` is in Gregorian seconds."""

    id: str | None
    due: int
    type: str | None
    attempts: int | None
    reason: str | None


def listed(zone: Zone, kind: Kind, count: int) -> Iterator[Waiting]:
    """Yield the first COUNT notifications, from the oldest on."""
    return map(_waiting, islice(views.rows(zone, DATABASE, DESIGN, kind.by_time, page=_page(count)), count))


def listed_by_type(zone: Zone, kind: Kind, notification: str) -> Iterator[Waiting]:
    """Yield the first hundred notifications of a type that are due by now."""
    found = views.rows(zone, DATABASE, DESIGN, kind.by_type, page=BY_TYPE_SHOWN, **_due(notification))
    return map(_waiting, islice(found, BY_TYPE_SHOWN))


def total_of_type(zone: Zone, kind: Kind, notification: str) -> int:
    """Return how many notifications of a type are due by now."""
    return _counted(zone, kind.by_type, reduce=True, **_due(notification))


def documents(zone: Zone, kind: Kind, count: int) -> Iterator[Document]:
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
    after: Json = None
    while row := next(views.rows(zone, DATABASE, DESIGN, PENDING.by_type, start=after, page=1), None):
        name = views.key_of(row, 1)[0]
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


def is_delivered(answer: Document) -> bool:
    """Return whether a notification need not be sent again, by what teletype answered."""
    reason = str(answer.get("Failure-Message") or "")
    failed_for_good = answer.get("Status") == "failed" and (
        reason in _HOPELESS or reason.startswith(_HOPELESS_BEGINNINGS)
    )
    return answer.get("Status") in _DELIVERED or failed_for_good


def _page(count: int) -> int:
    return max(1, min(count, 1000))


def _counted(zone: Zone, view: str, **query: Unpack[ViewQuery]) -> int:
    return sum(views.value_of(row, shapes.INTEGER) for row in views.rows(zone, DATABASE, DESIGN, view, **query))


def _due(notification: str) -> Document:
    return {"start": [notification, 0], "end": [notification, now()]}


def _waiting(row: ViewRow) -> Waiting:
    value = views.object_of(row)
    due = (value.get("modified") or value.get("pvt_modified") or 0) + (value.get("retry_after") or 0)
    return Waiting(value.get("id"), due, value.get("type"), value.get("attempts"), value.get("reason") or None)
