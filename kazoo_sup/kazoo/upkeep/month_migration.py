"""Voicemails and call records of earlier versions, moved from an account's database into its months.

Source: Kazoo kazoo_modb_migrate_maintenance. Better than there: what is moved is saved with its recording in one step,
and only then taken from where it was, so that a run that was cut off is completed by the next; messages keep their
order in their mailboxes; months that are missing are created for call records, too; and rows are read by their keys,
so that none is passed over.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, Report, Tally
from kazoo_sup.errors import Conflict, NotFound, SaveRefused, ServerRefused
from kazoo_sup.kazoo import every_account, months, views
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.kazoo.every_account import Work
from kazoo_sup.kazoo.numbers.places import page_size
from kazoo_sup.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

VOICEMAILS, CALL_RECORDS = ("vmboxes", "legacy_msg_by_timestamp"), ("cdrs", "crossbar_listing")
_LEFT_OUT = ("_rev", "id", "_attachments", "pvt_attachments")


def everybody(zone: Zone, start: str | None, counts: Counter[str]) -> Iterator[str]:
    """Move the voicemails and call records of every account, from that of account START on; yield what Kazoo prints.

    COUNTS takes in how many items were moved and how many failed, here and in the functions below.
    """
    work = Work(zone, every_account.accounts(zone, start), _step, label="moving items into months")
    yield f"Start migrating items to MODB from {work.total} databases"
    yield ""
    for done in work:
        account = account_id(plain(done.database))
        yield f"({done.total - done.left + 1}/{done.total}) migrating items within account '{account}'"
        if done.found is not None:
            lines, counted = done.found
            counts += counted
            yield from lines
        yield f"[{account}] finished migrating items"
        yield ""
    work.end()


def one(zone: Zone, account: str, counts: Counter[str]) -> Iterator[str]:
    """Move the voicemails and call records of an account (an id)."""
    yield from voicemails(zone, account, counts)
    yield from call_records(zone, account, counts)


def _step(zone: Zone, database: str) -> tuple[list[str], Counter[str]]:
    counts: Counter[str] = Counter()
    return list(one(zone, str(account_id(plain(database))), counts)), counts


# -- voicemails


def voicemails(zone: Zone, account: str, counts: Counter[str]) -> Iterator[str]:
    """Move the voicemails of an account (an id)."""
    total = yield from _count(zone, account, VOICEMAILS)
    if not total:
        yield f"[{account}] no voicemail messages found"
        return
    size = page_size(zone)
    yield f"[{account}] start migrating total {total} voicemail messages with batch size {size}"
    processed = moved = 0
    rows = views.rows(zone, account_database(account), *VOICEMAILS)
    while page := list(islice(rows, size)):
        yield f"[{account}] processing {len(page)} messages"
        done: dict[str, set[str]] = {}
        for row in page:
            processed += 1
            message = row["value"]
            media = str((message.get("metadata") or {}).get("media_id"))
            head = f"[{account}] ({processed}/{total}) moving voicemail {media}"
            try:
                yield f"{head} to {_move_voicemail(zone, account, message)} => done"
            except (NotFound, Conflict, SaveRefused, ServerRefused) as error:
                yield f"{head} => failed: {error}"
            else:
                done.setdefault(str(message.get("source_id")), set()).add(media)
        _forget(zone, account, done)
        moved += sum(map(len, done.values()))
        yield f"[{account}] finished processing {len(page)} messages, {total - processed} remain"
    counts.update(moved=moved, failed=processed - moved)
    yield f"[{account}] voicemail message migration finished, ({moved}/{total}) messages has been moved"


def _move_voicemail(zone: Zone, account: str, message: Document) -> str:
    """Move one voicemail, its recording with it; return its new id. Raises what keeps it from being moved."""
    metadata = message.get("metadata") or {}
    media, month = metadata.get("media_id"), months.of_time(metadata.get("timestamp"))
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
        changes.apply(zone, [Change(target, document, None, lambda found: found or document)]).check()
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
    """Return a document's attachments as they stand in one that is saved with them."""
    if document.get("pvt_attachments"):
        raise Conflict(database=database, id=document["_id"], reason="its recording is kept outside CouchDB")
    found = {}
    for name, stub in (document.get("_attachments") or {}).items():
        content = None if zone.run.dry_run else zone.couchdb.get_attachment(database, document["_id"], name)
        if zone.run.dry_run:
            found[name] = stub
        elif content is None:
            raise NotFound(server="CouchDB", what=f"attachment {name} of {document['_id']}")
        else:
            with content:
                data = base64.b64encode(content.read()).decode()
            found[name] = {"content_type": stub.get("content_type"), "data": data}
    return found


def _forget(zone: Zone, account: str, moved: dict[str, set[str]]) -> None:
    """Take moved messages out of the lists in their mailboxes."""
    database = account_database(account)
    stored = zone.couchdb.get_many(plain(database), list(moved))

    def without(media: set[str], box: Document) -> Document:
        return {**box, "messages": [each for each in box.get("messages") or () if each.get("media_id") not in media]}

    edits = [changes.edit(database, box, partial(without, moved[name])) for name, box in stored.items()]
    changes.apply(zone, edits).check()


# -- call records


def call_records(zone: Zone, account: str, counts: Counter[str]) -> Iterator[str]:
    """Move the call records of an account (an id)."""
    total = yield from _count(zone, account, CALL_RECORDS)
    if not total:
        yield f"[{account}] no cdrs found"
        return
    size = page_size(zone)
    yield f"[{account}] Start migrating total {total} cdrs with batch size {size}"
    processed = moved = 0
    rows = views.rows(zone, account_database(account), *CALL_RECORDS, include_docs=True)
    while page := list(islice(rows, size)):
        yield f"[{account}] processing {len(page)} cdrs"
        moved += _move_records(zone, account, [row["doc"] for row in page if row.get("doc")])
        processed += len(page)
        yield f"[{account}] finished processing {len(page)} cdrs, {total - processed} remain"
    counts.update(moved=moved, failed=processed - moved)
    yield f"[{account}] cdrs migration finished, ({moved}/{total}) doc has been moved"


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


def _count(zone: Zone, account: str, view: tuple[str, str]) -> Generator[str, None, int]:
    """Return how many rows a view has; tell where there is no such view."""
    try:
        return sum(1 for _row in views.rows(zone, account_database(account), *view))
    except NotFound:
        yield f"[{account_database(account)}] failed to fetch view {'/'.join(view)} count"
        return 0
