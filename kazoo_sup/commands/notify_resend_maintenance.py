"""Notifications that teletype could not deliver: shown, sent once more, deleted."""

from __future__ import annotations

from collections.abc import Iterator

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.mails import pending_notifications as waiting
from kazoo_sup.kazoo.mails.pending_notifications import FAILED, PENDING, Kind
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Zone

SHOWN = 100


@command
def pending(zone: Zone, show_count: int = SHOWN, details: str = "false") -> Outcome:
    """Show the first SHOW_COUNT notifications that are to be sent again, and how many there are; DETAILS true, whole.

    What a tasks node is sending at this moment counts as pending: only the node knows.
    """

    def lines() -> Iterator[str]:
        yield from _shown(zone, PENDING, show_count, details)
        found = waiting.total(zone, PENDING)
        yield f" Total: {found}, Running 0, Pending {found}"

    return _listing(show_count, lines())


@command
def failed(zone: Zone, show_count: int = SHOWN, details: str = "false") -> Outcome:
    """Show the first SHOW_COUNT notifications that are not sent again, and how many there are; DETAILS true, whole."""

    def lines() -> Iterator[str]:
        yield from _shown(zone, FAILED, show_count, details)
        yield f" Total: {waiting.total(zone, FAILED)}"

    return _listing(show_count, lines())


@command
def pending_by_type(zone: Zone, type_: str) -> Outcome:
    """Show the first hundred notifications of TYPE that are due to be sent again."""
    return text(waiting.listed_by_type(zone, PENDING, type_), NO_RETURN)


@command
def failed_by_type(zone: Zone, type_: str) -> Outcome:
    """Show the first hundred notifications of TYPE that are not sent again."""
    return text(waiting.listed_by_type(zone, FAILED, type_), NO_RETURN)


@command
def statistics(zone: Zone) -> Outcome:
    """Count the notifications that are to be sent again by their types."""

    def lines() -> Iterator[str]:
        total = 0
        for name, count in waiting.counts_by_type(zone):
            total += count
            yield f"{name:<26.26}: {count}"
        yield f"Total: {total}"
        yield "Total running: 0"

    return text(lines(), NO_RETURN)


@command
def notify_info(zone: Zone, id_: str) -> Outcome:
    """Show the notification ID as JSON."""
    document = waiting.read(zone, id_)
    if document is None:
        return text(f"Error opening {id_}: not_found", NO_RETURN)
    return text(terms.json_pretty(document), NO_RETURN, data=document)


@command
def send_notify(zone: Zone, id_: str) -> Outcome:
    """Send the notification ID once more and show it; it is not deleted, whatever becomes of it."""
    document = waiting.read(zone, id_)
    if document is None:
        return text(f"failed to open notification {id_}: not_found.", NO_RETURN)
    if zone.run.dry_run:
        zone.run.warn(f"would send notification {id_} of type {document.get('notification_type')}")
        return Outcome(NO_RETURN)
    shown = terms.json_pretty(document)
    if waiting.send(zone, document):
        return text([f"notification {id_} successfully sent, don't forget to delete it.", shown], NO_RETURN)
    refusal = waiting.NotSent(id=id_, reason="teletype could not deliver it")
    return text([f"failed to send notification {id_}.", shown], NO_RETURN, errors=[refusal])


@command
def delete(zone: Zone, id_: str) -> Outcome:
    """Delete the notification ID."""
    if waiting.read(zone, id_) is None:
        return text(f"failed to delete notification {id_}: not_found", NO_RETURN)
    tally = waiting.delete(zone, [id_])
    tally.check()
    return text(f"notification {id_} has been deleted", NO_RETURN, counts=tally.counts)


@command
def delete_older_than(zone: Zone, timestamp: int) -> Outcome:
    """Delete the pending notifications that were to be sent before TIMESTAMP, in Gregorian seconds."""
    return _deleted(zone, 0, timestamp, f"no notification older than {timestamp} has been found")


@command
def delete_between(zone: Zone, start_timestamp: int, end_timestamp: int) -> Outcome:
    """Delete the pending notifications that were to be sent from START_TIMESTAMP until END_TIMESTAMP.

    Both are in Gregorian seconds.
    """
    nothing = (
        f"no notification between start timestamp {start_timestamp} and end timestamp {end_timestamp} has been found"
    )
    return _deleted(zone, start_timestamp, end_timestamp, nothing)


def _shown(zone: Zone, kind: Kind, count: int, details: str) -> Iterator[str]:
    if details == "true":
        yield from (terms.json_pretty(document) for document in waiting.whole(zone, kind, count))
    else:
        yield from waiting.listed(zone, kind, count)


def _listing(show_count: int, lines: Iterator[str]) -> Outcome:
    if show_count < 0:
        raise BadArgument(parameter="SHOW_COUNT", reason=f"{show_count} is less than none")
    return text(lines, NO_RETURN)


def _deleted(zone: Zone, start: int, end: int, nothing: str) -> Outcome:
    ids = waiting.between(zone, start, end)
    if not ids:
        return text(nothing, NO_RETURN)
    tally = waiting.delete(zone, ids)
    return text(f"{tally.counts['deleted']} notifications has been deleted", NO_RETURN, counts=tally.counts)
