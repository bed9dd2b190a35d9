"""What Bandwidth is sent and answers in XML: orders to get numbers and give them back, and numbers found."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import Found
from kazoo_sup.kazoo.carriers.replies import anywhere, local_name, text, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.types import Document


_DETAILS = {"city": "City", "tier": "Tier"}
_RATE_CENTER = {"name": "RateCenter", "lata": "LATA", "state": "State"}


def order(number: str, *, name: str, reference: str, site: str, peer: str) -> bytes:
    """Return an order for a number, written as the version of the interface has it."""
    document = ET.Element("Order")
    for tag, value in (("Name", name), ("CustomerOrderId", reference), ("SiteId", site), ("PeerId", peer)):
        ET.SubElement(document, tag).text = value
    _numbers(ET.SubElement(document, "ExistingTelephoneNumberOrderType"), number)
    return bytes(ET.tostring(document, "utf-8"))


def disconnect(number: str, *, name: str, reference: str) -> bytes:
    """Return an order that gives a number back."""
    document = ET.Element("DisconnectTelephoneNumberOrder")
    ET.SubElement(document, "name").text = name
    ET.SubElement(document, "CustomerOrderId").text = reference
    _numbers(ET.SubElement(document, "DisconnectTelephoneNumberOrderType"), number)
    return bytes(ET.tostring(document, "utf-8"))


def _numbers(kind: ET.Element, number: str) -> None:
    ET.SubElement(ET.SubElement(kind, "TelephoneNumberList"), "TelephoneNumber").text = number


def found(root: ET.Element, module_name: str) -> Iterator[Found]:
    """Yield the numbers of a search, which come with details or without."""
    for element in root.iter():
        if local_name(element) == "TelephoneNumberDetail":
            rate_center = {name: text(element, path) for name, path in _RATE_CENTER.items()}
            details: Document = {name: text(element, path) for name, path in _DETAILS.items()}
            data = without_empty({"rate_center": without_empty(rate_center), **details})
            yield Found(nanp.e164(text(element, "FullNumber")), module_name, carrier_data=data)
        elif local_name(element) == "TelephoneNumber" and not len(element):
            yield Found(nanp.e164(element.text or ""), module_name)


def listed(root: ET.Element) -> list[str]:
    """Return the numbers of an order."""
    return [nanp.e164(each.text or "") for each in root.iterfind(anywhere(".//TelephoneNumber"))]


def errors(root: ET.Element) -> str:
    """Return the descriptions of all errors of an answer."""
    described = [(each.text or "").strip() for each in root.iterfind(anywhere(".//Description"))]
    return "; ".join(each for each in described if each)


def status(root: ET.Element) -> str:
    """Return how far an order is."""
    return text(root, ".//OrderStatus") or text(root, ".//orderStatus")


def identifier(root: ET.Element) -> str:
    """Return Bandwidth's id of an order."""
    return text(root, ".//Order/id") or text(root, ".//orderRequest/id") or text(root, ".//orderId")
