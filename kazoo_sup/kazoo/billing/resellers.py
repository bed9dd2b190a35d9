"""Resellers: who is one, and whose each account is.

An account's definition, its copy in `accounts` and its services document say it; the services document counts.

Source: Kazoo kz_services_reseller. Better than there: a definition or services document that cannot be saved is told
and ends the run partly done, where Kazoo passes over it, and accounts are saved in bulk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.kazoo import account_updates, accounts, hierarchy, master_account
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.names import account_database, plain
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.zone import Zone

BATCH = 500
IS_RESELLER, RESELLER_ID = "pvt_reseller", "pvt_reseller_id"


def obstacle(zone: Zone, account: str) -> Atom | None:
    """Return Kazoo's word for why an account (an id) can become neither a reseller nor cease to be one."""
    if account == master_account.find(zone):
        return Atom("master_account")
    below = hierarchy.descendants(zone, account)
    while batch := list(islice(below, BATCH)):
        found = zone.couchdb.get_many(services.DATABASE, batch).values()
        if any(value_at(each, [IS_RESELLER]) is True for each in found):
            return Atom("reseller_descendants")
    return None


def promoted(zone: Zone, account: str, counts: Counter[str]) -> Iterator[str]:
    """Make an account a reseller, the one of all accounts below it; yield what Kazoo prints.

    COUNTS takes in what became of the documents, here and in the functions below.
    """
    yield from map(unbilled_line, _set(zone, [account], {IS_RESELLER: True}, counts))
    yield f"promoting account {account} to reseller status, updating sub accounts"
    yield from cascaded(zone, account, account, counts)


def demoted(zone: Zone, account: str, counts: Counter[str]) -> Iterator[str]:
    """Make an account no reseller any more; those below it get the next one above. Yields what Kazoo prints."""
    yield from map(unbilled_line, _set(zone, [account], {IS_RESELLER: False}, counts))
    reseller = hierarchy.reseller_above(zone, hierarchy.tree(accounts.definition(zone, account) or {}))
    yield f"demoting reseller status for account {account}, and now belongs to reseller {reseller}"
    yield from cascaded(zone, reseller, account, counts)


def cascaded(zone: Zone, reseller: str, account: str, counts: Counter[str]) -> Iterator[str]:
    """Give every account below ACCOUNT this reseller; yield a line for each."""
    below = hierarchy.descendants(zone, account)
    while batch := [each for each in islice(below, BATCH) if each != account]:
        unbilled = _set(zone, batch, {RESELLER_ID: reseller}, counts)
        for each in batch:
            yield given_line(reseller, each)
            if each in unbilled:
                yield unbilled_line(each)


def give(zone: Zone, reseller: str, account: str, counts: Counter[str]) -> bool:
    """Give one account a reseller; return whether it has a services document, which says so."""
    return not _set(zone, [account], {RESELLER_ID: reseller}, counts)


def given_line(reseller: str, account: str) -> str:
    """Return what Kazoo prints for an account that is given a reseller."""
    return f"setting account {account} reseller id to {reseller}"


def unbilled_line(account: str) -> str:
    """Return what Kazoo prints for an account without a services document."""
    return f"unable to open services doc {account}: not_found"


def _set(zone: Zone, ids: Sequence[str], values: Mapping[str, Any], counts: Counter[str]) -> list[str]:
    """Set VALUES in the definitions and services documents of accounts; return those that have no services document."""
    own = zone.couchdb.get_from_many({plain(account_database(each)): [each] for each in ids})
    copies = zone.couchdb.get_many(accounts.DATABASE, ids)
    billed = zone.couchdb.get_many(services.DATABASE, ids)

    def edits() -> Iterator[Change]:
        for account in ids:
            database = account_database(account)
            definition = own[plain(database)].get(account)
            if definition is not None:
                yield account_updates.edit(database, definition, values)
                copy = copies.get(account)
                yield (
                    account_updates.edit_copy(zone, definition, values)
                    if copy is None
                    else account_updates.edit(accounts.DATABASE, copy, values)
                )
            if account in billed:
                # Kazoo saves this document as it is, too.
                again = account_updates.edit(services.DATABASE, billed[account], values)
                yield replace(again, announced=("edited",))

    counts += changes.apply(zone, edits(), label="setting resellers").counts
    return [account for account in ids if account not in billed]
