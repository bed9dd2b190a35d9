"""knm_vitelity_cnam: the names of callers at Vitelity, with the settings of knm_vitelity.

Source: Kazoo knm_vitelity_cnam, which switches the look-up at every save; here only where it changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.knm_vitelity import Vitelity, confirm
from kazoo_sup.kazoo.carriers.replies import text
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers.feature_services.telling import FeatureNotChanged, telling

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.zone import Zone


NAME = "knm_vitelity_cnam"


class VitelityCnam:
    """The name that a number shows (`lidb`), and the look-up of those who call it (`cnamenable`, `cnamdisable`)."""

    def __init__(self, zone: Zone) -> None:
        """Take the zone whose number_manager.vitelity has the settings; raises NotConfigured without them."""
        self._zone = zone
        self._carrier = Vitelity(zone)
        self._carrier.require()

    def tell(self, before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """Set the name that the number shows, and switch the look-up."""
        if _name(after) != _name(before):
            with telling(NAME, after, "outbound_cnam"):
                self._carrier.refuse_foreign(after.number)
                self._show(after, _name(after))
        if _looks_up(after) != _looks_up(before):
            with telling(NAME, after, "inbound_cnam"):
                self._carrier.refuse_foreign(after.number)
                command = "cnamenable" if _looks_up(after) else "cnamdisable"
                confirm(after.number, self._carrier.command(command, did=nanp.national(after.number)))
        return after

    def _show(self, number: PhoneNumber, name: str) -> None:
        if not name:
            self._zone.run.warn(f"Vitelity keeps the name that {number.number} shows: nothing takes it away there")
            return
        root = self._carrier.command("lidb", did=nanp.national(number.number), name=name)
        confirm(number.number, root)
        said = text(root, "response")
        if said != "ok":
            reason = self._carrier.masked(said) or "its answer has no response"
            raise FeatureNotChanged(number=number.number, provider=NAME, feature="outbound_cnam", reason=reason)


def _name(number: PhoneNumber | None) -> str:
    return str(value_at((number.features if number else None) or {}, ["outbound_cnam", "display_name"]) or "")


def _looks_up(number: PhoneNumber | None) -> bool:
    return is_true(value_at((number.features if number else None) or {}, ["inbound_cnam", "inbound_lookup"]))


SERVICE = VitelityCnam
