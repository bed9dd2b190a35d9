"""Attaching an account whose database was copied into this cluster: its place in the tree, services, numbers.

Source: Kazoo kapps_maintenance:import_account/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_updates, hierarchy
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.kazoo.databases.walk import listed
from kazoo_sup.kazoo.migrations import aggregates
from kazoo_sup.kazoo.numbers import copies
from kazoo_sup.kazoo.numbers.repair import Repair
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class DefinitionsMissing:
    """The account, or its parent, or both, have no definition; None stands for one that has."""

    account: str | None
    parent: str | None


@dataclass(frozen=True, slots=True)
class ImportBegun:
    """The account is put below its parent next."""

    account: str
    parent: str


@dataclass(frozen=True, slots=True)
class AccountSaved:
    """The account's definition names its ancestors and its reseller."""

    account: str


@dataclass(frozen=True, slots=True)
class DefinitionCopied:
    """The account's definition was copied to `accounts`; its services document is next."""

    account: str


def attach(zone: Zone, account: str, parent: str) -> Iterator[Event]:
    """Put an account below PARENT, both ids, and make its services and the numbers it has known to the cluster."""
    own = accounts.definition(zone, account)
    above = accounts.definition(zone, parent)
    if own is None or above is None:
        yield DefinitionsMissing(account if own is None else None, parent if above is None else None)
        return
    yield ImportBegun(account, parent)
    tree = [*hierarchy.tree(above), parent]
    values = {"pvt_tree": tree, "pvt_reseller_id": hierarchy.reseller_above(zone, tree)}
    placed = account_updates.edit(account_database(account), own, values)
    changes.apply(zone, [changes.saved_anyway(placed)]).check()
    yield AccountSaved(account)
    aggregates.copy_definition(zone, account)
    yield DefinitionCopied(account)
    stored = zone.couchdb.get(services.DATABASE, account)
    if stored is not None:
        changes.delete(zone, services.DATABASE, stored).check()
    yield from changes.if_made(zone, lambda: services_reconcile.reconcile(zone, account), shown=lambda: ())
    repair = Repair(zone)
    yield from repair.ended(copies.to_number_databases(repair, listed([account_database(account)])))
