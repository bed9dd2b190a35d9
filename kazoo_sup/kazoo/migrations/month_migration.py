"""Voicemails and call records of earlier versions, moved from an account's database into its months.

Source: Kazoo kazoo_modb_migrate_maintenance. Better than there: what is moved is saved with its recording in one step,
and only then taken from where it was, so that a run that was cut off is completed by the next; messages keep their
order in their mailboxes; months that are missing are created for call records, too; and rows are read by their keys,
so that none is passed over.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, Tally
from kazoo_sup.errors import Conflict, NotFound, SaveRefused, ServerRefused, SupError
from kazoo_sup.kazoo.databases import every_account, months, views
from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn, Work
from kazoo_sup.kazoo.databases.walk import page_size
from kazoo_sup.kazoo.documents import value_at, without_revision
from kazoo_sup.messages.names import account_database, account_id, plain
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

VOICEMAILS, CALL_RECORDS = ("vmboxes", "legacy_msg_by_timestamp"), ("cdrs", "crossbar_listing")
_LEFT_OUT = ("_rev", "id", "_attachments", "pvt_attachments")


@dataclass(frozen=True, slots=True)
class MigrationBegun:
    """The items of so many accounts are moved from now on."""

    databases: int


@dataclass(frozen=True, slots=True)
class AccountDone:
    """The items of an account (an id) were moved, as far as they can be."""

    account: str


@dataclass(frozen=True, slots=True)
class ViewMissing:
    """An (encoded) database has no such view (design document, view), so that nothing is known of its items."""

    database: str
    view: tuple[str, str]


@dataclass(frozen=True, slots=True)
class NothingToMove:
    """An account has none of these items: VOICEMAILS or CALL_RECORDS, here and below."""

    account: str
    items: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ItemsCounted:
    """An account has so many items, which are moved so many at a time."""

    account: str
    items: tuple[str, str]
    total: int
    batch: int


@dataclass(frozen=True, slots=True)
class BatchBegun:
    """So many items are moved next."""

    account: str
    items: tuple[str, str]
    count: int


@dataclass(frozen=True, slots=True)
class BatchDone:
    """So many items were moved, or failed; so many are left."""

    account: str
    items: tuple[str, str]
    count: int
    left: int


@dataclass(frozen=True, slots=True)
class ItemsMoved:
    """So many of an account's items were moved."""

    account: str
    items: tuple[str, str]
    moved: int
    total: int


@dataclass(frozen=True, slots=True)
class VoicemailMoved:
    """A voicemail, one of so many, is the message `id` of a month now, or could not be moved."""

    account: str
    place: int
    total: int
    media: str
    id: str = ""
    error: SupError | None = None


def everybody(zone: Zone, start: str | None) -> Iterator[Event]:
    """Move the voicemails and call records of every account, from that of account START on.

    Among the events are reports of how many items were moved and how many failed, here and in the functions below.
    """
    work = Work(zone, every_account.accounts(zone, start), _step, label="moving items into months")
    yield MigrationBegun(work.total)
    for done in work:
        yield DatabaseWorkedOn(done.database, done.left, done.total)
        yield from done.found or ()
        yield AccountDone(_account(done.database))
    yield work.report


def one(zone: Zone, account: str) -> Iterator[Event]:
    """Move the voicemails and call records of an account (an id)."""
    yield from voicemails(zone, account)
    yield from call_records(zone, account)


def _step(zone: Zone, database: str) -> list[Event]:
    return list(one(zone, _account(database)))


def _account(database: str) -> str:
    return str(account_id(plain(database)))


# -- voicemails


def voicemails(zone: Zone, account: str) -> Iterator[Event]:
    """Move the voicemails of an account (an id)."""
    total = yield from _count(zone, account, VOICEMAILS)
    if not total:
        yield NothingToMove(account, VOICEMAILS)
        return
    size = page_size(zone)
    yield ItemsCounted(account, VOICEMAILS, total, size)
    processed = moved = 0
    rows = views.rows_for_change(zone, account_database(account), *VOICEMAILS)
    while page := list(islice(rows, size)):
        yield BatchBegun(account, VOICEMAILS, len(page))
        done: dict[str, set[str]] = {}
        for row in page:
            processed += 1
            message = views.object_of(row)
            media = str(value_at(message, ["metadata", "media_id"]))
            try:
                identifier = _move_voicemail(zone, account, message)
            except (NotFound, Conflict, SaveRefused, ServerRefused) as error:
                yield VoicemailMoved(account, processed, total, media, error=error)
            else:
                yield VoicemailMoved(account, processed, total, media, identifier)
                done.setdefault(str(message.get("source_id")), set()).add(media)
        _forget(zone, account, done)
        moved += sum(map(len, done.values()))
        yield BatchDone(account, VOICEMAILS, len(page), total - processed)
    yield BulkReport({"moved": moved, "failed": processed - moved})
    yield ItemsMoved(account, VOICEMAILS, moved, total)


def _move_voicemail(zone: Zone, account: str, message: Document) -> str:
    """Move one voicemail, its recording with it; return its new id. Raises what keeps it from being moved."""
    metadata = value_at(message, ["metadata"])
    media, month = value_at(metadata, ["media_id"]), months.of_time(value_at(metadata, ["timestamp"]))
    if not isinstance(media, str) or month is None:
        raise NotFound(server="the mailbox", what="recording or time of the message")
    source, target = account_database(account), months.database(account, month)
    identifier = f"{month}-{media}"
    recorded = zone.couchdb.get(plain(source), media)
    there = zone.couchdb.get(plain(target), identifier)
    if recorded is None and there is None:
        raise NotFound(server="CouchDB", what=f"document {media} in database {plain(source)}")
    if there is None and recorded is not None:
        views.ensure_database(zone, target)
        document = in_month(recorded, metadata, month, f"{account}-{month}")
        attachments = _attachments(zone, plain(source), recorded)
        if attachments:
            document["_attachments"] = attachments
        changes.create(zone, target, document, unless_there=True).check()
    if recorded is not None:
        _remove(zone, source, [recorded]).check()
    return identifier


def in_month(recorded: Document, metadata: Document, month: str, place: str) -> Document:
    """Return a voicemail's recording, RECORDED, as the message of a month; PLACE is the month's raw database name."""
    kept = {key: each for key, each in recorded.items() if key not in _LEFT_OUT}
    call = metadata.get("call_id")
    told = {**metadata, "media_id": f"{month}-{metadata['media_id']}"}
    if call is not None:
        told["call_id"] = f"{month}-{call}"
    return {
        **kept,
        "_id": told["media_id"],
        "pvt_account_db": place,
        "metadata": told,
        "pvt_type": "mailbox_message",
    }


def _attachments(zone: Zone, database: str, document: Document) -> Document:
    """Return a document's attachments as they are in one that is saved with them."""
    if document.get("pvt_attachments"):
        raise Conflict(database=database, id=document["_id"], reason="its recording is kept outside CouchDB")
    stubs = document.get("_attachments") or {}
    return changes.if_made(zone, lambda: _with_contents(zone, database, document, stubs), shown=lambda: stubs)


def _with_contents(zone: Zone, database: str, document: Document, stubs: Fields) -> Document:
    found = {}
    for name, stub in stubs.items():
        content = zone.couchdb.get_attachment(database, document["_id"], name)
        if content is None:
            raise NotFound(server="CouchDB", what=f"attachment {name} of {document['_id']}")
        with content:
            data = base64.b64encode(content.read()).decode()
        found[name] = {"content_type": stub.get("content_type"), "data": data}
    return found


def _forget(zone: Zone, account: str, moved: dict[str, set[str]]) -> None:
    """Take moved messages out of the lists in their mailboxes."""
    database = account_database(account)
    stored = zone.couchdb.get_many(plain(database), list(moved))

    def without(media: set[str], box: Document) -> Document:
        listed = box.get("messages")
        messages = listed if isinstance(listed, list) else []
        return {**box, "messages": [each for each in messages if str(value_at(each, ["media_id"])) not in media]}

    edits = [changes.edit(database, box, partial(without, moved[name])) for name, box in stored.items()]
    changes.apply(zone, edits).check()


# -- call records


def call_records(zone: Zone, account: str) -> Iterator[Event]:
    """Move the call records of an account (an id)."""
    total = yield from _count(zone, account, CALL_RECORDS)
    if not total:
        yield NothingToMove(account, CALL_RECORDS)
        return
    size = page_size(zone)
    yield ItemsCounted(account, CALL_RECORDS, total, size)
    processed = moved = 0
    rows = views.rows_for_change(zone, account_database(account), *CALL_RECORDS, include_docs=True)
    while page := list(islice(rows, size)):
        yield BatchBegun(account, CALL_RECORDS, len(page))
        moved += _move_records(zone, account, [row["doc"] for row in page if row.get("doc")])
        processed += len(page)
        yield BatchDone(account, CALL_RECORDS, len(page), total - processed)
    yield BulkReport({"moved": moved, "failed": processed - moved})
    yield ItemsMoved(account, CALL_RECORDS, moved, total)


def _move_records(zone: Zone, account: str, records: list[Document]) -> int:
    """Move call records; return how many were."""
    by_target = {}
    for record in records:
        month = months.of_time(record.get("pvt_created"))
        if month is not None:
            document = {
                **without_revision(record),
                "_id": f"{month}-{record['_id']}",
                "pvt_account_db": f"{account}-{month}",
            }
            by_target[months.database(account, month), document["_id"]] = document, record
    for target in dict.fromkeys(target for target, _identifier in by_target):
        views.ensure_database(zone, target)
    lost: set[tuple[str, str]] = set()

    def note(report: Report) -> None:
        if report.error:
            lost.add((report.database, report.id))

    edits = (Change(place[0], document, None, partial(_kept, document)) for place, (document, _) in by_target.items())
    changes.apply(zone, edits, label="moving", seen=note)
    whole = [record for place, (_, record) in by_target.items() if place not in lost]
    return len(whole) - _remove(zone, account_database(account), whole).counts["failed"]


def _kept(document: Document, found: Document | None) -> Document:
    return found or document


def _remove(zone: Zone, database: str, documents: Iterable[Document]) -> Tally:
    return changes.apply(zone, (changes.removal(database, each) for each in documents))


def _count(zone: Zone, account: str, view: tuple[str, str]) -> Generator[Event, None, int]:
    """Return how many rows a view has; tell where there is no such view."""
    try:
        return sum(1 for _row in views.rows_for_change(zone, account_database(account), *view))
    except NotFound:
        yield ViewMissing(account_database(account), view)
        return 0
