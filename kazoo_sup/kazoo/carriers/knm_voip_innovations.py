"""knm_voip_innovations: VoIP Innovations, over version 3 of its API (SOAP).

Source: Kazoo knm_voip_innovations; https://voipinnovations.atlassian.net, All API 3.0 Methods. Better than there: the
certificate of the server is verified; a number that is released already counts as released.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks, CarrierRefused, CarrierUnreadable, Found, Key
from kazoo_sup.kazoo.carriers.http_carrier import API_URL, DEBUG, HoldsNumbers, provisioning
from kazoo_sup.kazoo.carriers.replies import anywhere, read_xml, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document

_NAMESPACE = "http://tempuri.org/"
_SUCCESS = "100"
_CRITERIA = ("cnam", "lata", "npa", "nxx", "rateCenter", "state", "t38", "tier")
_TOLL_FREE = "TF"
"""The state that stands for toll-free numbers."""

_AREA_CODE, _WITH_EXCHANGE = 3, 6
_URL = "https://backoffice.voipinnovations.com/Services/APIService.asmx"
_SANDBOX_URL = "http://dev.voipinnovations.com/VOIP/Services/APIService.asmx"


class VoipInnovations(HoldsNumbers):
    """Numbers of VoIP Innovations, of North America. With sandbox_provisioning it is its sandbox."""

    name = "knm_voip_innovations"
    title = "VoIP Innovations"
    check_by = "See https://backoffice.voipinnovations.com, DIDs"
    only_north_america = True
    gives_up = True
    keys = (
        Key("login", "user of the API", required=True),
        Key("password", "password of the API", secret=True, required=True),
        Key("endpoint_group", "number of the endpoint group that calls to acquired numbers go to"),
        *provisioning(sandbox=False),
        DEBUG,
        API_URL,
    )

    def url(self) -> str:
        """Return the address of the API, or of its sandbox."""
        return self.setting("api_url") or (_SANDBOX_URL if self.setting("sandbox_provisioning") else _URL)

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code, by area code and exchange, or among the toll-free numbers."""
        prefix = nanp.national(query.prefix)
        if prefix == query.prefix or len(prefix) < _AREA_CODE:
            raise CarrierLacks(carrier=self.name, reason="it takes an area code of North America, +1 and three digits")
        if prefix[:_AREA_CODE] in nanp.TOLL_FREE:
            result = self.call("getDIDs", _criteria(state=_TOLL_FREE), only_reads=True)
        elif len(prefix) < _WITH_EXCHANGE:
            result = self.call("getDIDs", _criteria(npa=prefix[:_AREA_CODE]), only_reads=True)
        else:
            result = self.call("getDIDs", _criteria(nxx=prefix[:_WITH_EXCHANGE]), only_reads=True)
        locators = result.iterfind(anywhere("DIDLocators/DIDLocator"))
        numbers = (self._found(each) for each in locators)
        yield from islice((each for each in numbers if each.number.startswith(query.prefix)), query.quantity)

    def acquire(self, number: Document) -> Document:
        """Order the number."""
        self.require("endpoint_group")
        return self.once(number, "ordered", self._order, self.ordered)

    def disconnect(self, number: Document) -> Document:
        """Return the number."""
        self.require()
        return self.once(number, "returned", self._return, self.returned)

    def verify(self) -> None:
        """Query a number that nobody can have."""
        self.call("queryDID", "<tns:did>2005550100</tns:did>", only_reads=True)

    def _order(self, number: Document, _order: Order) -> Document:
        group = f"<tns:epg>{escape(str(self.setting('endpoint_group')))}</tns:epg>"
        self._confirmed(number, self.call("assignDID", _did_parameters(number, group)))
        return number

    def _return(self, number: Document, _order: Order) -> Document:
        try:
            self._confirmed(number, self.call("releaseDID", _did_parameters(number)))
        except CarrierRefused:
            if self.holds(number):
                raise
        return number

    def holds(self, number: Document) -> bool:
        """Look whether the number is assigned to the account: queryDID."""
        digits = nanp.national(number["_id"])
        did = self._did(number, self.call("queryDID", f"<tns:did>{escape(digits)}</tns:did>", only_reads=True))
        return text(did, "availability").lower() == "assigned"

    def _confirmed(self, number: Document, result: Element) -> None:
        did = self._did(number, result)
        if text(did, "statusCode") != _SUCCESS:
            reason = self.masked(text(did, "status") or f"status {text(did, 'statusCode')}")
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=reason)

    def _did(self, number: Document, result: Element) -> Element:
        """Return what the answer says of this number.

        Raises CarrierUnreadable when it speaks of none or another.
        """
        dids = result.findall(anywhere("DIDs/DID"))
        for did in dids:
            if nanp.e164(text(did, "tn")) == number["_id"]:
                return did
        others = ", ".join(text(did, "tn") for did in dids) or "no number"
        raise CarrierUnreadable(carrier=self.name, reason=f"it answers for {others}, not for {number['_id']}")

    def call(self, action: str, body: str, *, only_reads: bool = False) -> Element:
        """Call a method; return the element that holds its result.

        Raises CarrierError when its responseCode is none of success.
        """
        self.require()
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<env:Envelope xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            f' xmlns:tns="{_NAMESPACE}" xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
            f"<tns:{action}>{body}<tns:login>{escape(str(self.setting('login')))}</tns:login>"
            f"<tns:secret>{escape(str(self.setting('password')))}</tns:secret></tns:{action}>"
            "</env:Body></env:Envelope>"
        )
        headers = {
            "SOAPAction": f"{_NAMESPACE}{action}",
            "Accept": "*/*",
            "Content-Type": "text/xml;charset=UTF-8",
        }
        root = read_xml(self.ask("POST", body=envelope.encode(), headers=headers, only_reads=only_reads), self.name)
        result = root.find(anywhere(f".//{action}Result"))
        if result is None:
            raise CarrierUnreadable(carrier=self.name, reason=f"it has no {action}Result")
        if text(result, "responseCode") != _SUCCESS:
            reason = self.masked(text(result, "responseMessage") or f"code {text(result, 'responseCode')}")
            raise CarrierError(carrier=self.name, reason=reason)
        return result

    def _found(self, locator: Element) -> Found:
        number = nanp.e164(text(locator, "tn"))
        data = {
            "e164": number,
            "rate_center": text(locator, "rateCenter"),
            "state": text(locator, "state"),
            "cnam": text(locator, "outboundCNAM") == "true",
            "t38": text(locator, "t38") == "true",
        }
        return Found(number, self.name, carrier_data=data)


def _criteria(**given: str) -> str:
    fields: Mapping[str, str] = given
    return "".join(
        f"<tns:{name}>{escape(fields[name])}</tns:{name}>" if name in fields else f'<tns:{name} xsi:nil="true"/>'
        for name in _CRITERIA
    )


def _did_parameters(number: Document, more: str = "") -> str:
    digits = escape(nanp.national(number["_id"]))
    return f"<tns:didParams><tns:DIDParam><tns:tn>{digits}</tns:tn>{more}</tns:DIDParam></tns:didParams>"


CARRIER = VoipInnovations
