"""Attaching an account whose database was copied into this cluster: its place in the tree, services, numbers.

Source: Kazoo kapps_maintenance:import_account/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.kazoo import account_updates, accounts, hierarchy
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.kazoo.numbers import copies
from kazoo_sup.kazoo.numbers.places import listed
from kazoo_sup.kazoo.numbers.repair import Repair
from kazoo_sup.kazoo.upkeep import aggregates
from kazoo_sup.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


def attach(zone: Zone, account: str, parent: str) -> Iterator[str]:
    """Put an account below PARENT, both ids, and make its services and the numbers it has known to the cluster."""
    own = accounts.definition(zone, account)
    above = accounts.definition(zone, parent)
    if own is None or above is None:
        yield _missing(account if own is None else None, parent if above is None else None)
        return
    yield f"importing account '{account}' under parent '{parent}'"
    tree = [*hierarchy.tree(above), parent]
    values = {"pvt_tree": tree, "pvt_reseller_id": hierarchy.reseller_above(zone, tree)}
    saved = changes.apply(zone, [account_updates.edit(account_database(account), own, values)])
    saved.check()
    yield "account saved, updating services and import account's numbers to number dbs"
    aggregates.copy_definition(zone, account)
    yield f"ensuring services doc for '{account}'"
    stored = zone.couchdb.get(services.DATABASE, account)
    if stored is not None:
        changes.apply(zone, [Change(services.DATABASE, None, stored)]).check()
    if not zone.run.dry_run:
        yield from services_reconcile.reconcile(zone, account)
    repair = Repair(zone)
    yield from repair.ended(copies.to_number_databases(repair, listed([account_database(account)]), 1))


def _missing(account: str | None, parent: str | None) -> str:
    if account and parent:
        return f"can not open account '{account}' (not_found) and parent '{parent}' (not_found)"
    if account:
        return f"can not open account '{account}' definition: not_found"
    return f"can not open parent '{parent}' definition: not_found"
