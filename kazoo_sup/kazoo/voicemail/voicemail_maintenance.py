"""Maintenance of voicemail: migrations of all accounts, messages recovered, notices sent again.

Source: Kazoo kazoo_voicemail_maintenance, kvm_migrate_crawler.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.config import account_config
from kazoo_sup.kazoo.databases import every_account, views
from kazoo_sup.kazoo.databases.every_account import Work
from kazoo_sup.kazoo.databases.walk import LAST, Databases
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.voicemail.mailbox_messages import recovered
from kazoo_sup.kazoo.voicemail.voicemail_migration import BatchEvent, Migration, Totals
from kazoo_sup.messages.names import account_database, account_id, classification, encoded, plain
from kazoo_sup.results import BulkReport, Items, PartlyDone

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_UNKNOWN = "unknown@nodomain"


@dataclass(frozen=True, slots=True)
class AllBegun:
    """The messages of so many accounts are about to be moved."""

    accounts: int


@dataclass(frozen=True, slots=True)
class RecentMoved:
    """All messages within retention are moved; the older ones follow."""


@dataclass(frozen=True, slots=True)
class AccountMoved:
    """The messages of an account are moved, or `error` says why not."""

    account: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AllMoved:
    """What became of all accounts: the messages, and the accounts that failed with the reasons."""

    accounts: int
    processed: int
    succeeded: int
    not_moved: int
    failed: dict[str, str]


@dataclass(frozen=True, slots=True)
class AccountBegun:
    """The messages of one account are about to be moved: of all its mailboxes, or of so many."""

    account: str
    boxes: int | None


@dataclass(frozen=True, slots=True)
class AccountDone:
    """What became of the messages of one account."""

    account: str
    processed: int
    succeeded: int
    not_moved: int
    without_id: int


@dataclass(frozen=True, slots=True)
class MonthRead:
    """A month's database, the `number`th of `total` from the last; its messages without metadata, None: it failed."""

    number: int
    total: int
    database: str
    messages: Sequence[Message] | None


class Message(NamedTuple):
    """A message without metadata: it has others now, or no audio to make them of."""

    id: str
    rebuilt: bool


def migrate_all(zone: Zone, start: str | None) -> Iterator[object]:
    """Move the messages of all accounts, those within retention first, and yield what becomes of them."""
    databases = every_account.accounts(zone, start)
    count = databases.count()
    yield AllBegun(count)
    totals, failed = yield from _pass(zone, databases, recent=True)
    yield RecentMoved()
    others, failed_later = yield from _pass(zone, databases, recent=False)
    totals.add(others)
    failed |= failed_later
    yield AllMoved(count, totals.processed, totals.succeeded, totals.failed, failed)
    if failed:
        raise PartlyDone(failed=len(failed), total=count, what="accounts")


def _pass(
    zone: Zone, databases: Databases, *, recent: bool
) -> Generator[BatchEvent | AccountMoved, None, tuple[Totals, dict[str, str]]]:
    """Move the messages of each database, RECENT ones or all; return their sums, and why accounts failed."""
    totals, failed = Totals(), dict[str, str]()

    def step(at: Zone, database: str) -> tuple[list[BatchEvent], Totals]:
        migration = Migration(at, account_id(database) or "")
        events = list(migration.all_boxes(migration.recent() if recent else None))
        return events, migration.totals

    for done in Work(zone, databases, step, label="migrating voicemail"):
        account = account_id(done.database) or ""
        if done.error is not None or done.found is None:
            failed[account] = str(done.error)
            yield AccountMoved(account, str(done.error))
            continue
        events, counted = done.found
        yield from events
        totals.add(counted)
        yield AccountMoved(account)
    return totals, failed


def migrate_account(zone: Zone, account: str, boxes: list[str] | None) -> Iterator[object]:
    """Move the messages of one account, of all its mailboxes or of BOXES, and yield what becomes of them."""
    migration = Migration(zone, account)
    yield AccountBegun(account, None if boxes is None else len(boxes))
    yield from migration.all_boxes() if boxes is None else migration.some_boxes(boxes)
    totals = migration.totals
    yield AccountDone(account, totals.processed, totals.succeeded, totals.failed, totals.no_ids)
    items = Items("messages")
    items.include({"done": totals.succeeded, "failed": totals.failed})
    items.end()


def months(zone: Zone, account: str | None = None, month: str | None = None) -> Databases:
    """Return the databases of months: of all accounts or of one, all of them or those of MONTH, `202611`."""
    start = "account/" if account is None else f"{plain(account_database(account))}-"

    def names() -> Iterator[str]:
        for name in zone.couchdb.databases(start=start, end=f"{start}{LAST}"):
            if classification(name) == "modb" and (month is None or name.endswith(f"-{month}")):
                yield encoded(name)

    return Databases(names)


def read_month(year: str, month: str) -> str:
    """Return a year and a month of two digits as `202611`. Raises BadArgument for anything else."""
    if not re.fullmatch(r"\d{4}", year, re.ASCII):
        raise BadArgument(parameter="YEAR", reason=f"{year!r} is not a year of four digits")
    if not re.fullmatch(r"0[1-9]|1[0-2]", month):
        raise BadArgument(parameter="MONTH", reason=f"{month!r} is not a month of two digits")
    return f"{year}{month}"


def recover(zone: Zone, databases: Databases) -> Iterator[MonthRead | BulkReport]:
    """Give messages that have lost their metadata others, in the databases of these months, and yield what was done."""
    work = Work(zone, databases, _recover, label="recovering messages")
    for done in work:
        yield MonthRead(done.left, done.total, done.database, done.found)
    yield work.report


def _recover(zone: Zone, database: str) -> list[Message]:
    rows = views.rows_for_change(zone, database, "mailbox_messages", "missing_metadata", include_docs=True)
    messages = [row["doc"] for row in rows if row.get("doc")]
    if not messages:
        return []
    account = account_id(database) or ""
    number = str(account_config.get_global(zone, account, "privacy", "default_privacy_number", "anonymous"))
    rebuilt = [message for message in messages if recovered(message, number) is not None]
    changes.apply(
        zone, [changes.edit(database, each, lambda found: _rebuilt(found, number)) for each in rebuilt]
    ).check()
    return [Message(each["_id"], each in rebuilt) for each in messages]


def _rebuilt(message: Document, number: str) -> Document:
    return message if "metadata" in message else recovered(message, number) or message


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """The notice of a message was taken; `answer` is what was said to it."""

    message: str
    mailbox: str | None
    answer: Document


def renotify(zone: Zone, account: str, message: str) -> NoticeSent | None:
    """Send the notice of a new message again; None where nothing is sent, as in a dry run.

    Raises BadArgument for an id that names no month, NotFound, and what the bus raises where nobody takes it.
    """
    found = re.match(r"(\d{6})-", message)
    if found is None:
        raise BadArgument(parameter="MESSAGE_ID", reason=f"{message!r} does not begin with its month, as 202611-")
    database = f"{account_database(account)}-{found[1]}"
    document = zone.couchdb.get(plain(database), message)
    if document is None:
        raise NotFound(server="CouchDB", what=f"message {message} in database {plain(database)}")
    headers = notice(document, account)
    name = "notifications.voicemail_new"
    answer = bus.order(zone, name, headers, lambda: bus.request(zone, name, headers))
    return None if answer is None else NoticeSent(message, document.get("source_id"), answer)


def notice(message: Document, account: str) -> Document:
    """Return the headers of the notice of a new message."""
    metadata = message.get("metadata") or {}
    addresses = {"From": metadata.get("from", _UNKNOWN), "To": metadata.get("to", _UNKNOWN)}
    parts: Document = {}
    for side, address in addresses.items():
        user, _, realm = str(address).partition("@")
        parts |= {f"{side}-User": user, f"{side}-Realm": realm or "nodomain"}
    return {
        **parts,
        "Account-DB": account_database(account),
        "Account-ID": account,
        "Voicemail-Box": message.get("source_id"),
        "Voicemail-ID": message["_id"],
        "Caller-ID-Number": metadata.get("caller_id_number", "anonymous"),
        "Caller-ID-Name": metadata.get("caller_id_name", "Anonymous"),
        "Voicemail-Timestamp": now(),
        "Voicemail-Length": metadata.get("length", 0),
        "Call-ID": metadata.get("call_id") or secrets.token_hex(12),
    }
