"""Porting to Bandwidth: lnpchecker and portins of the account, in XML.

Toll-free numbers are checked there by orders that take minutes; that is not done from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from xml.etree import ElementTree as ET

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.porting import CANCELED, DONE, SCHEDULED, STUCK, Portability, PortOrder
from kazoo_sup.kazoo.carriers.replies import anywhere, read_xml, text
from kazoo_sup.kazoo.config import system_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
    from kazoo_sup.types import Document

_XML = {"Content-Type": "application/xml", "Accept": "application/xml"}
_MEANINGS = {
    "COMPLETE": DONE,
    "FOC": SCHEDULED,
    "EXCEPTION": STUCK,
    "PENDING_DOCUMENTS": STUCK,
    "INVALID_DRAFT_TNS": STUCK,
    "CANCELLED": CANCELED,
    "REQUESTED_CANCEL": CANCELED,
}
_AREA_CODE = 3


class BandwidthPorting:
    """Porting to Bandwidth."""

    at_once: ClassVar[int] = 100

    def __init__(self, carrier: HttpCarrier) -> None:
        """Take the carrier."""
        self.carrier = carrier

    def check(self, numbers: Sequence[str]) -> Iterator[Portability]:
        """Ask about all numbers that are not toll-free in one request."""
        free = [number for number in numbers if nanp.national(number)[:_AREA_CODE] in nanp.TOLL_FREE]
        for number in free:
            yield Portability(number, None, "Bandwidth checks toll-free numbers by an order; see its app")
        asked = [number for number in numbers if number not in free]
        if asked:
            yield from self._checked(asked)

    def _checked(self, numbers: Sequence[str]) -> Iterator[Portability]:
        request = ET.Element("NumberPortabilityRequest")
        listed = ET.SubElement(request, "TnList")
        for number in numbers:
            ET.SubElement(listed, "Tn").text = self._written(number)
        query = {"fullcheck": "offnetportability"}
        body = ET.tostring(request, "utf-8")
        answer = self.carrier.ask("POST", "/lnpchecker", query=query, body=body, headers=_XML, only_reads=True)
        root = read_xml(answer, self.carrier.name)
        refused = _refused(root)
        taken = {
            nanp.e164(each.text or "")
            for path in ("PortableNumbers", "SupportedRateCenters", "PartnerSupportedRateCenters")
            for element in root.iterfind(anywhere(path))
            for each in element.iterfind(anywhere(".//Tn"))
        }
        said = "; ".join(filter(None, (text(each, "Description") for each in root.iterfind(anywhere(".//Errors")))))
        said = self.carrier.masked(said)
        for number in numbers:
            if number in refused:
                yield Portability(number, False, refused[number])
            else:
                yield Portability(number, True if number in taken else None, "" if number in taken else said)

    def orders(self, number: str, _request: Document) -> Iterator[PortOrder]:
        """Look for orders that hold the number."""
        query = {"page": 1, "size": 50, "orderTn": self._written(number).removeprefix("+1")}
        root = read_xml(self.carrier.ask("GET", "/portins", query=query), self.carrier.name)
        for each in root.iterfind(anywhere(".//lnpPortInfoForGivenStatus")):
            state = text(each, "ProcessingStatus")
            due = text(each, "ActualFOCDate") or text(each, "RequestedFOCDate")
            detail = self.carrier.masked(text(each, "ErrorMessage")) if _MEANINGS.get(state) == STUCK else ""
            yield PortOrder(text(each, "OrderId"), state, _MEANINGS.get(state, ""), due, detail)

    def _written(self, number: str) -> str:
        """Write a number as the version of the interface does: with +1 in the second."""
        carrier = self.carrier
        version = str(system_config.get(carrier.zone, carrier.category, "api_version", None) or "")
        address = str(carrier.setting("api_url") or "").rstrip("/")
        return number if version in ("v2", "2") or address.endswith("/v2") else nanp.national(number)


def _refused(root: Element) -> dict[str, str]:
    """Return why numbers cannot be brought, by number: where they are, or whose they are."""
    refused = {}
    for path, group, name, what in (
        ("UnsupportedRateCenters", "RateCenterGroup", "RateCenter", "rate centre"),
        ("UnsupportedLosingCarriers", "LosingCarrierTnList", "LosingCarrierName", "present carrier"),
    ):
        for element in root.iterfind(anywhere(f"{path}/{group}")):
            for number in element.iterfind(anywhere(".//Tn")):
                refused[nanp.e164(number.text or "")] = f"its {what} {text(element, name)} is not supported"
    return refused


PORTING = BandwidthPorting
