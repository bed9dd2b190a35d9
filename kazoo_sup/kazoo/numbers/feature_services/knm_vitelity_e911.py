"""knm_vitelity_e911: emergency addresses at Vitelity, with the settings of knm_vitelity.

Source: Kazoo knm_vitelity_e911. Better than there: a state may be written with its two letters, where Kazoo then sends
none; an address that is not taken out is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.knm_vitelity import Vitelity, confirm, fields_of
from kazoo_sup.kazoo.documents import merged
from kazoo_sup.kazoo.numbers.feature_services.telling import (
    FeatureNotChanged,
    address_of,
    caller_name,
    telling,
    with_address,
)
from kazoo_sup.kazoo.numbers.feature_services.us_states import LETTERS

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


NAME = "knm_vitelity_e911"


class VitelityE911:
    """Emergency addresses of Vitelity's numbers."""

    def __init__(self, zone: Zone) -> None:
        """Take the zone whose number_manager.vitelity has the settings; raises NotConfigured without them."""
        self._zone = zone
        self._carrier = Vitelity(zone)
        self._carrier.require()

    def tell(self, _before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """Send the number's address, or have it deleted."""
        did = nanp.national(after.number)
        with telling(NAME, after, "e911"):
            self._carrier.refuse_foreign(after.number)
            address = address_of(after)
            if address is None:
                confirm(after.number, self._carrier.command("e911delete", did=did))
                return after
            root = self._carrier.command("e911send", did=did, **self._fields(after, address))
            confirm(after.number, root)
            info = root.find("{*}info")
            return with_address(after, merged(address, fields_of(info)) if info is not None else address)

    def _fields(self, number: PhoneNumber, address: Document) -> Document:
        unit_type, _, unit_number = str(address.get("extended_address") or "").partition(" ")
        return {
            "name": address.get("customer_name") or caller_name(self._zone, number, address),
            "address": address.get("street_address"),
            "unittype": unit_type,
            "unitnumber": unit_number,
            "city": address.get("locality"),
            "state": _state(number, str(address.get("region") or "")),
            "zip": address.get("postal_code"),
        }


def _state(number: PhoneNumber, region: str) -> str:
    letters = region.strip().upper()
    found = letters if letters in LETTERS.values() else LETTERS.get(region.strip().lower())
    if not found:
        raise _not_changed(number, f"its region {region!r} is not a state of the United States")
    return found


def _not_changed(number: PhoneNumber, reason: str) -> FeatureNotChanged:
    return FeatureNotChanged(number=number.number, provider=NAME, feature="e911", reason=reason)


SERVICE = VitelityE911
