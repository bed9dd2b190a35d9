"""Accounts as Kazoo's `find_account_by_…` look them up and show them.

Source: Kazoo kapps_util:get_accounts_by_name/1, get_account_by_realm/1, crossbar_maintenance:print_account_info/2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kazoo_sup import terms
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.accounts import DATABASE, definition, normalised_name
from kazoo_sup.kazoo.values import is_true, to_text
from kazoo_sup.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
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
    """Tell whether an account is enabled: by itself and by those above it (Kazoo kzd_accounts:enabled/2)."""
    return all(is_true(document.get(key, True)) for key in ("enabled", "pvt_enabled"))


def shown(zone: Zone, account: str) -> list[str]:
    """Return the lines that describe an account, an id."""
    document = definition(zone, account)
    headline = f"Account ID: {account} ({account_database(account)})"
    if document is None:
        return [f"{headline} does not exist"]
    return [
        headline,
        f"  Name: {_text(document.get('name'))}",
        f"  Realm: {_text(document.get('realm'))}",
        f"  Enabled: {_text(is_enabled(document))}",
        f"  System Admin: {_text(is_true(document.get('pvt_superduper_admin')))}",
    ]


def _text(value: Any) -> str:
    return to_text(terms.UNDEFINED if value is None else value)
