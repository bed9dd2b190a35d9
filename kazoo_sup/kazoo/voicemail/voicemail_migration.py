"""Messages that mailboxes of earlier versions hold in themselves, moved to the databases of their months.

Source: Kazoo kvm_migrate_account, kvm_migrate_crawler. Better than there: messages are read by key, so that those that
cannot be moved keep nobody waiting; a mailbox loses only what has arrived; what fails ends the run partly done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.kazoo import account_config, months, system_config, views
from kazoo_sup.kazoo.documents import Document, now
from kazoo_sup.kazoo.numbers.places import PAGE, page_size
from kazoo_sup.kazoo.voicemail.mailbox_messages import moved
from kazoo_sup.names import account_database, plain

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

Legacy = dict[str, Any]
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

    def lines(self) -> Iterator[str]:
        """Yield what Kazoo prints of them."""
        for each in ("processed", "succeeded", "failed", "no_ids"):
            yield f"total_{each}: {getattr(self, each)}"


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
        found = system_config.get(zone, CATEGORY, f"{VOICEMAIL}.extension", EXTENSION)
        self._extension = found if isinstance(found, str) and found else EXTENSION
        self._timezone = str(system_config.get(zone, "accounts", "default_timezone", TIMEZONE))
        size = system_config.get(zone, CATEGORY, f"{VOICEMAIL}.migrate_max_bulk_insert", None)
        self._size = size if isinstance(size, int) and 0 < size <= PAGE else page_size(zone, "max_bulk_insert")
        self.totals = Totals()

    def recent(self) -> int:
        """Return from when on messages are within the account's retention, in Gregorian seconds."""
        path = [VOICEMAIL, "message_retention_duration"]
        own = account_config.get(self._zone, self._account, CATEGORY, VOICEMAIL, None)
        days = own.get(path[1]) if isinstance(own, dict) else None
        if not isinstance(days, int) or isinstance(days, bool) or days <= 0:
            days = system_config.get(self._zone, CATEGORY, ".".join(path), RETENTION_DAYS)
        days = days if isinstance(days, int) and days > 0 else RETENTION_DAYS
        return now() - days * _DAY - _HOUR

    def all_boxes(self, since: int | None = None) -> Iterator[str]:
        """Move the messages of all mailboxes, the newest first, those SINCE a time, and tell of it."""
        bounds = {} if since is None else {"end": since}
        rows = views.rows(self._zone, self._database, "vmboxes", "legacy_msg_by_timestamp", descending=True, **bounds)
        return self._batches(row["value"] for row in rows)

    def some_boxes(self, boxes: list[str]) -> Iterator[str]:
        """Move the messages of these mailboxes, and tell of it."""
        found = self._zone.couchdb.get_many(plain(self._database), boxes).values()
        return self._batches(message for box in found for message in legacy_messages(box))

    def _batches(self, messages: Iterator[Legacy]) -> Iterator[str]:
        said = f"  [{self._account}]"
        while batch := list(islice(messages, self._size)):
            yield f"{said} processing {len(batch)} voicemail messages"
            done = self._move(batch)
            if done is None:
                yield f"{said} none of the modbs are exists, considered it the last modb"
                yield f"{said} reached to the last/oldest available modb"
                return
            totals, no_month, timed = done
            self.totals.add(totals)
            yield (
                f"{said} finished a cycle, processed: {totals.processed} succeeded: {totals.succeeded}"
                f" save_failed: {totals.failed - no_month} no_modb: {no_month} fix_timestamp: {timed}"
                f" no_ids: {totals.no_ids}"
            )
        yield f"{said} no legacy voicemail messages left"

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
        edits = (
            changes.edit(self._database, box, lambda found: without_moved(found, batch.known, batch.errors))
            for box in boxes.values()
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
    for message in box.get("messages") or ():
        if isinstance(message, dict):
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
    for message in box.get("messages") or ():
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


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
