"""Resellers: who is one, and whose each account is.

An account's definition, its copy in `accounts` and its services document say it; the services document counts.

Source: Kazoo kz_services_reseller. Better than there: a definition or services document that cannot be saved is told
and ends the run partly done, where Kazoo passes over it, and accounts are saved in bulk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_updates, hierarchy, master_account
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import BulkReport, Event
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.types import Fields
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


@dataclass(frozen=True, slots=True)
class ResellerPromoted:
    """An account (an id) is a reseller now."""

    account: str


@dataclass(frozen=True, slots=True)
class ResellerDemoted:
    """An account is no reseller any more; the next one above it is."""

    account: str
    reseller: str


@dataclass(frozen=True, slots=True)
class ResellerSet:
    """An account was given a reseller."""

    account: str
    reseller: str


@dataclass(frozen=True, slots=True)
class NoServices:
    """An account has no services document that would say it, too."""

    account: str


def promote(zone: Zone, account: str) -> Iterator[Event]:
    """Make an account a reseller, the one of all accounts below it.

    Among the events are reports of what became of the documents, here and in the functions below.
    """
    unbilled, report = _set(zone, [account], {IS_RESELLER: True})
    yield report
    yield from map(NoServices, unbilled)
    yield ResellerPromoted(account)
    yield from cascade(zone, account, account)


def demote(zone: Zone, account: str) -> Iterator[Event]:
    """Make an account no reseller any more; those below it get the next one above."""
    unbilled, report = _set(zone, [account], {IS_RESELLER: False})
    yield report
    yield from map(NoServices, unbilled)
    reseller = hierarchy.reseller_above(zone, hierarchy.tree(accounts.definition(zone, account) or {}))
    yield ResellerDemoted(account, reseller)
    yield from cascade(zone, reseller, account)


def cascade(zone: Zone, reseller: str, account: str) -> Iterator[Event]:
    """Give every account below ACCOUNT this reseller."""
    below = hierarchy.descendants(zone, account)
    while batch := [each for each in islice(below, BATCH) if each != account]:
        unbilled, report = _set(zone, batch, {RESELLER_ID: reseller})
        yield report
        for each in batch:
            yield ResellerSet(each, reseller)
            if each in unbilled:
                yield NoServices(each)


def give(zone: Zone, reseller: str, account: str) -> tuple[bool, BulkReport]:
    """Give one account a reseller; return whether it has a services document, which says so, and what was done."""
    unbilled, report = _set(zone, [account], {RESELLER_ID: reseller})
    return not unbilled, report


def _set(zone: Zone, ids: Sequence[str], values: Fields) -> tuple[list[str], BulkReport]:
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

    report = BulkReport(changes.apply(zone, edits(), label="setting resellers").counts)
    return [account for account in ids if account not in billed], report
