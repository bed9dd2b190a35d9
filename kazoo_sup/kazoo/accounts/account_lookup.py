"""Accounts as Kazoo's `find_account_by_…` look them up and show them.

Source: Kazoo kapps_util:get_accounts_by_name/1, get_account_by_realm/1, crossbar_maintenance:print_account_info/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import DATABASE, definition, normalised_name
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.values import is_true

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone


def by_name(zone: Zone, name: str) -> list[str]:
    """Return the ids of the accounts with a name, compared as the view holds it: letters a to z and digits only.

    Kazoo looks for the text as it stands, which finds no name with a capital or a blank in it.
    """
    rows = views.rows(zone, DATABASE, "accounts", "listing_by_name", key=normalised_name(name))
    return [str(row["id"]) for row in rows]


def by_realm(zone: Zone, realm: str) -> list[str]:
    """Return the ids of the accounts with a realm; there is one at most, where nobody wrote past Kazoo."""
    rows = views.rows(zone, DATABASE, "accounts", "listing_by_realm", key=realm.lower())
    return [str(row["id"]) for row in rows]


def is_enabled(document: Document) -> bool:
    """Return whether an account is enabled: by itself and by those above it (Kazoo kzd_accounts:enabled/2)."""
    return all(is_true(document.get(key, True)) for key in ("enabled", "pvt_enabled"))


@dataclass(frozen=True, slots=True)
class Described:
    """What is shown of an account; without `exists` it has no definition, and so nothing is known of it."""

    account: str
    exists: bool
    name: Json = None
    realm: Json = None
    enabled: bool = False
    system_admin: bool = False


def describe(zone: Zone, account: str) -> Described:
    """Return what is shown of an account, an id."""
    document = definition(zone, account)
    if document is None:
        return Described(account, exists=False)
    admin = is_true(document.get("pvt_superduper_admin"))
    return Described(account, True, document.get("name"), document.get("realm"), is_enabled(document), admin)
