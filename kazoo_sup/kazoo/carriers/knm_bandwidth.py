"""knm_bandwidth: Bandwidth, over its old API (one URL, one XML document a request), which is gone: use knm_bandwidth2.

Bandwidth no longer documents or offers it. Nothing is sent to its old address; only a numbers_api_url of your own,
such as a gateway that speaks it, is asked.

Source: Kazoo knm_bandwidth. Better than there: the certificate of the server is verified; a number without the id that
Bandwidth gave it when it was found is looked up first.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks, CarrierUnreadable, Found, Key, NotAvailable
from kazoo_sup.kazoo.carriers.http_carrier import DEBUG, HttpCarrier, provisioning, with_carrier_data
from kazoo_sup.kazoo.carriers.replies import anywhere, read_xml, text, without_empty
from kazoo_sup.kazoo.documents import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document

_NAMESPACE = "http://www.bandwidth.com/api/"
_OLD_ADDRESS = "https://api.bandwidth.com/public/v2/"
_AREA_CODE, _WITH_EXCHANGE = 3, 6
_READING = frozenset({"areaCodeNumberSearch", "npaNxxNumberSearch", "getTelephoneNumber"})
_AVAILABLE = "available"


class Gone(CarrierError):
    """{carrier} is gone, Bandwidth has no such interface any more: use knm_bandwidth2, which has its numbers, too"""

    remedy = "use knm_bandwidth2"


class Bandwidth(HttpCarrier):
    """Numbers of Bandwidth, of North America. Disconnecting tells it nothing, as in Kazoo."""

    name = "knm_bandwidth"
    title = "Bandwidth"
    check_by = "See https://my.bandwidth.com, Numbers"
    only_north_america = True
    deprecated = "knm_bandwidth2"
    keys = (
        Key("developer_key", "key of the API", secret=True, required=True),
        Key("endpoints", "hosts that calls to acquired numbers go to: one text or a list", type="texts"),
        Key("order_name_prefix", "how the names of orders begin", default="Kazoo"),
        *provisioning(sandbox=True),
        DEBUG,
        Key(
            "numbers_api_url",
            "address of the API",
            type="url",
            default=f"{_OLD_ADDRESS}numbers.api",
        ),
    )

    def url(self) -> str:
        """Return the address of the API.

        Raises Gone for the old one.
        """
        address = str(self.setting("numbers_api_url"))
        if address.startswith(_OLD_ADDRESS):
            raise Gone(carrier=self.name)
        self.require()
        return address

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code, or by area code and exchange."""
        prefix = nanp.national(query.prefix)
        if prefix == query.prefix or len(prefix) < _AREA_CODE:
            raise CarrierLacks(carrier=self.name, reason="it takes an area code of North America, +1 and three digits")
        if len(prefix) == _AREA_CODE:
            root = self._request("areaCodeNumberSearch", areaCode=prefix, maxQuantity=query.quantity)
        else:
            npa_nxx = prefix[:_WITH_EXCHANGE]
            root = self._request("npaNxxNumberSearch", npaNxx=npa_nxx, maxQuantity=query.quantity)
        numbers = map(_number, root.iterfind(anywhere("telephoneNumbers/telephoneNumber")))
        for data in islice((each for each in numbers if each.get("e164")), query.quantity):
            yield Found(nanp.e164(data["e164"]), self.name, carrier_data=data)

    def acquire(self, number: Document) -> Document:
        """Order the number; what Bandwidth says of the order becomes its carrier data."""
        self.url()
        return self.once(number, "ordered", self._order, self._ordered)

    def verify(self) -> None:
        """Look a number up."""
        self._request("getTelephoneNumber", getType="10digit", getValue="2025550100")

    def _order(self, number: Document, order: Order) -> Document:
        endpoints = self.setting("endpoints") or []
        hosts = [endpoints] if isinstance(endpoints, str) else endpoints
        root = self._request(
            "basicNumberOrder",
            orderName=f"{self.setting('order_name_prefix')}-{now()}",
            extRefID=order.reference,
            numberIDs={"id": self._number_id(number)},
            subscriber=number.get("pvt_assigned_to") or "no_assigned_account",
            **({"endPoints": {"host": hosts}} if hosts else {}),
        )
        placed = root.find("{*}numberOrder")
        if placed is None:
            raise CarrierUnreadable(carrier=self.name, reason="it has no numberOrder")
        data = _ordered(placed)
        named = data.get("number", {}).get("e164", "")
        if named and nanp.e164(named) != number["_id"]:
            raise CarrierUnreadable(carrier=self.name, reason=f"it answers for {named}, not for {number['_id']}")
        return with_carrier_data(number, data, keep=False)

    def _ordered(self, number: Document, _order: Order) -> Document | None:
        """Look whether the number can still be had, for then it was not ordered: getTelephoneNumber.

        Raises CarrierLacks when it cannot: that it is now ours is not said.
        """
        if self._looked_up(number).get("status", "").lower() == _AVAILABLE:
            return None
        raise CarrierLacks(carrier=self.name, reason="it says that a number is taken, but not by whom")

    def _number_id(self, number: Document) -> str:
        data = number.get("pvt_carrier_data", {})
        found = data.get("number_id") or self._looked_up(number).get("number_id")
        if not found:
            raise NotAvailable(carrier=self.name, number=number["_id"], reason="Bandwidth has no id for it")
        return str(found)

    def _looked_up(self, number: Document) -> Document:
        root = self._request("getTelephoneNumber", getType="10digit", getValue=nanp.national(number["_id"]))
        found = root.find("{*}telephoneNumber")
        return _number(found) if found is not None else {}

    def _request(self, verb: str, **fields: object) -> ET.Element:
        """Send one request and return the root of its answer.

        Raises CarrierError unless its status is success.
        """
        self.url()
        document = ET.Element(verb, {"xmlns": _NAMESPACE})
        _append(document, {"developerKey": self.setting("developer_key"), **fields})
        headers = {
            "Accept": "*/*",
            "X-BWC-IN-Control-Processing-Type": "process",
            "Content-Type": "text/xml",
        }
        body = ET.tostring(document, encoding="utf-8", xml_declaration=True)
        root = read_xml(self.ask("POST", body=body, headers=headers, only_reads=verb in _READING), self.name)
        if text(root, "status") != "success":
            reason = text(root, "errors/error/message")
            if not reason:
                raise CarrierUnreadable(carrier=self.name, reason="neither success nor a reason why not")
            raise CarrierError(carrier=self.name, reason=self.masked(reason))
        return root


def _append(parent: ET.Element, fields: Document) -> None:
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            child = ET.SubElement(parent, name)
            if isinstance(each, dict):
                _append(child, each)
            else:
                child.text = str(each)


def _number(element: ET.Element) -> Document:
    """Return a number as Kazoo keeps it (knm_bandwidth:number_search_response_to_json/1)."""
    names = {
        "number_id": "numberID",
        "ten_digit": "tenDigit",
        "formatted_number": "formattedNumber",
        "e164": "e164",
        "npa_nxx": "npaNxx",
        "status": "status",
    }
    rate_center = {name: text(element, f"rateCenter/{name}") for name in ("name", "lata", "state")}
    found = {name: text(element, path) for name, path in names.items()}
    return without_empty({**found, "rate_center": without_empty(rate_center)})


def _ordered(element: ET.Element) -> Document:
    """Return an order as Kazoo keeps it (knm_bandwidth:number_order_response_to_json/1)."""
    names = {
        "order_id": "orderID",
        "order_number": "orderNumber",
        "order_name": "orderName",
        "ext_ref_id": "extRefID",
        "accountID": "accountID",
        "accountName": "accountName",
        "quantity": "quantity",
    }
    found: Document = {name: text(element, path) for name, path in names.items()}
    number = element.find(anywhere("telephoneNumbers/telephoneNumber"))
    return without_empty({**found, "number": _number(number) if number is not None else {}})


CARRIER = Bandwidth
