"""Databases gone through one after the other: their (encoded) names in order, and how much is read of one at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import POSITIVE
from kazoo_sup.messages.names import account_database, classification, encoded

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

LAST = "\ufff0"
"""Sorts behind every name."""

PAGE = 2000
"""Rows that Kazoo reads at once when the zone says nothing else (kz_datamgr:max_bulk_read/0)."""


@dataclass(frozen=True, slots=True)
class Databases:
    """(Encoded) names of databases in their order, without keeping them: `names` starts over at each call.

    `named` is how many were named, where that was done one by one: those named twice count twice.
    """

    names: Callable[[], Iterator[str]]
    named: int | None = None

    def count(self) -> int:
        """Return how many there are."""
        return sum(1 for _name in self.names())

    def total(self) -> int:
        """Return how many there are to Kazoo, which counts those that are named twice."""
        return self.count() if self.named is None else self.named


def listed(names: list[str]) -> Databases:
    """Return these databases, sorted, each once."""
    return Databases(lambda: iter(sorted(set(names))), len(names))


def account_databases(zone: Zone) -> Databases:
    """Return every account's database, without its months (Kazoo kapps_util:get_all_accounts/0)."""

    def names() -> Iterator[str]:
        found = zone.couchdb.databases(start="account/", end=f"account/{LAST}")
        return (encoded(name) for name in found if classification(name) == "account")

    return Databases(names)


def of_accounts(zone: Zone, ids: list[str] | None) -> Databases:
    """Return the databases of accounts, or of all (None)."""
    return account_databases(zone) if ids is None else listed(list(map(account_database, ids)))


def page_size(zone: Zone, key: str = "max_bulk_read") -> int:
    """Return how many rows Kazoo reads, or documents it saves, at once: `datamgr.max_bulk_read`, `max_bulk_insert`."""
    return system_config.read(zone, "datamgr", key, PAGE, POSITIVE)
