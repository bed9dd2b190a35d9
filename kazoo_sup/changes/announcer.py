"""Tells every node what was changed: from the door to the broker, or to the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Protocol
from weakref import ReferenceType, ref

from kazoo_sup.changes import events, outboxes
from kazoo_sup.changes.outbox import Left, Unusable
from kazoo_sup.errors import ServerUnreachable, SettingsError, TimedOut

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.changes.change import Change, Report
    from kazoo_sup.changes.outbox import Due, Outbox, Spool
    from kazoo_sup.transports.amqp import Message, Publisher, PublishResult
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

Advance = Callable[[int], None]


class Announcer(Protocol):
    """Hears of each batch before it is saved (`expect`), of what was (`announce`), and when that was all (`settle`).

    What is expected and never settled waits in the outbox: nobody knows whether it was saved.
    """

    def expect(self, batch: Sequence[Change]) -> int:
        """Note what is about to be saved."""

    def announce(self, reports: Sequence[Report]) -> None:
        """Publish what was saved."""

    def announce_also(self, changes: Sequence[Change]) -> None:
        """Publish what the changes have announced in any case (`Change.announced`)."""

    def settle(self, token: int, but: Sequence[Change] = ()) -> None:
        """Note that of a batch nothing else was or will be saved, BUT perhaps these."""

    def expect_database(self, action: str, database: str) -> int:
        """Note that a database is about to be created or deleted, or what is in it changed."""

    def announce_database(self, action: str, database: str) -> None:
        """Publish that a database was created, deleted, or is to be read again."""

    @property
    def missed(self) -> str | None:
        """Why the broker did not take all, once that is known."""


class _Speaking:
    """What publishes a run's events of a zone while changes are being made: there as long as one of its users is.

    Who is interrupted on the way out cannot say that it left: what it used goes with it, and leaves its file behind.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._publishing: ReferenceType[_Publishing] | None = None

    def enter(self, zone: Zone) -> _Publishing:
        with self._lock:
            publishing = self._publishing() if self._publishing else None
            if publishing is None:
                publishing = _Publishing(zone)
                self._publishing = ref(publishing)
            publishing.users += 1
            return publishing

    def leave(self, publishing: _Publishing) -> bool:
        """Return whether that was the last one, after whom nobody speaks through it."""
        with self._lock:
            publishing.users -= 1
            if not publishing.users:
                self._publishing = None
            return not publishing.users


def waiting(zone: Zone) -> int:
    """Count the events that wait in the zone's outbox, those of runs that still live not among them."""
    count = 0
    for claim in outboxes.of(zone).claim():
        count += sum(1 for _event in claim.messages())
        claim.release()
    return count


@contextmanager
def of(zone: Zone) -> Iterator[Announcer]:
    """Give the run's announcer, the same one for all who make changes at once, inside one another or side by side.

    When the last of them leaves it waits for the broker's confirms and keeps what it did not take. What earlier runs
    left goes out then, once the broker has shown that it takes messages. Where nothing is announced, and nothing waits,
    nobody is asked.
    """
    if not zone.run.events:
        yield SILENT
        return
    speaking = zone.run.session.part(_Speaking, zone.name)
    publishing = speaking.enter(zone)
    try:
        yield publishing
    finally:
        if speaking.leave(publishing) and publishing.finish() and outboxes.any_waiting(zone):
            # What this run had to do is done; what others left can wait for a better moment.
            with suppress(ServerUnreachable, TimedOut):
                send_waiting(zone, but=publishing.file)


def send_waiting(zone: Zone, but: Path | None = None) -> int:
    """Publish what earlier runs left; what the broker does not take now is kept. Return how much was set aside.

    What can never be published is set aside and named. The file BUT waits for another time: documents of which a run
    does not know whether they were saved may yet be.
    """
    box = outboxes.of(zone)
    claims = box.claim(but)
    if not claims:
        return 0
    aside = 0

    def set_aside(unusable: Unusable) -> None:
        nonlocal aside
        aside += 1
        box.set_aside(unusable)
        zone.run.warn(f"{unusable}; set aside in {box.aside}")

    spool = _LeftAgain(box)
    publisher = _publisher(zone, spool)
    try:
        for claim in claims:
            _send(publisher, claim.messages(set_aside), lambda key, why: set_aside(Unusable("outbox", key, why)))
    except BaseException:
        publisher.close()
        spool.discard()
        raise
    result = publisher.close()
    taken_over = spool.close()
    for claim in claims:
        if taken_over:
            claim.remove()
        else:
            claim.release()
    _tell(zone, spool.path if taken_over and spool.path else claims[0].path, Left(result.failed, 0), result.reason)
    return aside


class _LeftAgain:
    """The events of earlier runs that the broker does not take now either, in a file of this run's."""

    def __init__(self, box: Outbox) -> None:
        self._box = box
        self._spool: Spool | None = None
        self._complete = True

    @property
    def path(self) -> Path | None:
        """The file, once there is one."""
        return self._spool.path if self._spool else None

    def keep(self, key: str, body: bytes) -> None:
        try:
            self._spool = self._spool or self._box.open()
            self._spool.keep(key, body)
            self._complete = self._complete and self._spool.complete
        except SettingsError:
            self._complete = False

    def close(self) -> bool:
        """Return whether all of them are there now."""
        if self._spool is not None and self._complete:
            self._spool.close()
        else:
            self.discard()
        return self._complete

    def discard(self) -> None:
        if self._spool is not None:
            self._spool.discard()


class _Untold:
    """What a run leaves in a zone's outbox, by its files: told in one sentence when the run ends.

    What is gone by then was published after all, since the broker took messages again.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._left: dict[Path, Left] = {}
        self._reason: str | None = None

    def note(self, zone: Zone, file: Path, left: Left, reason: str | None) -> None:
        with self._lock:
            is_first = not self._left
            self._left[file] = left
            self._reason = reason or self._reason
        if is_first:
            zone.run.at_end(partial(self._tell, zone))

    def _tell(self, zone: Zone) -> None:
        with self._lock:
            found = [left for file, left in self._left.items() if file.exists()]
            self._left.clear()
        kept, uncertain = sum(each.kept for each in found), sum(each.uncertain for each in found)
        until = "kept for the next run or `sup outbox flush`"
        why = f" ({self._reason})" if self._reason else ""
        if kept:
            zone.run.warn(f"{_events(kept)} could not be published{why}; {until}")
        if uncertain:
            zone.run.warn(f"of {_events(uncertain)} it is not known whether the documents were saved; {until}")


def _tell(zone: Zone, file: Path, left: Left, reason: str | None) -> None:
    """Have it told what a run leaves in a file of the outbox."""
    if any(left):
        zone.run.session.part(_Untold, zone.name).note(zone, file, left, reason)


def _events(count: int) -> str:
    return f"{count} change event{'s' if count > 1 else ''}"


def message(key: str, body: bytes) -> Message:
    """Return a change event as a message to the configuration exchange."""
    from kazoo_sup.transports.amqp import Message

    return Message(events.EXCHANGE, events.EXCHANGE_TYPE, key, body)


def _publisher(zone: Zone, spool: Spool | _LeftAgain) -> Publisher | _NoBroker:
    def keep(messages: Sequence[Message], _reason: str) -> None:
        for each in messages:
            spool.keep(each.routing_key, each.body)

    return zone.connections.publisher(keep) if zone.settings.brokers else _NoBroker(keep)


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
    """Opens the outbox and the publisher when the first event becomes due."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._opened: tuple[Spool, Publisher | _NoBroker] | None = None
        self._unpublished: frozenset[str] | None = None
        self.users = 0
        self.missed: str | None = None
        # Changes may be made by several threads of a run at once.
        self._one_at_a_time = RLock()

    def expect(self, batch: Sequence[Change]) -> int:
        with self._one_at_a_time:
            return self._note(self._due(batch))

    def announce(self, reports: Sequence[Report]) -> None:
        told = []
        for report in reports:
            action = report.told or report.action
            if action in ("created", "edited", "deleted") and report.after is not None:
                document = report.after if action != "deleted" else {**(report.before or {}), **report.after}
                if self._wanted(report.id, document.get("pvt_type"), action):
                    told.append((action, report.database, document))
        self._send_documents(told)

    def announce_also(self, changes: Sequence[Change]) -> None:
        told = []
        for change in changes:
            document = change.previous or change.document or {}
            for action in change.announced:
                if self._wanted(change.id, document.get("pvt_type"), action):
                    # Kazoo announces a document as created when it has no revision.
                    hidden = "_rev" if action == "created" else ""
                    shown = {key: value for key, value in document.items() if key != hidden}
                    told.append((action, change.database, shown))
        if told:
            with self._one_at_a_time:
                token = self._note([_as_due(*each) for each in told])
                self._send_documents(told)
                self.settle(token)

    def settle(self, token: int, but: Sequence[Change] = ()) -> None:
        with self._one_at_a_time:
            if self._opened and token:
                self._opened[0].settle(token, self._due(but))

    def expect_database(self, action: str, database: str) -> int:
        with self._one_at_a_time:
            return self._note([(f"db_{action}", database, "", None, None)])

    def announce_database(self, action: str, database: str) -> None:
        self._send([message(*events.database_event(action, database, self._zone.own_node))])

    @property
    def file(self) -> Path | None:
        """The run's file in the outbox, once there is one."""
        return self._opened and self._opened[0].path

    def finish(self) -> bool:
        """Wait for the confirms, keep what the broker did not take, report it; return whether it may take more."""
        if self._opened is None:
            return bool(self._zone.settings.brokers)
        spool, publisher = self._opened
        self.missed = publisher.close().reason
        _tell(self._zone, spool.path, spool.close(), self.missed)
        return self.missed is None

    def _due(self, batch: Sequence[Change]) -> list[Due]:
        due = []
        for change in batch:
            document = change.document or change.previous or {}
            action = "deleted" if change.document is None else "edited" if change.previous else "created"
            if self._wanted(change.id, document.get("pvt_type"), action):
                due.append(_as_due(action, change.database, {**document, "_id": change.id}))
        return due

    def _note(self, due: Sequence[Due]) -> int:
        return self._open()[0].due(due) if due else 0

    def _open(self) -> tuple[Spool, Publisher | _NoBroker]:
        if self._opened is None:
            spool = outboxes.of(self._zone).open()
            self._opened = spool, _publisher(self._zone, spool)
        return self._opened

    def _send_documents(self, told: Sequence[tuple[str, str, Document]]) -> None:
        node = self._zone.own_node
        self._send([message(*events.document_event(*each, node)) for each in told])

    def _send(self, messages: list[Message]) -> None:
        if messages:
            with self._one_at_a_time:
                self._open()[1].send(messages)

    def _wanted(self, identifier: str, document_type: str | None, action: str = "") -> bool:
        if identifier.startswith("_design/"):
            return action == "edited" and identifier in events.ANNOUNCED_DESIGNS
        if self._unpublished is None:
            self._unpublished = _unpublished_types(self._zone)
        return document_type not in self._unpublished


def _as_due(action: str, database: str, document: Document) -> Due:
    return action, database, document["_id"], document.get("pvt_type"), document.get("pvt_account_id")


class _Silent:
    """Says nothing: `--no-events`."""

    def expect(self, batch: Sequence[Change]) -> int:  # noqa: ARG002
        return 0

    def announce(self, reports: Sequence[Report]) -> None: ...

    def announce_also(self, changes: Sequence[Change]) -> None: ...

    def settle(self, token: int, but: Sequence[Change] = ()) -> None: ...

    def expect_database(self, action: str, database: str) -> int:  # noqa: ARG002
        return 0

    def announce_database(self, action: str, database: str) -> None: ...

    missed: str | None = None


SILENT = _Silent()


def _unpublished_types(zone: Zone) -> frozenset[str]:
    """Return the document types that make no event (Kazoo kzs_publish:should_publish_doc/1)."""
    from kazoo_sup.transports.shapes import misfit

    document = zone.configuration("datamgr") or {}
    wrong = misfit(document, {"default?": {"change_notice_exclude_types?": [str]}})
    if wrong:
        zone.run.warn_once(f"system_config/datamgr: {wrong}; it is left aside")
    configured = None if wrong else (document.get("default") or {}).get("change_notice_exclude_types")
    return frozenset(events.UNPUBLISHED_TYPES if configured is None else configured)


def _send(
    publisher: Publisher | _NoBroker,
    waiting: Iterator[tuple[str, bytes]],
    impossible: Callable[[str, str], object],
) -> None:
    from kazoo_sup.transports.amqp import why_impossible

    batch: list[Message] = []
    for key, body in waiting:
        made = message(key, body)
        reason = why_impossible(made)
        if reason:
            impossible(key, reason)
            continue
        batch.append(made)
        if len(batch) >= 1000:  # noqa: PLR2004 - a batch of the door's size
            publisher.send(batch)
            batch = []
    publisher.send(batch)
