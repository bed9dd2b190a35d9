"""Porting to VoIP Innovations: isPortable and getPortDetails of version 3 of its interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from xml.sax.saxutils import escape

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierLacks, CarrierUnreadable
from kazoo_sup.kazoo.carriers.knm_voip_innovations import VoipInnovations
from kazoo_sup.kazoo.carriers.porting import CANCELED, DONE, SCHEDULED, STUCK, Portability, PortOrder
from kazoo_sup.kazoo.carriers.replies import anywhere, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
    from kazoo_sup.types import Document

_WORDS = {"complete": DONE, "foc": SCHEDULED, "reject": STUCK, "exception": STUCK, "cancel": CANCELED}


class VoipInnovationsPorting:
    """Porting to VoIP Innovations. It knows an order by its port id alone: the port request's reference number."""

    at_once: ClassVar[int] = 1

    def __init__(self, carrier: HttpCarrier) -> None:
        """Take the carrier."""
        self.carrier = VoipInnovations(carrier.zone)

    def check(self, numbers: Sequence[str]) -> Iterator[Portability]:
        """Ask about each number."""
        for number in numbers:
            digits = escape(nanp.national(number))
            result = self.carrier.call("isPortable", f"<tns:tn>{digits}</tns:tn>", only_reads=True)
            said = text(result, "IsPortable").lower()
            portable = {"true": True, "false": False}.get(said)
            yield Portability(
                number, portable, "" if portable else self.carrier.masked(text(result, "responseMessage"))
            )

    def orders(self, number: str, request: Document) -> Iterator[PortOrder]:
        """Look the port up whose id the request has as its reference number."""
        port_id = str(request.get("reference_number") or "").strip()
        if not (port_id.isascii() and port_id.isdigit()):
            reason = "it knows a port by its id, which the port request does not have as its reference_number"
            raise CarrierLacks(carrier=self.carrier.name, reason=reason)
        result = self.carrier.call("getPortDetails", f"<tns:portId>{port_id}</tns:portId>", only_reads=True)
        details = result.find(anywhere("PortDetails"))
        if details is None:
            return
        held = {nanp.e164(each.text or "") for each in details.iterfind(anywhere("dids/PortDID/tn"))}
        if number not in held:
            shown = ", ".join(sorted(held)) or "no number"
            reason = f"its port {port_id} is of {shown}, not of {number}"
            raise CarrierUnreadable(carrier=self.carrier.name, reason=reason)
        state = text(details, "status")
        meaning = next((what for word, what in _WORDS.items() if word in state.lower()), "")
        due = text(details, "focDate") or text(details, "requestedFocDate")
        yield PortOrder(text(details, "id") or port_id, state, meaning, due)


PORTING = VoipInnovationsPorting
