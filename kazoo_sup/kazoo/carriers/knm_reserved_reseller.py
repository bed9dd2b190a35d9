"""knm_reserved_reseller: numbers that are reserved for the reseller of the account that searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import stored
from kazoo_sup.kazoo.carriers.base import Carrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Found, Query


class ReservedReseller(Carrier):
    """Source: Kazoo knm_reserved_reseller."""

    name = "knm_reserved_reseller"
    is_local = True
    is_billable = False
    longest_prefix = 10

    def search(self, query: Query) -> Iterator[Found]:
        """Yield the numbers reserved for the account's reseller."""
        return stored.reserved(self.zone, query, query.reseller)


CARRIER = ReservedReseller
