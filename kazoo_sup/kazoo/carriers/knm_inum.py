"""knm_inum: iNum numbers (+883 5100), generated for one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kazoo_sup.kazoo.carriers.pool import PoolCarrier
from kazoo_sup.kazoo.carriers.stored import AVAILABLE
from kazoo_sup.names import INUM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class INum(PoolCarrier):
    """Source: Kazoo knm_inum."""

    name = "knm_inum"
    is_billable = False
    database = INUM
    found_state = AVAILABLE
    given_back: ClassVar[Mapping[str, Any]] = {
        "pvt_state": "released",
        "pvt_assigned_to": None,
        "pvt_reserve_history": [],
    }


CARRIER = INum
