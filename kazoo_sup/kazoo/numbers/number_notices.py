"""Telling the bus that numbers were changed: notifications, of which teletype makes mails to who runs the carrier.

Source: Kazoo knm_cnam_notifier, knm_port_notifier, kapps_notify_publisher. What does not get through is kept as Kazoo
keeps it, in pending_notifications, from where a tasks node sends it again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import same
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import stamped
from kazoo_sup.kazoo.notifications import pending_notifications
from kazoo_sup.kazoo.numbers import port_requests, pretty
from kazoo_sup.kazoo.numbers.phone_number import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document, Payload
    from kazoo_sup.zone import Zone

SYSTEM = "system"
"""Who acts where no account does (Kazoo ?KNM_DEFAULT_AUTH_BY)."""

RETRY_AFTER = 600
"""Seconds after which a kept notification is due (Kazoo tasks.notify_resend/retry_after_fudge_s)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is published once a number is saved: the notification's event, and the feature that it carries."""

    event: str
    content: object


def of(before: PhoneNumber | None, after: PhoneNumber) -> Iterator[Notice]:
    """Yield what the bus is to hear of a number that was saved."""
    for event, feature in (("cnam_request", "outbound_cnam"), ("port_request", "port")):
        content = (after.features or {}).get(feature)
        known = ((before.features if before else None) or {}).get(feature)
        if content and not same(content, known or {}):
            yield Notice(event, content)


def publish(zone: Zone, saved: Sequence[tuple[PhoneNumber, Notice]], acting: str | None) -> None:
    """Publish the notices of numbers that were saved on behalf of ACTING (an account id, None for the system).

    A notice that reaches nobody is kept for the next try, and that is told.
    """
    if not zone.run.events:
        return
    for number, notice in saved:
        headers = _headers(zone, number, notice, acting or SYSTEM)
        if headers is None:
            continue
        try:
            bus.publish(zone, [(f"notifications.{notice.event}", headers)])
        except SupError as error:
            _keep(zone, number, notice.event, headers, error)


def _headers(zone: Zone, number: PhoneNumber, notice: Notice, acting: str) -> Payload | None:
    told = {
        "Account-ID": number.assigned_to,
        "Number-State": number.state,
        "Local-Number": number.module_name == LOCAL,
    }
    if number.assigned_to is None:
        zone.run.warn(f"{number.number} is of no account: nobody is told of its {notice.event}")
        return None
    if notice.event == "cnam_request":
        return {**told, "Number": pretty.shown(number.number, zone), "Acquired-For": acting, "Cnam": notice.content}
    request = port_requests.active(zone, [number.number]).get(number.number)
    if request is None:
        zone.run.warn(f"{number.number} has no port request: nobody is told of its {notice.event}")
        return None
    port = {"Port-Request-ID": request["_id"], "Port": notice.content}
    return {**told, **port, "Number": number.number, "Authorized-By": acting}


def _keep(zone: Zone, number: PhoneNumber, event: str, headers: Payload, error: SupError) -> None:
    document: Document = {
        "_id": uuid.uuid4().hex,
        "description": "failed to publish notification",
        "failure_reason": str(error),
        "notification_type": event,
        "payload": headers,
        "attempts": 1,
        "retry_after": RETRY_AFTER,
    }
    database, account = pending_notifications.DATABASE, number.assigned_to
    kept = stamped(document, database, node=zone.node, document_type="failed_notify", account=account)
    try:
        views.ensure_database(zone, database)
        changes.create(zone, database, kept).check()
    except SupError as why:
        zone.run.warn(f"the {event} of {number.number} was neither published ({error}) nor kept: {why}")
        return
    zone.run.warn(f"the {event} of {number.number} was not published: {error}; it is kept in {database}")
