"""knm_local: an account's own numbers.

They vanish when they are released, are not billed, are not routed between accounts, and have no features that cost
something: what makes that so in Kazoo is the feature `local` in their documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import stored
from kazoo_sup.kazoo.carriers.base import Carrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Found, Query


class Local(Carrier):
    """Source: Kazoo knm_local."""

    name = "knm_local"
    is_local = True
    is_billable = False
    longest_prefix = 10
    vanishes = True

    def search(self, query: Query) -> Iterator[Found]:
        """Yield the stored, available numbers of this module."""
        return stored.of_module(self.zone, query, self.name)


CARRIER = Local
