"""Accounts: how an operator names one, and where its documents are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.walk import account_databases
from kazoo_sup.messages.names import account_database, account_id, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

DATABASE = "accounts"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account's id, and the words by which it was named, which Kazoo prints."""

    id: str
    said: str

    @property
    def database(self) -> str:
        """The account's (encoded) database."""
        return account_database(self.id)


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


def find_or_id(text: str, zone: Zone) -> str:
    """Return the id of the account that TEXT names, as `find` does; an id of no account is returned as it is.

    For functions that have an answer of their own where there is no such account.
    """
    return account_id(text) or find(text, zone)


def exists(zone: Zone, identifier: str) -> bool:
    """Return whether an account has its definition, in the accounts database or in its own."""
    return bool(
        zone.couchdb.get(DATABASE, identifier) or zone.couchdb.get(plain(account_database(identifier)), identifier)
    )


def normalised_name(name: str) -> str:
    """Return a name as the view of names holds it (Kazoo kzd_accounts:normalize_name/1)."""
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def _named(zone: Zone, name: str) -> set[str]:
    rows = views.rows(zone, DATABASE, "accounts", "listing_by_name", key=normalised_name(name), include_docs=True)
    return {row["id"] for row in rows if (row.get("doc") or {}).get("name") == name}


def databases(zone: Zone) -> Iterator[str]:
    """Yield the (encoded) names of all accounts' databases, those of their months not among them."""
    return account_databases(zone).names()


def ids(zone: Zone) -> Iterator[str]:
    """Yield the id of every account that has a database."""
    yield from (str(account_id(database)) for database in databases(zone))


def definition(zone: Zone, identifier: str) -> Document | None:
    """Return the account's own definition."""
    return zone.couchdb.get(plain(account_database(identifier)), identifier)
