"""Accounts: how an operator names one, and where its documents are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.kazoo import views
from kazoo_sup.names import account_database, account_id, classification, encoded, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.zone import Zone

DATABASE = "accounts"
_SHOWN = 5


def find(text: str, zone: Zone) -> str:
    """Return the id of the account that TEXT names.

    TEXT is an account id, the account's database name in any of Kazoo's three forms (a month's too), a realm, or the
    exact name. Raises ValueError when there is no such account, or more than one.
    """
    identifier = account_id(text)
    if identifier:
        if not exists(zone, identifier):
            raise ValueError(f"there is no account {identifier}")
        return identifier
    rows = list(views.rows(zone, DATABASE, "accounts", "listing_by_realm", key=text.lower()))
    found = {row["id"] for row in rows} or _named(zone, text)
    if not found:
        raise ValueError(f"no account has the id, database, realm or name {text!r}")
    if len(found) > 1:
        shown = ", ".join(islice(sorted(found), _SHOWN))
        raise ValueError(f"{len(found)} accounts are called {text!r}: {shown}{', …' if len(found) > _SHOWN else ''}")
    return str(found.pop())


def exists(zone: Zone, identifier: str) -> bool:
    """Tell whether an account has its definition, in the accounts database or in its own."""
    return bool(
        zone.couchdb.get(DATABASE, identifier) or zone.couchdb.get(plain(account_database(identifier)), identifier)
    )


def normalised_name(name: str) -> str:
    """Return a name as the view of names holds it (Kazoo kzd_accounts:normalize_name/1)."""
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def _named(zone: Zone, name: str) -> set[str]:
    rows = views.rows(zone, DATABASE, "accounts", "listing_by_name", key=normalised_name(name), include_docs=True)
    return {row["id"] for row in rows if (row.get("doc") or {}).get("name") == name}


AccountId = Annotated[str, Reads(find, "ACCOUNT")]
"""An account, named in any way `find` understands, as its id."""


def databases(zone: Zone) -> Iterator[str]:
    """Yield the (encoded) names of all accounts' databases, those of their months not among them."""
    found = zone.couchdb.databases(start="account/", end="account/\ufff0")
    yield from (encoded(name) for name in found if classification(name) == "account")


def definition(zone: Zone, identifier: str) -> dict[str, Any] | None:
    """Return the account's own definition."""
    return zone.couchdb.get(plain(account_database(identifier)), identifier)
