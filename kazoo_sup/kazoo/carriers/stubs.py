"""Carriers of which Kazoo has no more than the name: no search, and nothing can be acquired.

Source: Kazoo knm_didww, knm_flowroute, knm_inteliquent, knm_it_vocal, knm_level3, knm_o1, knm_peerless, knm_thinq,
knm_verizon, knm_voxbone, knm_windstream, knm_ziron.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import Carrier, NotOffered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from kazoo_sup.kazoo.documents import Document
    from kazoo_sup.zone import Zone

KEEP_THEIR_NUMBERS = frozenset({"knm_voxbone"})
"""Those that cannot be disconnected from either."""


class Stub(Carrier):
    """One of them."""

    def __init__(self, zone: Zone, settings: Mapping[str, Any] | None = None, *, name: str) -> None:
        """NAME is the carrier's."""
        super().__init__(zone, settings)
        self.name = name

    def acquire(self, number: Document) -> Document:
        """Refuse."""
        raise NotOffered(carrier=self.name, reason=f"{number['_id']} cannot be acquired, Kazoo never learnt how to")

    def disconnect(self, number: Document) -> Document:
        """Let the number go; nobody is told of it."""
        if self.name in KEEP_THEIR_NUMBERS:
            reason = f"{number['_id']} cannot be disconnected, Kazoo never learnt how to"
            raise NotOffered(carrier=self.name, reason=reason)
        return number
