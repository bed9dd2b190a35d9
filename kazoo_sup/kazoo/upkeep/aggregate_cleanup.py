"""Removing copies whose account is gone: from `accounts` and from `sip_auth`.

Source: Kazoo kapps_maintenance:cleanup_aggregated_accounts/0, cleanup_aggregated_devices/0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.upkeep.aggregates import SIP_AUTH
from kazoo_sup.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

BATCH = 200
"""Accounts whose definitions are looked for at once, a few side by side."""


def without_definition(zone: Zone, chosen: Iterable[str]) -> set[str]:
    """Return which of these accounts, ids, have no definition of their own."""
    gone: set[str] = set()
    waiting = iter(chosen)
    while batch := list(islice(waiting, BATCH)):
        wanted = {plain(account_database(each)): [each] for each in batch}
        found = zone.couchdb.get_from_many(wanted)
        gone |= {each for each in batch if each not in found[plain(account_database(each))]}
    return gone


def accounts_of(zone: Zone) -> list[str]:
    """Return the id of every document in `accounts` but design documents; none where there is no such database."""
    if not zone.couchdb.exists(accounts.DATABASE):
        return []
    listed = zone.couchdb.documents(accounts.DATABASE, include_docs=False)
    return [each["_id"] for each in listed if not each["_id"].startswith("_design")]


def clean_accounts(zone: Zone, every: list[str]) -> Iterator[str]:
    """Remove from `accounts` those of EVERY whose own definition is gone, and tell of each that was looked at."""
    gone = without_definition(zone, [each for each in every if account_id(each)])
    _ask(zone, len(gone), f"documents of accounts that are gone from {accounts.DATABASE}")
    for each in every:
        yield f"    verifying {accounts.DATABASE} doc {each}"
        if each in gone:
            yield from remove_account(zone, each)


def clean_account(zone: Zone, account: str) -> Iterator[str]:
    """Do so for one account, an id. Raises NotFound where its copy is gone as well."""
    if account in without_definition(zone, [account]):
        _ask(zone, 1, f"document {account} from {accounts.DATABASE}")
        yield from remove_account(zone, account)


def remove_account(zone: Zone, account: str) -> Iterator[str]:
    """Remove an account, an id, from `accounts`, whatever else there is of it. Raises NotFound."""
    document = zone.couchdb.get(accounts.DATABASE, account)
    if document is None:
        raise NotFound(server="CouchDB", what=f"document {account} in database {accounts.DATABASE}")
    yield f"    removing invalid {accounts.DATABASE} doc {account}"
    _delete(zone, accounts.DATABASE, document)


def clean_devices(zone: Zone) -> Iterator[str]:
    """Remove from `sip_auth` the documents of accounts that are gone, and tell of each that was looked at."""
    if not zone.couchdb.exists(SIP_AUTH):
        return
    owners = {owner for document in _devices(zone) if (owner := _owner(document))}
    gone = without_definition(zone, sorted(owners))
    count = sum(_owner(document) in gone for document in _devices(zone)) if gone else 0
    _ask(zone, count, f"documents of accounts that are gone from {SIP_AUTH}")
    for document in _devices(zone):
        yield f"    verifying {SIP_AUTH} doc {document['_id']}"
        if _owner(document) in gone:
            yield from _remove_device(zone, document)


def clean_device(zone: Zone, identifier: str) -> Iterator[str]:
    """Do so for one document. Raises NotFound when there is no such document."""
    document = zone.couchdb.get(SIP_AUTH, identifier)
    if document is None:
        raise NotFound(server="CouchDB", what=f"document {identifier} in database {SIP_AUTH}")
    owner = _owner(document)
    if owner and without_definition(zone, [owner]):
        _ask(zone, 1, f"document {identifier} from {SIP_AUTH}")
        yield from _remove_device(zone, document)


def _devices(zone: Zone) -> Iterator[Document]:
    return (each for each in zone.couchdb.documents(SIP_AUTH) if not each["_id"].startswith("_design"))


def _owner(document: Document) -> str | None:
    named = document.get("pvt_account_db") or document.get("pvt_account_id")
    return account_id(named) if isinstance(named, str) else None


def _remove_device(zone: Zone, document: Document) -> Iterator[str]:
    owner = _owner(document) or ""
    # Kazoo names the account where it says document.
    yield f"    removing {SIP_AUTH} doc {owner} referencing missing db {account_database(owner)}"
    _delete(zone, SIP_AUTH, document)


def _delete(zone: Zone, database: str, document: Document) -> None:
    changes.apply(zone, [changes.removal(database, document)]).check()


def _ask(zone: Zone, count: int, what: str) -> None:
    if count:
        zone.run.confirm_watched(f"delete {count} {what}" if count > 1 else f"delete {what}")
