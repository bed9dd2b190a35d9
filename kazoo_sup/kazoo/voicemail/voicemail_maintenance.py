"""What Kazoo's maintenance of voicemail prints: migrations of all accounts, messages recovered, notices sent again.

Source: Kazoo kazoo_voicemail_maintenance, kvm_migrate_crawler.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo import account_config, bus, every_account, views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.every_account import PartlyDone, Work
from kazoo_sup.kazoo.failures import Failures
from kazoo_sup.kazoo.numbers.places import LAST, Databases
from kazoo_sup.kazoo.voicemail.mailbox_messages import recovered
from kazoo_sup.kazoo.voicemail.voicemail_migration import Migration, Totals
from kazoo_sup.names import account_database, account_id, classification, encoded, plain

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

_UNKNOWN = "unknown@nodomain"


def migrate_all(zone: Zone, start: str | None) -> Iterator[str]:
    """Move the messages of all accounts, those within retention first, and tell of it."""
    databases = every_account.accounts(zone, start)
    count = databases.count()
    yield f":: BEGINNING MIGRATING VOICEMAIL FOR {count} ACCOUNTS"
    yield f"started and linked to crawler at {every_account.pid()}"
    totals = Totals()
    failed: dict[str, str] = {}
    yield from _pass(zone, databases, totals, failed, recent=True)
    yield ":: all voicemails in retention duration are migrated, beginning a migrating older voicemails"
    yield from _pass(zone, databases, totals, failed, recent=False)
    yield ":: voicemail migration is finished"
    yield from ("", "", ":: VOICEMAIL MIGRATION SUMMARY :: ", "")
    yield f"Total Account processed: {count}"
    yield f"Total voicemail processed: {totals.processed}"
    yield f"Total succeeded: {totals.succeeded}"
    yield f"Total failed: {totals.failed}"
    yield f"Total Account with failed migrated messages: {len(failed)}"
    yield from ("", "Accounts with failed migrated messages:", "")
    yield from (f" {account}: {reason}" for account, reason in failed.items())
    yield from ("", "migration finished")
    if failed:
        raise PartlyDone(failed=len(failed), total=count)


def _pass(zone: Zone, databases: Databases, totals: Totals, failed: dict[str, str], *, recent: bool) -> Iterator[str]:
    def step(at: Zone, database: str) -> tuple[list[str], Totals]:
        migration = Migration(at, account_id(database) or "")
        lines = list(migration.all_boxes(migration.recent() if recent else None))
        return lines, migration.totals

    for done in Work(zone, databases, step, label="migrating voicemail"):
        account = account_id(done.database) or ""
        if done.error is not None or done.found is None:
            failed[account] = str(done.error)
            yield f":: account {account} migration failed: {terms.pretty(str(done.error))}"
            continue
        lines, counted = done.found
        yield from lines
        totals.add(counted)
        yield f":: account {account} is migrated"


def migrate_account(zone: Zone, account: str, boxes: list[str] | None) -> Iterator[str]:
    """Move the messages of one account, of all its mailboxes or of BOXES, and tell of it."""
    migration = Migration(zone, account)
    if boxes is None:
        yield f":: beginning migrating voicemails for account {account}"
        yield from migration.all_boxes()
    else:
        yield f":: beginning migrating voicemails for {len(boxes)} mailbox(es) in account {account}"
        yield from migration.some_boxes(boxes)
    yield f":: voicemail migration process for account {account} has been finished"
    yield from migration.totals.lines()
    failures = Failures("messages")
    failures.count = migration.totals.failed
    failures.end()


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


def recover(zone: Zone, databases: Databases) -> Iterator[str]:
    """Give messages that have lost their metadata others, in the databases of these months, and tell of each."""

    def head(done: every_account.Done[list[str]]) -> str:
        return f"({done.left}/{done.total}) attempting to recover voicemail messages from {done.database}"

    work = Work(zone, databases, _recovered, label="recovering messages")
    return every_account.numbered(work, head)


def _recovered(zone: Zone, database: str) -> list[str]:
    rows = views.rows(zone, database, "mailbox_messages", "missing_metadata", include_docs=True)
    messages = [row["doc"] for row in rows if row.get("doc")]
    if not messages:
        return ["  no messages found with missing metadata"]
    account = account_id(database) or ""
    number = str(account_config.get_global(zone, account, "privacy", "default_privacy_number", "anonymous"))
    lines, edits = [], []
    for message in messages:
        if recovered(message, number) is None:
            lines.append(f"  {message['_id']} missing attachment, skipping")
            continue
        lines.append(f"  rebuilding metadata for {message['_id']}")
        edits.append(changes.edit(database, message, lambda found: _rebuilt(found, number)))
    changes.apply(zone, edits).check()
    return lines


def _rebuilt(message: Document, number: str) -> Document:
    return message if "metadata" in message else recovered(message, number) or message


def renotify(zone: Zone, account: str, message: str) -> str:
    """Send the notice of a new message again; return what Kazoo prints when it was taken.

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
    if zone.run.dry_run:
        bus.publish(zone, [("notifications.voicemail_new", headers)])
        return ""
    answer = bus.request(zone, "notifications.voicemail_new", headers)
    said = terms.json_encode(answer)
    return f"re-notify sent message {message} from mailbox {document.get('source_id')}: {said}"


def notice(message: Document, account: str) -> dict[str, Any]:
    """Return the headers of the notice of a new message."""
    metadata = message.get("metadata") or {}
    addresses = {"From": metadata.get("from", _UNKNOWN), "To": metadata.get("to", _UNKNOWN)}
    parts: dict[str, Any] = {}
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
