"""knm_bandwidth2: Bandwidth, over its Dashboard API (https://dashboard.bandwidth.com/api, REST with XML).

Source: Kazoo knm_bandwidth2; https://dev.bandwidth.com/docs/numbers. Better than there: the certificate of the server
is verified; an order has a customer order id of its own, by which it can be found again, where Kazoo sends the id of
the account that orders; an order that stays unfinished is not waited for without end.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierRefused, Found, Key, NotOffered, UnreadableAnswer
from kazoo_sup.kazoo.carriers.remote import API_URL, DEBUG, RemoteCarrier, provisioning, with_carrier_data
from kazoo_sup.kazoo.carriers.replies import anywhere, local_name, read_xml, text, without_empty
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.kazoo.documents import Document

_AREA_CODE, _WITH_EXCHANGE = 3, 6
_POLLS = 15
POLL_INTERVAL = 2.0
"""Seconds between two looks at an order that is being worked on (Kazoo ?BW2_ORDER_POLL_INTERVAL)."""


class Bandwidth2(RemoteCarrier):
    """Numbers of Bandwidth, of North America. Disconnecting tells it nothing, as in Kazoo."""

    name = "knm_bandwidth2"
    title = "Bandwidth"
    check_by = "See https://dashboard.bandwidth.com, Orders"
    keys = (
        Key("account_id", "your account at Bandwidth", required=True),
        Key("api_username", "user of the API", required=True),
        Key("api_password", "password of the API", secret=True, required=True),
        Key("site_id", "site that numbers are ordered for; see sup knm_bandwidth2 sites"),
        Key("sip_peer", "SIP peer that numbers are ordered for; see sup knm_bandwidth2 peers"),
        Key("order_name_prefix", "how the names of orders begin", default="Kazoo"),
        Key("max_search_quantity", "numbers to ask for at most in one search", type="whole", default=500),
        *provisioning(sandbox=True),
        DEBUG,
        API_URL,
    )

    def url(self) -> str:
        """Return the address of the account."""
        self.require()
        base = str(self.setting("api_url") or "https://dashboard.bandwidth.com/api")
        return f"{base.rstrip('/')}/accounts/{quote(str(self.setting('account_id')), safe='')}"

    def login(self) -> tuple[str, str] | None:
        """Return the user and password of the API."""
        return str(self.setting("api_username")), str(self.setting("api_password"))

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code, by area code and exchange, or among the toll-free numbers.

        A toll-free area code may be written with a star in place of its last digit, as in `+186*`.
        """
        root = self._get("/availableNumbers", self._criteria(query))
        if root.find(anywhere(".//ErrorList")) is not None or root.find(anywhere(".//Error")) is not None:
            raise CarrierError(carrier=self.name, reason=_errors(root))
        matching = (found for found in _available(root) if found.number.startswith(query.prefix.rstrip("*")))
        yield from islice(matching, query.quantity)

    def acquire(self, number: Document) -> Document:
        """Order the number, and wait until the order is through; its id and name become carrier data."""
        self.require("site_id", "sip_peer")
        return self.once(number, "ordered", self._order, self._ordered) if self.may_provision() else number

    def verify(self) -> None:
        """List the account's sites."""
        self.sites()

    def sites(self) -> list[tuple[str, str]]:
        """Return id and name of each site of the account."""
        return [(text(each, "Id"), text(each, "Name")) for each in self._get("/sites").iterfind(anywhere(".//Site"))]

    def peers(self, site: str) -> list[tuple[str, str]]:
        """Return id and name of each SIP peer of a site.

        Kazoo lists those of the configured site, whatever it is asked for.
        """
        root = self._get(f"/sites/{quote(site, safe='')}/sippeers")
        return [(text(each, "PeerId"), text(each, "PeerName")) for each in root.iterfind(anywhere(".//SipPeer"))]

    def _criteria(self, query: Query) -> Mapping[str, Any]:
        prefix = nanp.national(query.prefix)
        if prefix == query.prefix or len(prefix) < _AREA_CODE:
            raise NotOffered(carrier=self.name, reason="it takes an area code of North America, +1 and three digits")
        quantity = min(query.quantity, int(self.setting("max_search_quantity")))
        area_code = prefix[:_AREA_CODE]
        if area_code.endswith("*"):
            return {"tollFreeWildCardPattern": area_code, "enableTNDetail": "false", "quantity": quantity}
        if area_code in nanp.TOLL_FREE:
            return {"tollFreeWildCardPattern": f"{area_code[1:]}*", "enableTNDetail": "true", "quantity": quantity}
        where = {"areaCode": prefix} if len(prefix) == _AREA_CODE else {"npaNxx": prefix[:_WITH_EXCHANGE]}
        return {**where, "enableTNDetail": "false", "quantity": quantity}

    def _order(self, number: Document, order: Order) -> Document:
        document = ET.Element("Order")
        for name, value in {
            "Name": f"{self.setting('order_name_prefix')}-{int(time.time()) + GREGORIAN_EPOCH}",
            "CustomerOrderId": order.reference,
            "SiteId": self.setting("site_id"),
            "PeerId": self.setting("sip_peer"),
        }.items():
            ET.SubElement(document, name).text = str(value)
        kind = ET.SubElement(document, "ExistingTelephoneNumberOrderType")
        numbers = ET.SubElement(kind, "TelephoneNumberList")
        ET.SubElement(numbers, "TelephoneNumber").text = nanp.national(number["_id"])
        headers = {
            "Accept": "*/*",
            "X-BWC-IN-Control-Processing-Type": "process",
            "Content-Type": "application/xml",
        }
        answer = self.ask("POST", "/orders", body=ET.tostring(document, "utf-8"), headers=headers)
        return self._finished(number, read_xml(answer, self.name))

    def _ordered(self, number: Document, order: Order) -> Document | None:
        """Look for the order by our reference: GET orders?customerOrderId=REFERENCE."""
        root = self._get("/orders", {"customerOrderId": order.reference, "page": 1, "size": 10})
        for each in root.iterfind(anywhere(".//OrderIdUserIdDate")):
            if text(each, "CustomerOrderId") in ("", order.reference):
                identifier = text(each, "orderId") or text(each, "OrderId")
                return self._finished(number, self._get(f"/orders/{quote(identifier, safe='')}"))
        return None

    def _finished(self, number: Document, root: ET.Element) -> Document:
        """Wait until an order is through.

        Raises CarrierRefused when it failed, and UnreadableAnswer when it is neither through nor failed.
        """
        for left in reversed(range(_POLLS)):
            status, identifier = text(root, ".//OrderStatus"), text(root, ".//Order/id")
            if status != "RECEIVED" or not identifier or not left:
                break
            time.sleep(POLL_INTERVAL)
            try:
                root = self._get(f"/orders/{quote(identifier, safe='')}")
            except CarrierError as error:
                error.facts["lost"] = True  # the order is under way, whatever kept us from seeing it
                raise
        if status == "FAILED" or (not status and _errors(root)):
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=_errors(root) or "the order failed")
        if status != "COMPLETE":
            reason = f"order {identifier or 'without an id'} is {status or 'without a status'}"
            raise UnreadableAnswer(carrier=self.name, reason=reason)
        listed = [nanp.e164(each.text or "") for each in root.iterfind(anywhere(".//TelephoneNumber"))]
        if number["_id"] not in listed:
            reason = f"the order is for {', '.join(listed) or 'no number'}, not for {number['_id']}"
            raise UnreadableAnswer(carrier=self.name, reason=reason)
        data = {
            "order_id": text(root, ".//CustomerOrderId"),
            "order_name": text(root, ".//Order/Name"),
            "number": number["_id"],
        }
        return with_carrier_data(number, without_empty(data))

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> ET.Element:
        return read_xml(self.ask("GET", path, query=query), self.name)


def _available(root: ET.Element) -> Iterator[Found]:
    """Yield the numbers of a search, which come with details or without."""
    for element in root.iter():
        if local_name(element) == "TelephoneNumberDetail":
            rate_center = {name: text(element, path) for name, path in _RATE_CENTER.items()}
            data = without_empty({"rate_center": without_empty(rate_center)})
            yield Found(nanp.e164(text(element, "FullNumber")), Bandwidth2.name, carrier_data=data)
        elif local_name(element) == "TelephoneNumber" and not len(element):
            yield Found(nanp.e164(element.text or ""), Bandwidth2.name)


_RATE_CENTER = {"name": "RateCenter", "lata": "LATA", "state": "State"}


def _errors(root: ET.Element) -> str:
    """Return the descriptions of all errors of an answer."""
    described = [(each.text or "").strip() for each in root.iterfind(anywhere(".//Description"))]
    return "; ".join(each for each in described if each)


CARRIER = Bandwidth2
