"""Messages that mailboxes of earlier versions hold in themselves, moved to the databases of their months.

Source: Kazoo kvm_migrate_account, kvm_migrate_crawler. Better than there: messages are read by key, so that those that
cannot be moved keep nobody waiting; a mailbox loses only what has arrived; what fails ends the run partly done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.databases.walk import PAGE, page_size
from kazoo_sup.kazoo.documents import now, shapes
from kazoo_sup.kazoo.documents.shapes import OBJECTS, POSITIVE, TEXT, at
from kazoo_sup.kazoo.voicemail.mailbox_messages import moved
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms.values import is_integer
from kazoo_sup.types import Document

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "callflow"
VOICEMAIL = "voicemail"
RETENTION_DAYS = 93
TIMEZONE = "America/Los_Angeles"
EXTENSION = "mp3"
ERROR = "migration_error"
"""The key under which a message in a mailbox says why it could not be moved."""

_DAY, _HOUR = 86_400, 3_600

Legacy = Document
"""A message as the view of such messages gives it: `source_id`, `owner_id`, `mailbox`, `timezone`, `metadata`."""


@dataclass(slots=True)
class Totals:
    """What became of an account's messages."""

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    no_ids: int = 0

    def add(self, other: Totals) -> None:
        """Take in what became of others."""
        for each in ("processed", "succeeded", "failed", "no_ids"):
            setattr(self, each, getattr(self, each) + getattr(other, each))


@dataclass(frozen=True, slots=True)
class BatchBegun:
    """So many messages of an account are about to be moved."""

    account: str
    messages: int


@dataclass(frozen=True, slots=True)
class BatchMoved:
    """What became of a batch: messages that could not be saved, those without a month, those that were given a time."""

    account: str
    processed: int
    succeeded: int
    not_saved: int
    without_month: int
    timed: int
    without_id: int


@dataclass(frozen=True, slots=True)
class NoMonthLeft:
    """None of the months of the messages that are left has a database."""

    account: str


@dataclass(frozen=True, slots=True)
class NothingLeft:
    """No mailbox of the account holds a message in itself any more."""

    account: str


BatchEvent = BatchBegun | BatchMoved | NoMonthLeft | NothingLeft


@dataclass(slots=True)
class _Batch:
    """Some messages on their way: by the id of their document, what stands in the way of one, and its mailbox."""

    documents: dict[str, list[Document]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    boxes: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    timed: int = 0
    no_ids: int = 0


class Migration:
    """The migration of one account, by its id."""

    def __init__(self, zone: Zone, account: str) -> None:
        """Read the settings."""
        self._zone = zone
        self._account = account
        self._database = account_database(account)
        self._extension = system_config.read(zone, CATEGORY, f"{VOICEMAIL}.extension", EXTENSION, TEXT)
        self._timezone = system_config.read(zone, "accounts", "default_timezone", TIMEZONE, TEXT)
        size = system_config.read(zone, CATEGORY, f"{VOICEMAIL}.migrate_max_bulk_insert", 0, POSITIVE)
        self._size = size if 0 < size <= PAGE else page_size(zone, "max_bulk_insert")
        self.totals = Totals()

    def recent(self) -> int:
        """Return from when on messages are within the account's retention, in Gregorian seconds."""
        path = [VOICEMAIL, "message_retention_duration"]
        own = account_config.get(self._zone, self._account, CATEGORY, VOICEMAIL, None)
        days = own.get(path[1]) if isinstance(own, dict) else None
        if not isinstance(days, int) or isinstance(days, bool) or days <= 0:
            days = system_config.read(self._zone, CATEGORY, ".".join(path), RETENTION_DAYS, POSITIVE)
        return now() - days * _DAY - _HOUR

    def all_boxes(self, since: int | None = None) -> Iterator[BatchEvent]:
        """Move the messages of all mailboxes, the newest first, those SINCE a time, batch by batch."""
        rows = views.rows_for_change(
            self._zone, self._database, "vmboxes", "legacy_msg_by_timestamp", descending=True, end=since
        )
        return self._batches(views.object_of(row) for row in rows)

    def some_boxes(self, boxes: list[str]) -> Iterator[BatchEvent]:
        """Move the messages of these mailboxes, batch by batch."""
        found = self._zone.couchdb.get_many(plain(self._database), boxes).values()
        read = shapes.of_each(self._zone, self._database, found, lambda box: list(legacy_messages(box)))
        return self._batches(message for messages in read for message in messages)

    def _batches(self, messages: Iterator[Legacy]) -> Iterator[BatchEvent]:
        while batch := list(islice(messages, self._size)):
            yield BatchBegun(self._account, len(batch))
            done = self._move(batch)
            if done is None:
                yield NoMonthLeft(self._account)
                return
            totals, no_month, timed = done
            self.totals.add(totals)
            not_saved = totals.failed - no_month
            yield BatchMoved(
                self._account, totals.processed, totals.succeeded, not_saved, no_month, timed, totals.no_ids
            )
        yield NothingLeft(self._account)

    def _move(self, messages: list[Legacy]) -> tuple[Totals, int, int] | None:
        """Move a batch; None when none of its months has a database."""
        batch = self._prepared(messages)
        missing = [each for each in batch.documents if not self._zone.couchdb.exists(plain(_database(each)))]
        if batch.documents and len(missing) == len(batch.documents):
            return None
        for each in missing:
            batch.errors |= {document["pvt_previous_id"]: "no_modb" for document in batch.documents.pop(each)}
        no_month = len(batch.errors)
        before = {
            document["_id"]: document["pvt_previous_id"] for each in batch.documents.values() for document in each
        }

        def seen(report: Report) -> None:
            if report.error:
                batch.errors[before[report.id]] = str(report.error)

        saved = (
            Change(_database(each), document, None, lambda stored, made=document: stored or made)  # type: ignore[misc]
            for each, documents in batch.documents.items()
            for document in documents
        )
        changes.apply(self._zone, saved, seen=seen)
        boxes = self._zone.couchdb.get_many(plain(self._database), sorted(batch.boxes))
        edits = shapes.of_each(
            self._zone,
            self._database,
            boxes.values(),
            lambda box: changes.edit(
                self._database, box, lambda found: without_moved(found, batch.known, batch.errors)
            ),
        )
        tally = changes.apply(self._zone, edits)
        tally.check()
        failed = len(batch.errors)
        totals = Totals(len(messages), len(batch.known) - failed, failed, batch.no_ids)
        return totals, no_month, batch.timed

    def _prepared(self, messages: list[Legacy]) -> _Batch:
        batch = _Batch()
        untimed = [
            media
            for each in messages
            if (media := each["metadata"].get("media_id")) and not _is_time(each["metadata"].get("timestamp"))
        ]
        media_documents = self._zone.couchdb.get_many(plain(self._database), untimed) if untimed else {}
        for each in messages:
            batch.boxes.add(each["source_id"])
            media = each["metadata"].get("media_id")
            if not media:
                batch.no_ids += 1
                continue
            timed = each
            if not _is_time(each["metadata"].get("timestamp")):
                batch.timed += 1
                timed = with_time(each, media_documents.get(media))
            document = moved(
                self._account, timed, timezone=self._timezone, extension=self._extension, node=self._zone.node
            )
            batch.known.add(media)
            batch.documents.setdefault(f"{self._account}-{months.of_time(timed['metadata']['timestamp'])}", []).append(
                document
            )
        return batch


def legacy_messages(box: Document) -> Iterator[Legacy]:
    """Yield the messages that a mailbox holds in itself as the view does, those too that could not be moved before."""
    for message in at(box, ["messages"], OBJECTS, []):
        yield {
            "source_id": box["_id"],
            "owner_id": box.get("owner_id"),
            "mailbox": box.get("mailbox"),
            "timezone": box.get("timezone"),
            "box_timestamp": box.get("pvt_modified", box.get("pvt_created")),
            "metadata": {key: each for key, each in message.items() if key != ERROR},
        }


def with_time(legacy: Legacy, media: Document | None) -> Legacy:
    """Return a message without a time with that of its audio, or else of its mailbox."""
    found = media or {}
    for seconds in (found.get("pvt_modified"), found.get("pvt_created"), legacy.get("box_timestamp")):
        if _is_time(seconds):
            return {**legacy, "metadata": {**legacy["metadata"], "timestamp": seconds}}
    return {**legacy, "metadata": {**legacy["metadata"], "timestamp": now()}}


def without_moved(box: Document, known: set[str], errors: Mapping[str, str]) -> Document:
    """Return a mailbox without the messages that have arrived; the others of KNOWN say why they have not."""
    kept = []
    for message in at(box, ["messages"], OBJECTS, []):
        media = message.get("media_id")
        if not media:
            kept.append({**message, ERROR: "no_media_id"})
        elif media not in known:
            kept.append(message)
        elif media in errors:
            kept.append({**message, ERROR: errors[media]})
    return {**box, "messages": kept}


def _database(month_of_account: str) -> str:
    account, _, months = month_of_account.rpartition("-")
    return f"{account_database(account)}-{months}"


def _is_time(value: object) -> bool:
    return is_integer(value) and value > 0
