"""Where numbers are kept: a number database for each five-character prefix, and a copy in the account's database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup import terms
from kazoo_sup.command import Reads
from kazoo_sup.kazoo import accounts, system_config
from kazoo_sup.kazoo.numbers import e164
from kazoo_sup.names import account_database, classification, encoded, number_database, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

LAST = "\ufff0"
"""Sorts behind every name."""

PAGE = 2000
"""Rows that Kazoo reads at once when the zone says nothing else (kz_datamgr:max_bulk_read/0)."""

_NUMBERS = re.compile(r"numbers(?:/|%2[fF])(?P<rest>.+)")


@dataclass(frozen=True, slots=True)
class Databases:
    """(Encoded) names of databases in their order, without keeping them: `names` begins anew at each call."""

    names: Callable[[], Iterator[str]]

    def count(self) -> int:
        """Return how many there are."""
        return sum(1 for _name in self.names())


def listed(names: list[str]) -> Databases:
    """Return these databases, sorted, each once."""
    return Databases(lambda: iter(sorted(set(names))))


def number_databases(zone: Zone) -> Databases:
    """Return every number database (Kazoo knm_util:get_all_number_dbs/0)."""
    return Databases(lambda: map(encoded, zone.couchdb.databases(start="numbers/", end=f"numbers/{LAST}")))


def account_databases(zone: Zone) -> Databases:
    """Return every account's database, without its months (Kazoo kapps_util:get_all_accounts/0)."""

    def names() -> Iterator[str]:
        found = zone.couchdb.databases(start="account/", end=f"account/{LAST}")
        return (encoded(name) for name in found if classification(name) == "account")

    return Databases(names)


def page_size(zone: Zone, key: str = "max_bulk_read") -> int:
    """Return how many rows Kazoo reads, or documents it saves, at once: `datamgr.max_bulk_read`, `max_bulk_insert`."""
    configured = system_config.get(zone, "datamgr", key, PAGE)
    return configured if isinstance(configured, int) and not isinstance(configured, bool) and configured > 0 else PAGE


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account's id, and the words by which it was named, which Kazoo prints."""

    id: str
    said: str

    @property
    def database(self) -> str:
        """The account's (encoded) database."""
        return account_database(self.id)


def database_of(text: str, zone: Zone) -> str:
    """Return the (encoded) number database that TEXT names: itself in either form, its prefix, or a number in it.

    Raises ValueError for anything else. Nothing is asked of the server.
    """
    match = _NUMBERS.fullmatch(text)
    if match:
        return encoded(text)
    if re.fullmatch(r"(\+|%2[bB])\d{4}|managed|inum", text):
        return encoded(f"numbers/{plain(text)}")
    try:
        number = e164.read(text, zone)
    except ValueError:
        number = ""
    found = number_database(number)
    if found is None:
        raise ValueError(f"{text!r} is neither a number database, as numbers/+1415, nor a prefix or number of one")
    return found


def _each(text: str, read: Callable[[str], Any], what: str) -> list[Any]:
    """Read a JSON list of texts."""
    found = terms.read_json(text)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{text!r} is not a JSON list of {what}")
    return [read(each) for each in found]


Account = Annotated[NamedAccount, Reads(lambda text, zone: NamedAccount(accounts.find(text, zone), text))]
"""An account in any form, with the words that named it."""

AccountList = Annotated[
    list[str],
    Reads(lambda text, zone: _each(text, lambda each: accounts.find(each, zone), "accounts")),
]
"""A JSON list of accounts, as their ids."""

NumberDatabase = Annotated[str, Reads(database_of)]
"""A number database, by its name, its prefix or a number of it."""

NumberDatabaseList = Annotated[
    list[str],
    Reads(lambda text, zone: _each(text, lambda each: database_of(each, zone), "number databases")),
]
"""A JSON list of number databases."""

NumberList = Annotated[
    list[str],
    Reads(lambda text, zone: _each(text, lambda each: e164.read(each, zone), "numbers")),
]
"""A JSON list of numbers, in E.164 form."""
