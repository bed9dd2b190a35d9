"""Tells every node what was changed: from the door to the broker, or to the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from kazoo_sup.changes import events
from kazoo_sup.changes.outbox import Outbox

if TYPE_CHECKING:
    from kazoo_sup.changes.change import Change, Report
    from kazoo_sup.changes.outbox import Spool
    from kazoo_sup.transports.amqp import Message, Publisher, PublishResult
    from kazoo_sup.zone import Zone

Advance = Callable[[int], None]


class Announcer(Protocol):
    """Hears of each batch before it is saved (`expect`), of what was (`announce`), and when that was all (`settle`)."""

    def expect(self, batch: Sequence[Change]) -> int:
        """Note what is about to be saved."""

    def announce(self, reports: Sequence[Report]) -> None:
        """Publish what was saved."""

    def announce_also(self, changes: Sequence[Change]) -> None:
        """Publish what the changes have announced in any case (`Change.announced`)."""

    def settle(self, token: int) -> None:
        """Note that of a batch nothing else was or will be saved."""

    def announce_database(self, action: str, database: str) -> None:
        """Publish that a database was created, deleted, or is to be read anew."""


def outbox(zone: Zone) -> Outbox:
    """Return the outbox of the zone."""
    return Outbox(zone.state_dir / "outbox" / quote(zone.name, safe=""), zone.own_node)


def waiting(zone: Zone) -> int:
    """Count the events that wait in the zone's outbox, those of runs that still live not among them."""
    count = 0
    for claim in outbox(zone).claim():
        count += sum(1 for _event in claim.messages())
        claim.release()
    return count


@contextmanager
def of(zone: Zone) -> Iterator[Announcer]:
    """Give the run's announcer, the same one where it is asked for inside.

    On leaving it waits for the broker's confirms and keeps what it did not take. What earlier runs left goes out last,
    once the broker has shown that it takes messages. Raises SettingsError when the outbox cannot be written.
    """
    if zone.announcer is not None:
        yield zone.announcer
        return
    if not zone.run.events:
        yield SILENT
        return
    spool = outbox(zone).open()
    publisher = _publisher(zone, spool)
    zone.announcer = _Publishing(publisher, spool, zone)
    try:
        yield zone.announcer
    finally:
        zone.announcer = None
        if _finish(zone, publisher, spool) is None:
            send_waiting(zone)


def send_waiting(zone: Zone) -> None:
    """Publish what earlier runs left; what the broker does not take now is kept again."""
    box = outbox(zone)
    claims = box.claim()
    if not claims:
        return
    spool = box.open()
    publisher = _publisher(zone, spool)
    for claim in claims:
        _send(publisher, claim.messages())
    _finish(zone, publisher, spool)
    for claim in claims:
        claim.remove()


def _finish(zone: Zone, publisher: Publisher | _NoBroker, spool: Spool) -> str | None:
    """Wait for the confirms, keep what the broker did not take, and tell of it; return why it did not take all."""
    reason = publisher.close().reason
    left = spool.close()
    if left:
        zone.run.warn(
            f"{left} change event{'s' if left > 1 else ''} could not be published"
            f"{f' ({reason})' if reason else ''}; kept for the next run or `sup outbox flush`"
        )
    return reason


def message(key: str, body: bytes) -> Message:
    """Return a change event as a message to the configuration exchange."""
    from kazoo_sup.transports.amqp import Message

    return Message(events.EXCHANGE, events.EXCHANGE_TYPE, key, body)


def _publisher(zone: Zone, spool: Spool) -> Publisher | _NoBroker:
    def keep(messages: Sequence[Message], _reason: str) -> None:
        for each in messages:
            spool.keep(each.routing_key, each.body)

    return zone.publisher(keep) if zone.settings.brokers else _NoBroker(keep)


class _NoBroker:
    """Stands in for a publisher in a zone without a broker: every event waits."""

    def __init__(self, on_failed: Callable[[Sequence[Message], str], None]) -> None:
        self._on_failed = on_failed
        self._failed = 0

    def send(self, messages: Sequence[Message]) -> None:
        self._failed += len(messages)
        self._on_failed(messages, "no broker is configured")

    def close(self) -> PublishResult:
        from kazoo_sup.transports.amqp import PublishResult

        return PublishResult(0, self._failed, "no broker is configured")


class _Publishing:
    def __init__(self, publisher: Publisher | _NoBroker, spool: Spool, zone: Zone) -> None:
        self._publisher = publisher
        self._spool = spool
        self._zone = zone
        self._unpublished = _unpublished_types(zone)
        # Changes may be made by several threads of a run at once.
        self._one_at_a_time = Lock()

    def expect(self, batch: Sequence[Change]) -> int:
        due = []
        for change in batch:
            document = change.document or change.previous or {}
            action = "deleted" if change.document is None else "edited" if change.previous else "created"
            if self._wanted(change.id, document.get("pvt_type"), action):
                due.append(
                    (action, change.database, change.id, document.get("pvt_type"), document.get("pvt_account_id"))
                )
        with self._one_at_a_time:
            return self._spool.due(due)

    def announce(self, reports: Sequence[Report]) -> None:
        node = self._zone.own_node
        messages = []
        for report in reports:
            if report.action in ("created", "edited", "deleted") and report.after is not None:
                document = report.after if report.action != "deleted" else {**(report.before or {}), **report.after}
                if self._wanted(report.id, document.get("pvt_type"), report.action):
                    messages.append(message(*events.document_event(report.action, report.database, document, node)))
        self._send(messages)

    def announce_also(self, changes: Sequence[Change]) -> None:
        node = self._zone.own_node
        messages = []
        for change in changes:
            document = change.previous or change.document or {}
            for action in change.announced:
                if self._wanted(change.id, document.get("pvt_type"), action):
                    # Kazoo announces a document as created when it has no revision.
                    hidden = "_rev" if action == "created" else ""
                    told = {key: value for key, value in document.items() if key != hidden}
                    messages.append(message(*events.document_event(action, change.database, told, node)))
        if messages:
            self._send(messages)

    def settle(self, token: int) -> None:
        with self._one_at_a_time:
            self._spool.settle(token)

    def announce_database(self, action: str, database: str) -> None:
        self._send([message(*events.database_event(action, database, self._zone.own_node))])

    def _send(self, messages: list[Message]) -> None:
        with self._one_at_a_time:
            self._publisher.send(messages)

    def _wanted(self, identifier: str, document_type: str | None, action: str = "") -> bool:
        if identifier.startswith("_design/"):
            return action == "edited" and identifier in events.ANNOUNCED_DESIGNS
        return document_type not in self._unpublished


class _Silent:
    """Says nothing: `--no-events`."""

    def expect(self, batch: Sequence[Change]) -> int:  # noqa: ARG002
        return 0

    def announce(self, reports: Sequence[Report]) -> None: ...

    def announce_also(self, changes: Sequence[Change]) -> None: ...

    def settle(self, token: int) -> None: ...

    def announce_database(self, action: str, database: str) -> None: ...


SILENT = _Silent()


def _unpublished_types(zone: Zone) -> frozenset[str]:
    """Return the document types that make no event (Kazoo kzs_publish:should_publish_doc/1)."""
    configured = ((zone.configuration("datamgr") or {}).get("default") or {}).get("change_notice_exclude_types")
    return frozenset(configured if isinstance(configured, list) else events.UNPUBLISHED_TYPES)


def _send(publisher: Publisher | _NoBroker, waiting: Iterator[tuple[str, bytes]]) -> None:
    batch: list[Message] = []
    for key, body in waiting:
        batch.append(message(key, body))
        if len(batch) >= 1000:  # noqa: PLR2004 - a batch of the door's size
            publisher.send(batch)
            batch = []
    publisher.send(batch)
