"""Bringing an account's older documents into today's form.

Source: Kazoo crossbar_maintenance:migrate_account_data/1 and what it calls. Better than there: nothing is taken away
before what replaces it is saved, a run that was cut off is completed by the next without a second copy, histories go
into months that are created where they are missing, list entries keep their own list and get their type, and an
account's apps are added to those that its apps_store has already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_documents, account_updates
from kazoo_sup.kazoo.callflows import callflow_groups
from kazoo_sup.kazoo.config import crossbar_modules
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.databases.failures import Parts, Steps
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, now, stamped
from kazoo_sup.kazoo.documents.shapes import OBJECTS_BY_NAME, at
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

APPS_STORE = "apps_store"
_ENTRY_KEYS = ("capture_group_key", "cid_key", "list_entry_old_id")
_OLD_ENTRY_FIELDS = ("cid_name", "cid_number", "length", "list_entry_old_id")


class Incomplete(SupError):
    """{failed} documents could not be saved; the same command tries them again"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it does the rest"

    failed: int


@dataclass(frozen=True, slots=True)
class MailboxesRead:
    """So many mailboxes of all that an account has are to be migrated."""

    outdated: int
    total: int


@dataclass(frozen=True, slots=True)
class MailboxesSaved:
    """So many mailboxes of an (encoded) database were migrated, and so many could not be saved."""

    database: str
    saved: int
    failed: int


def migrate_with_modules(zone: Zone, found: Iterable[str]) -> Iterator[Event]:
    """Migrate accounts, and crossbar's list of modules; one that fails does not keep the other from being done."""
    steps = Steps()
    yield from steps.each(migrate(zone, found))
    yield from steps.each(crossbar_modules.migrate(zone))
    steps.end()


def migrate(zone: Zone, found: Iterable[str]) -> Iterator[Event]:
    """Migrate accounts; the last event is their report.

    Raises Incomplete at the end where no account failed, but documents could not be saved.
    """
    failed, parts = 0, Parts(zone, "accounts")
    for account in found:
        database = account_database(account)
        with parts.part(database):
            failed += _apply(zone, _histories(zone, account, database))
            yield from callflow_groups.migrate(zone, account)
            for event in _mailboxes(zone, database):
                failed += event.failed if isinstance(event, MailboxesSaved) else 0
                yield event
            failed += _apply(zone, _lists(zone, database))
            failed += _apps(zone, account)
    yield parts.report
    if failed and not parts.failed:
        raise Incomplete(failed=failed)


def _apply(zone: Zone, batches: Iterable[list[Change]]) -> int:
    """Make batches of changes one after the other: what takes away only where all before it was saved."""
    failed = 0
    for batch in batches:
        *additions, removal = batch
        wrong = changes.apply(zone, additions).counts["failed"]
        failed += wrong or changes.apply(zone, [removal]).counts["failed"]
    return failed


# -- click to call


def _histories(zone: Zone, account: str, database: str) -> Iterator[list[Change]]:
    """Yield, for each click-to-call with a history in itself, the changes that move that into its months."""
    for document in _documents(zone, database, "click2call"):
        history = document.get("pvt_history")
        if isinstance(history, list) and history:
            items = [_history_item(account, document["_id"], place, each) for place, each in enumerate(history)]
            for month in {each.database for each in items}:
                views.ensure_database(zone, month)
            yield [*items, _without(database, document, "pvt_history")]


def _history_item(account: str, click: str, place: int, item: Document) -> Change:
    when = item.get("timestamp")
    timestamp = when if isinstance(when, int) else now()
    month = months.database(account, f"{datetime.fromtimestamp(timestamp - GREGORIAN_EPOCH, tz=UTC):%Y%m}")
    document = {"_id": _named_after(click, str(place), str(when)), **item, "pvt_clicktocall_id": click}
    document = {
        **stamped(document, month, node="", document_type="c2c_history", account=account),
        "pvt_created": timestamp,
    }
    return changes.creation(month, document)


# -- mailboxes


def _mailboxes(zone: Zone, database: str) -> Iterator[Event]:
    """Migrate the addresses that mailboxes notify."""
    boxes = list(_documents(zone, database, "vmboxes"))
    if not boxes:
        return
    outdated = [each for each in boxes if each.get("notify_email_address") is not None]
    yield MailboxesRead(len(outdated), len(boxes))
    if outdated:
        counts = changes.apply(zone, (_edit(database, each, with_notification_emails) for each in outdated)).counts
        yield MailboxesSaved(database, counts["edited"], counts["failed"])


def with_notification_emails(box: Document) -> Document:
    """Return a mailbox with the addresses it notifies where they are looked for today.

    Source: Kazoo kzd_voicemail_box:set_notification_emails/2.
    """
    emails = box.get("notify_email_address")
    if emails is None:
        return box
    kept = {key: each for key, each in box.items() if key != "notify_email_address"}
    return {**kept, "notify_email_addresses": emails if isinstance(emails, list) else [emails]}


# -- lists


def _lists(zone: Zone, database: str) -> Iterator[list[Change]]:
    """Yield, for each list with entries in itself, the changes that make documents of them."""
    for document in _documents(zone, database, "lists"):
        entries = document.get("entries")
        if isinstance(entries, dict):
            entries = at(document, ["entries"], OBJECTS_BY_NAME, {})
            made = [_entry(zone, database, document, key, each) for key, each in entries.items()]
            yield [*made, _without(database, document, "entries")]
    for document in _documents(zone, database, "lists", "entries"):
        if document.get("pvt_type") == "list_entry" and any(key in document for key in _OLD_ENTRY_FIELDS):
            yield [_edit(database, document, renamed_entry)]


def _entry(zone: Zone, database: str, parent: Document, key: str, entry: Document) -> Change:
    document = renamed_entry({"_id": _named_after(parent["_id"], key), **entry, "list_id": parent["_id"]}, key)
    length = parent.get("capture_group_length", parent.get("length"))
    if isinstance(length, int | str) and str(length).isdecimal():
        document["capture_group_length"] = int(length)
    document = stamped(document, database, node=zone.node, document_type="list_entry")
    return changes.creation(database, document)


def renamed_entry(entry: Document, key: str | None = None) -> Document:
    """Return an entry of a list with its fields called as today; KEY is what it was called in the list itself."""
    values = {
        "name": entry.get("cid_name", entry.get("name")),
        "number": entry.get("cid_number", entry.get("number")),
        "capture_group_key": next((entry[each] for each in _ENTRY_KEYS if entry.get(each)), key),
    }
    kept = {name: each for name, each in entry.items() if name not in _OLD_ENTRY_FIELDS}
    return {**kept, **{name: each for name, each in values.items() if each is not None}}


# -- apps


def _apps(zone: Zone, account: str) -> int:
    """Move the apps that an account's definition holds into its apps_store; return how many could not be saved."""
    own = accounts.definition(zone, account)
    found = (own or {}).get("apps")
    if own is None or not isinstance(found, dict) or not found:
        return 0
    database = account_database(account)

    def again(stored: Document | None) -> Document:
        base = stored or account_documents.apps_store(account, database)
        return {**base, "apps": {**found, **(base.get("apps") or {})}}

    failed = changes.update(zone, database, APPS_STORE, again).counts["failed"]
    if not failed:
        account_updates.update(zone, account, {"apps": None})
    return failed


# -- what they share


def _documents(zone: Zone, database: str, design: str, view: str = "crossbar_listing") -> Iterator[Document]:
    for row in views.rows_for_change(zone, database, design, view, include_docs=True):
        if row.get("doc"):
            yield row["doc"]


def _edit(database: str, stored: Document, change: Callable[[Document], Document]) -> Change:
    return Change(database, change(stored), stored, lambda found: change(found or stored))


def _without(database: str, stored: Document, key: str) -> Change:
    return _edit(database, stored, lambda found: {name: each for name, each in found.items() if name != key})


def _named_after(*words: str) -> str:
    """Return an id that is the same whenever it is made of the same words."""
    return hashlib.md5("\0".join(words).encode(), usedforsecurity=False).hexdigest()
