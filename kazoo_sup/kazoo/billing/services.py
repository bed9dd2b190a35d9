"""Services documents, as far as they say who is a reseller and whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import shapes, value_at
from kazoo_sup.kazoo.documents.shapes import TEXT

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DATABASE = "services"


def is_reseller(zone: Zone, account: str) -> bool:
    """Return whether an account is a reseller: its services document says so.

    Source: Kazoo kz_services_reseller:is_reseller/1.
    """
    return value_at(zone.couchdb.get(DATABASE, account) or {}, ["pvt_reseller"]) is True


def reseller_id(zone: Zone, account: str) -> str | None:
    """Return the id of the account's reseller; None when not even a master account is known.

    Taken from the services document; without one, worked out as Kazoo does when it makes one: the nearest ancestor that
    is a reseller, else the master account. Source: Kazoo kz_services_reseller:get_id/1, find_id/1.
    """
    stored = value_at(zone.couchdb.get(DATABASE, account) or {}, ["pvt_reseller_id"])
    if isinstance(stored, str):
        return stored
    for ancestor in reversed(shapes.ancestors_of(definition(zone, account) or {})):
        if is_reseller(zone, ancestor):
            return str(ancestor)
    return system_config.read(zone, "accounts", "master_account_id", "", TEXT) or None
