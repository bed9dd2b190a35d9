"""knm_inum: iNum numbers (+883 5100), generated for one account.

The network behind them closed in June 2020: they are this system's own pool, and only calls inside it reach them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kazoo_sup.kazoo.carriers.pool import PoolCarrier
from kazoo_sup.kazoo.numbers.states import AVAILABLE
from kazoo_sup.messages.names import INUM

if TYPE_CHECKING:
    from kazoo_sup.types import Fields


class INum(PoolCarrier):
    """This system's own pool of iNums. Source: Kazoo knm_inum."""

    name = "knm_inum"
    is_billable = False
    outdated = "the iNum network closed in June 2020: only calls inside this system reach its numbers"
    database = INUM
    found_state = AVAILABLE
    given_back: ClassVar[Fields] = {
        "pvt_state": "released",
        "pvt_assigned_to": None,
        "pvt_reserve_history": [],
    }


CARRIER = INum
