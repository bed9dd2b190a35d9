"""Notifications that teletype could not deliver: shown, sent once more, deleted."""

from __future__ import annotations

from collections.abc import Iterator

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.notifications import pending_notifications as notifications
from kazoo_sup.kazoo.notifications.pending_notifications import FAILED, PENDING, Kind
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Result
from kazoo_sup.texts.pending_notifications import table
from kazoo_sup.zone import Zone

SHOWN = 100


@command
def pending(zone: Zone, show_count: int = SHOWN, details: str = "false") -> Result:
    """Show the first SHOW_COUNT notifications that are to be sent again, and how many there are; DETAILS true, whole.

    What a tasks node is sending at this moment counts as pending: only the node knows.
    """

    def lines() -> Iterator[str]:
        yield from _shown(zone, PENDING, show_count, details)
        found = notifications.total(zone, PENDING)
        yield f" Total: {found}, Running 0, Pending {found}"

    return _listing(show_count, lines())


@command
def failed(zone: Zone, show_count: int = SHOWN, details: str = "false") -> Result:
    """Show the first SHOW_COUNT notifications that are not sent again, and how many there are; DETAILS true, whole."""

    def lines() -> Iterator[str]:
        yield from _shown(zone, FAILED, show_count, details)
        yield f" Total: {notifications.total(zone, FAILED)}"

    return _listing(show_count, lines())


@command
def pending_by_type(zone: Zone, type_: str) -> Result:
    """Show the first hundred notifications of TYPE that are due to be sent again."""
    return _of_type(zone, PENDING, type_)


@command
def failed_by_type(zone: Zone, type_: str) -> Result:
    """Show the first hundred notifications of TYPE that are not sent again."""
    return _of_type(zone, FAILED, type_)


@command
def statistics(zone: Zone) -> Result:
    """Count the notifications that are to be sent again by their types."""

    def lines() -> Iterator[str]:
        total = 0
        for name, count in notifications.counts_by_type(zone):
            total += count
            yield f"{name:<26.26}: {count}"
        yield f"Total: {total}"
        yield "Total running: 0"

    return Answer(NO_RETURN, lines=lines())


@command
def notify_info(zone: Zone, id_: str) -> Result:
    """Show the notification ID as JSON."""
    document = notifications.read(zone, id_)
    if document is None:
        return Answer(NO_RETURN, lines=[f"Error opening {id_}: not_found"])
    return Answer(NO_RETURN, lines=[terms.json_pretty(document)], data=document)


@command
def send_notify(zone: Zone, id_: str) -> Done:
    """Send the notification ID once more and show it; it is not deleted, whatever becomes of it."""
    document = notifications.read(zone, id_)
    if document is None:
        return Done(NO_RETURN, [f"failed to open notification {id_}: not_found."])
    deed = f"send notification {id_} of type {document.get('notification_type')}"
    sent = changes.act(zone, deed, lambda: notifications.send(zone, document))
    if sent is None:
        return Done(NO_RETURN)
    shown = terms.json_pretty(document)
    if sent:
        return Done(NO_RETURN, [f"notification {id_} successfully sent, don't forget to delete it.", shown])
    refusal = notifications.NotSent(id=id_, reason="teletype could not deliver it")
    return Done(NO_RETURN, [f"failed to send notification {id_}.", shown], report=BulkReport(errors=[refusal]))


@command
def delete(zone: Zone, id_: str) -> Done:
    """Delete the notification ID."""
    if notifications.read(zone, id_) is None:
        return Done(NO_RETURN, [f"failed to delete notification {id_}: not_found"])
    tally = notifications.delete(zone, [id_])
    tally.check()
    return Done(NO_RETURN, [f"notification {id_} has been deleted"], report=BulkReport(tally.counts))


@command
def delete_older_than(zone: Zone, timestamp: int) -> Result:
    """Delete the pending notifications that were to be sent before TIMESTAMP, in Gregorian seconds."""
    return _deleted(zone, 0, timestamp, f"no notification older than {timestamp} has been found")


@command
def delete_between(zone: Zone, start_timestamp: int, end_timestamp: int) -> Result:
    """Delete the pending notifications that were to be sent from START_TIMESTAMP until END_TIMESTAMP.

    Both are in Gregorian seconds.
    """
    nothing = (
        f"no notification between start timestamp {start_timestamp} and end timestamp {end_timestamp} has been found"
    )
    return _deleted(zone, start_timestamp, end_timestamp, nothing)


def _shown(zone: Zone, kind: Kind, count: int, details: str) -> Iterator[str]:
    if details == "true":
        yield from (terms.json_pretty(document) for document in notifications.documents(zone, kind, count))
    else:
        yield from table(notifications.listed(zone, kind, count))


def _of_type(zone: Zone, kind: Kind, type_: str) -> Answer:
    def lines() -> Iterator[str]:
        yield from table(notifications.listed_by_type(zone, kind, type_))
        yield f" Total: {notifications.total_of_type(zone, kind, type_)}"

    return Answer(NO_RETURN, lines=lines())


def _listing(show_count: int, lines: Iterator[str]) -> Result:
    if show_count < 0:
        raise BadArgument(parameter="SHOW_COUNT", reason=f"{show_count} is below 0")
    return Answer(NO_RETURN, lines=lines)


def _deleted(zone: Zone, start: int, end: int, nothing: str) -> Result:
    ids = notifications.between(zone, start, end)
    if not ids:
        return Answer(NO_RETURN, lines=[nothing])
    tally = notifications.delete(zone, ids)
    return Done(
        NO_RETURN, [f"{tally.counts['deleted']} notifications has been deleted"], report=BulkReport(tally.counts)
    )
