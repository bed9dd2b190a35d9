"""knm_mdn: numbers of mobile services. They are only ever in service, and behave like local ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import Carrier, CarrierRefused
from kazoo_sup.kazoo.numbers.states import IN_SERVICE

if TYPE_CHECKING:
    from kazoo_sup.types import Document


class Mdn(Carrier):
    """Source: Kazoo knm_mdn; that its numbers are only in service is kept by knm_number_states there."""

    name = "knm_mdn"
    is_billable = False
    longest_prefix = 0
    vanishes = True

    def acquire(self, number: Document) -> Document:
        """Accept a number that is in service.

        Raises CarrierRefused for any other.
        """
        state = number.get("pvt_state", IN_SERVICE)
        if state != IN_SERVICE:
            reason = f"numbers of mobile services are only {IN_SERVICE}, it is {state}"
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=reason)
        return number


CARRIER = Mdn
