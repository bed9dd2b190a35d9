"""knm_managed: numbers generated for one account; they go through the whole life of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kazoo_sup.kazoo.carriers.pool import PoolCarrier
from kazoo_sup.kazoo.numbers.states import AVAILABLE, DISCOVERY
from kazoo_sup.messages.names import MANAGED

if TYPE_CHECKING:
    from kazoo_sup.types import Fields


class Managed(PoolCarrier):
    """Source: Kazoo knm_managed, whose search takes no offset and returns its first numbers again."""

    name = "knm_managed"
    database = MANAGED
    found_state = DISCOVERY
    given_back: ClassVar[Fields] = {"pvt_state": AVAILABLE, "pvt_assigned_to": None}


CARRIER = Managed
