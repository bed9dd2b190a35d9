"""knm_inventory: numbers that the operator got by hand; they go through the whole life of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import stored
from kazoo_sup.kazoo.carriers.base import Carrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Found, Query


class Inventory(Carrier):
    """Source: Kazoo knm_inventory."""

    name = "knm_inventory"
    is_billable = False
    longest_prefix = 10

    def search(self, query: Query) -> Iterator[Found]:
        """Yield the stored, available numbers of this module."""
        return stored.of_module(self.zone, query, self.name)


CARRIER = Inventory
