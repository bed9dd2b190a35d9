"""The reseller of an account, `pvt_reseller_id` of its definition and of its services document, worked out and stored.

Source: Kazoo kapps_maintenance:ensure_reseller_id_account/1,2, ensure_reseller_id_services/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_updates, hierarchy
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.messages.names import account_id

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone

KEY = "pvt_reseller_id"


@dataclass(frozen=True, slots=True)
class AccountMissing:
    """`accounts` has no copy of the account, which would tell its reseller."""

    account: str


@dataclass(frozen=True, slots=True)
class ResellerStored:
    """The reseller of the account was stored in its definition; without `found` there is none."""

    account: str
    reseller: str | None
    found: bool


def ensure(zone: Zone, account: str, reseller: str | None = None) -> Iterator[Event]:
    """Store the reseller of an account, or the nearest that is above it, as its copy in `accounts` says.

    ACCOUNT and RESELLER are ids.
    """
    if reseller is None:
        copy = zone.couchdb.get(accounts.DATABASE, account)
        if copy is None:
            yield AccountMissing(account)
            return
        reseller = hierarchy.reseller_above(zone, hierarchy.tree(copy))
    yield ResellerStored(account, reseller, account_updates.update(zone, account, {KEY: reseller}) is not None)
    ensure_services(zone, account, reseller)


def ensure_services(zone: Zone, account: str, reseller: str) -> None:
    """Store the reseller of an account in its services document; one that is missing is made only to say so.

    Raises NotFound for an account that has neither services nor a definition.
    """
    if services.reseller_id(zone, account) != reseller:
        edit = services_reconcile.edit(zone, account, {KEY: reseller})
        changes.apply(zone, [edit]).check()


def in_database(zone: Zone, database: str) -> Iterator[Event]:
    """Do the same for the account of a database."""
    return ensure(zone, account_id(database) or database)
