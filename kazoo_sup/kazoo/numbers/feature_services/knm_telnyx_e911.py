"""knm_telnyx_e911: the address for emergency calls that Telnyx keeps for a number.

Source: Kazoo knm_telnyx_e911, whose interface is retired; here /addresses and the action enable_emergency of version 2.
The id of the address is kept in the carrier's data, as in Kazoo. Better than there: the old address is removed only
once the new one is in force.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.errors import Delivered, SupError
from kazoo_sup.kazoo.carriers import countries
from kazoo_sup.kazoo.carriers.base import CarrierUnreadable
from kazoo_sup.kazoo.carriers.knm_telnyx import Telnyx
from kazoo_sup.kazoo.numbers.feature_services.telling import FeatureNotChanged, address_of, caller_name, telling

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

NAME = "knm_telnyx_e911"

ADDRESS_ID = "address_id"
_FIELDS = {
    "locality": "locality",
    "region": "administrative_area",
    "postal_code": "postal_code",
    "street_address": "street_address",
    "extended_address": "extended_address",
}
_NEEDED = ("street_address", "locality", "region", "postal_code")


class TelnyxE911:
    """The service."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._telnyx = Telnyx(zone)

    def tell(self, before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """Have emergency calls from the number go to its address, or no longer."""
        if self._telnyx.setting("sandbox_provisioning"):
            return after
        data = dict(after.carrier_data or {})
        old = str(data.pop(ADDRESS_ID, "") or "")
        wanted = address_of(after)
        with telling(NAME, after, "e911"):
            if wanted:
                data[ADDRESS_ID] = self._put_in_force(after, wanted)
            elif old or (before is not None and address_of(before)):
                self._telnyx.end_emergency(after.number)
        if old:
            self._forget(old)
        return after.changed(carrier_data=data)

    def _put_in_force(self, number: PhoneNumber, e911: Document) -> str:
        missing = [name for name in _NEEDED if not e911.get(name)]
        if missing:
            reason = f"its e911 has no {', '.join(missing)}"
            raise FeatureNotChanged(number=number.number, provider=NAME, feature="e911", reason=reason)
        self._telnyx.number_id(number.number)  # that it is ours is known before an address is made for it
        identifier = self._telnyx.create_address(self._address(number, e911))
        try:
            self._telnyx.set_emergency(number.number, identifier)
        except SupError as error:
            # An address that may be in force stays.
            if not (error.delivered is Delivered.MAYBE or isinstance(error, CarrierUnreadable)):
                self._forget(identifier)
            raise
        return identifier

    def _address(self, number: PhoneNumber, e911: Document) -> Document:
        name = caller_name(self._zone, number, e911)
        first, _, last = name.partition(" ")
        fields = {ours: str(e911[theirs]) for theirs, ours in _FIELDS.items() if e911.get(theirs)}
        fields = {name: text if name == "postal_code" else _cleansed(text) for name, text in fields.items()}
        return {
            "business_name": name,
            "first_name": first,
            "last_name": last or first,
            "country_code": countries.of_prefix(number.number),
            "customer_reference": number.number,
            "address_book": False,
            **fields,
        }

    def _forget(self, address: str) -> None:
        """Remove an address that is no longer in force; that it stays does no harm, and is told."""
        try:
            self._telnyx.delete_address(address)
        except SupError as error:
            self._zone.run.warn(f"address {address} is left at {self._telnyx.title}: {error}")


def _cleansed(text: str) -> str:
    """Return a part of an address as Kazoo sends it: capitals, digits and blanks."""
    return re.sub(r"[^A-Z0-9 ]", "", text.upper())


SERVICE = TelnyxE911
