"""Carriers of which Kazoo has no more than the name: no search, and nothing can be acquired.

Source: Kazoo knm_didww, knm_flowroute, knm_inteliquent, knm_it_vocal, knm_level3, knm_o1, knm_peerless, knm_thinq,
knm_verizon, knm_voxbone, knm_windstream, knm_ziron.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import Carrier, CarrierLacks

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

KEEP_THEIR_NUMBERS = frozenset({"knm_voxbone"})
"""Those that cannot be disconnected from either."""


class Stub(Carrier):
    """One of them."""

    def __init__(self, zone: Zone, settings: Fields | None = None, *, name: str) -> None:
        """NAME is the carrier's."""
        super().__init__(zone, settings)
        self.name = name

    def acquire(self, number: Document) -> Document:
        """Refuse."""
        raise CarrierLacks(
            carrier=self.name, reason=f"{number['_id']} cannot be acquired: Kazoo has no interface for it"
        )

    def disconnect(self, number: Document) -> Document:
        """Let the number go; nobody is told of it."""
        if self.name in KEEP_THEIR_NUMBERS:
            reason = f"{number['_id']} cannot be disconnected: Kazoo has no interface for it"
            raise CarrierLacks(carrier=self.name, reason=reason)
        return number
