"""Removing copies whose account is gone: from `accounts` and from `sip_auth`.

Source: Kazoo kapps_maintenance:cleanup_aggregated_accounts/0, cleanup_aggregated_devices/0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.databases import every_account
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.migrations.aggregates import SIP_AUTH
from kazoo_sup.messages.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


class DatabasesMissing(SupError):
    """databases are missing from this answer: {reason}"""

    exit_code = ExitCode.PARTIAL

    reason: str


@dataclass(frozen=True, slots=True)
class CopyVerified:
    """It was looked at whether the account of a copy, the document `id` of `database`, is still there."""

    database: str
    id: str


@dataclass(frozen=True, slots=True)
class CopyRemoved:
    """The copy `id`, of the account `account`, was deleted from `database`."""

    database: str
    id: str
    account: str


BATCH = 200
"""Accounts whose definitions are looked for at once, a few side by side."""


def without_definition(zone: Zone, chosen: Iterable[str], parts: Parts) -> set[str]:
    """Return which of these accounts, ids, have no definition of their own; of one that cannot be read, PARTS hears."""
    gone: set[str] = set()
    waiting = iter(chosen)
    while batch := list(islice(waiting, BATCH)):
        wanted = {plain(account_database(each)): [each] for each in batch}
        failed: dict[str, SupError] = {}
        found = zone.couchdb.get_from_many(wanted, failed)
        for each in wanted:
            parts.settle(each, failed.get(each))
        gone |= {each for (name, [each]) in wanted.items() if name not in failed and each not in found[name]}
    return gone


def databases_without_definition(zone: Zone) -> tuple[list[str], list[SupError]]:
    """Return the databases of accounts that hold no definition of theirs, and errors where one could not be read."""
    names = list(every_account.accounts(zone).names())
    errors: list[SupError] = []
    parts = Parts(zone, tell=lambda _database, error: errors.append(error))
    gone = without_definition(zone, (account_id(each) or "" for each in names), parts)
    unread = [DatabasesMissing(reason="; ".join(map(str, errors)))] if errors else []
    return [each for each in names if account_id(each) in gone], [*unread]


def accounts_of(zone: Zone) -> list[str]:
    """Return the id of every document in `accounts` but design documents; none where there is no such database."""
    if not zone.couchdb.exists(accounts.DATABASE):
        return []
    listed = zone.couchdb.documents(accounts.DATABASE, include_docs=False)
    return [each["_id"] for each in listed if not each["_id"].startswith("_design")]


def clean_accounts(zone: Zone, every: list[str]) -> Iterator[Event]:
    """Remove from `accounts` those of EVERY whose own definition is gone, and report each that was looked at."""
    parts = Parts(zone, "accounts")
    gone = without_definition(zone, [each for each in every if account_id(each)], parts)
    _ask(zone, len(gone), f"documents of accounts that are gone from {accounts.DATABASE}")
    for each in every:
        yield CopyVerified(accounts.DATABASE, each)
        if each in gone:
            yield from remove_account(zone, each)
    yield parts.report


def clean_account(zone: Zone, account: str) -> Iterator[Event]:
    """Do so for one account, an id. Raises NotFound where its copy is gone as well."""
    parts = Parts(zone, "accounts")
    gone = without_definition(zone, [account], parts)
    parts.end()
    if account in gone:
        _ask(zone, 1, f"document {account} from {accounts.DATABASE}")
        yield from remove_account(zone, account)


def remove_account(zone: Zone, account: str) -> Iterator[Event]:
    """Remove an account, an id, from `accounts`, whatever else there is of it. Raises NotFound."""
    document = zone.couchdb.get(accounts.DATABASE, account)
    if document is None:
        raise NotFound(server="CouchDB", what=f"document {account} in database {accounts.DATABASE}")
    _delete(zone, accounts.DATABASE, document)
    yield CopyRemoved(accounts.DATABASE, account, account)


def clean_devices(zone: Zone) -> Iterator[Event]:
    """Remove from `sip_auth` the documents of accounts that are gone, and report each that was looked at."""
    if not zone.couchdb.exists(SIP_AUTH):
        return
    owners = {owner for document in _devices(zone) if (owner := _owner(document))}
    parts = Parts(zone, "accounts")
    gone = without_definition(zone, sorted(owners), parts)
    count = sum(_owner(document) in gone for document in _devices(zone)) if gone else 0
    _ask(zone, count, f"documents of accounts that are gone from {SIP_AUTH}")
    for document in _devices(zone):
        yield CopyVerified(SIP_AUTH, document["_id"])
        if _owner(document) in gone:
            yield from _remove_device(zone, document)
    yield parts.report


def clean_device(zone: Zone, identifier: str) -> Iterator[Event]:
    """Do so for one document. Raises NotFound when there is no such document."""
    document = zone.couchdb.get(SIP_AUTH, identifier)
    if document is None:
        raise NotFound(server="CouchDB", what=f"document {identifier} in database {SIP_AUTH}")
    owner = _owner(document)
    parts = Parts(zone, "accounts")
    gone = without_definition(zone, [owner] if owner else [], parts)
    parts.end()
    if gone:
        _ask(zone, 1, f"document {identifier} from {SIP_AUTH}")
        yield from _remove_device(zone, document)


def _devices(zone: Zone) -> Iterator[Document]:
    return (each for each in zone.couchdb.documents(SIP_AUTH) if not each["_id"].startswith("_design"))


def _owner(document: Document) -> str | None:
    named = document.get("pvt_account_db") or document.get("pvt_account_id")
    return account_id(named) if isinstance(named, str) else None


def _remove_device(zone: Zone, document: Document) -> Iterator[Event]:
    _delete(zone, SIP_AUTH, document)
    yield CopyRemoved(SIP_AUTH, document["_id"], _owner(document) or "")


def _delete(zone: Zone, database: str, document: Document) -> None:
    changes.delete(zone, database, document, whatever=True).check()


def _ask(zone: Zone, count: int, what: str) -> None:
    if count:
        zone.run.confirm_watched(f"delete {count} {what}" if count > 1 else f"delete {what}")
