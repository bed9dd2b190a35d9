"""Carriers for tests, on 127.0.0.1: each answers as its public documentation says, and fails when told.

`offered` are the numbers that can be had, `held` those of the account, `orders` how often each was ordered.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.etree import ElementTree as ET

from couch_fault_server import Answer, CouchFaultServer, Request

PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'


def xml(status: int, text: str) -> Answer:
    return Answer(status, f"{PROLOGUE}{text}".encode(), {"Content-Type": "text/xml"})


def in_json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class CarrierServer(CouchFaultServer):
    """What they have in common; `settings` is what system_config holds to reach this one, `module` its module."""

    module = ""
    order_path = ""
    """Part of "METHOD /path" of an order."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: list[str] = []
        self.held: set[str] = set()
        self.orders: Counter[str] = Counter()

    @property
    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def order(self, number: str) -> bool:
        """Take an order; False when the number is not to be had."""
        self.orders[number] += 1
        if number not in self.offered:
            return False
        self.offered.remove(number)
        self.held.add(number)
        return True

    def matching(self, digits: str) -> list[str]:
        return [number for number in self.offered if number.startswith(f"+1{digits}")]


def _national(number: str) -> str:
    return number.removeprefix("+1")


class TelnyxServer(CarrierServer):
    module = "knm_telnyx"
    order_path = "POST /number_orders"

    @property
    def settings(self) -> dict[str, Any]:
        return {"user": "ann", "token": "s3cret", "api_url": self.url}

    def respond(self, request: Request) -> Answer:
        if (request.headers.get("x-api-user"), request.headers.get("x-api-token")) != ("ann", "s3cret"):
            return in_json(401, {"message": f"no such user, nor {request.headers.get('x-api-token')}"})
        path = unquote(urlsplit(request.path).path)
        if path == "/number_searches":
            return self.searched(json.loads(request.body))
        if path == "/number_orders":
            number = json.loads(request.body)["requested_numbers"][0]
            if self.order(number):
                return in_json(200, {"id": "8181", "bulk_order_ids": []})
            return in_json(200, {"message": "number not available"})
        if path == "/numbers":
            return in_json(200, [])
        number = path.rpartition("/")[2]
        return in_json(200, {"number_val_e164": number}) if number in self.held else in_json(404, {"message": "none"})

    def searched(self, asked: dict[str, Any]) -> Answer:
        where, limit = asked["search_descriptor"], asked["limit"]
        if asked["search_type"] == 2:
            regions = [{"area_code": "20", "country_iso": where["country_iso"], "upfront_cost": "2.0"}]
            return in_json(200, {"limit": limit, "result": [], "inexplicit_result": regions})
        numbers = self.matching(where["npa"] + where.get("nxx", ""))
        result = [
            {"number_e164": number, "upfront_cost": "1.00000", "monthly_recurring_cost": f"{place + 1}.00000"}
            for place, number in enumerate(numbers)
        ]
        return in_json(200, {"limit": limit, "result": result, "inexplicit_result": []})


class VitelityServer(CarrierServer):
    module = "knm_vitelity"
    order_path = "POST /api.php"

    @property
    def settings(self) -> dict[str, Any]:
        return {"login": "ann", "pass": "s3cret", "routesip": ["sip.example.com"], "api_uri": f"{self.url}/api.php"}

    def respond(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        assert form["xml"] == "yes"
        if (form["login"], form["pass"]) != ("ann", "s3cret"):
            return self.failed("invalidauth")
        did = f"+1{form.get('did', '')}"
        match form["cmd"]:
            case "listnpa" | "listnpanxx":
                return self.listed(self.matching(form.get("npa") or form["npanxx"]), detailed=True)
            case "listtollfree":
                return self.listed([number for number in self.offered if number[2] == "8"])
            case "listdids":
                return self.listed(sorted(self.held), detailed=True)
            case "getlocaldid" | "gettollfree":
                assert form["routesip"] == "sip.example.com"
                return self.confirmed() if self.order(did) else self.failed("unavailable")
            case "removedid":
                if did not in self.held:
                    return self.failed("invalid")
                self.held.discard(did)
                return self.confirmed()
        return xml(200, "<content><status>ok</status><balance>9.00</balance></content>")

    def confirmed(self) -> Answer:
        return xml(200, "<content><status>ok</status><response>success</response></content>")

    def failed(self, error: str) -> Answer:
        return xml(200, f"<content><status>fail</status><error>{error}</error></content>")

    def listed(self, numbers: list[str], *, detailed: bool = False) -> Answer:
        if not numbers:
            return xml(200, "<content><status>ok</status><numbers><response>none</response></numbers></content>")
        shape = "<number>{}</number><ratecenter>SOMEWHERE</ratecenter><state>CA</state>" if detailed else "{}"
        dids = "".join(f"<did>{shape.format(_national(number))}</did>" for number in numbers)
        return xml(200, f"<content><status>ok</status><numbers>{dids}</numbers></content>")


class VoipInnovationsServer(CarrierServer):
    module = "knm_voip_innovations"
    order_path = "POST /api"

    @property
    def settings(self) -> dict[str, Any]:
        return {"login": "ann", "password": "s3c<ret", "endpoint_group": "77", "api_url": f"{self.url}/api"}

    def respond(self, request: Request) -> Answer:
        envelope = ET.fromstring(request.body)
        action = request.headers["SOAPAction"].rpartition("/")[2]
        asked = {each.tag.rpartition("}")[2]: each.text for each in envelope.iter()}
        if (asked["login"], asked["secret"]) != ("ann", "s3c<ret"):
            return self.result(action, "<responseCode>401</responseCode><responseMessage>Bad login</responseMessage>")
        success = "<responseCode>100</responseCode><responseMessage>Success</responseMessage>"
        number = f"+1{asked.get('tn') or asked.get('did')}"
        match action:
            case "getDIDs":
                found = self.matching(asked["npa"] or asked["nxx"])
                shape = "<tn>{}</tn><rateCenter>RICH &amp; CO</rateCenter><state>UT</state>"
                shape += "<outboundCNAM>true</outboundCNAM>"
                dids = "".join(
                    f"<DIDLocator>{shape.format(_national(each))}<t38>false</t38></DIDLocator>" for each in found
                )
                return self.result(action, f"{success}<DIDs/><DIDLocators>{dids}</DIDLocators>")
            case "assignDID":
                assert asked["epg"] == "77"
                done = self.order(number)
            case "releaseDID":
                done = number in self.held
                self.held.discard(number)
            case _:
                availability = "assigned" if number in self.held else "available"
                did = f"<tn>{_national(number)}</tn><availability>{availability}</availability>"
                return self.result(action, f"{success}<DIDs><DID>{did}<statusCode>100</statusCode></DID></DIDs>")
        outcome = ("100", "Assigned") if done else ("106231", "Number currently available")
        did = f"<tn>{_national(number)}</tn><status>{outcome[1]}</status><statusCode>{outcome[0]}</statusCode>"
        return self.result(action, f"{success}<DIDs><DID>{did}</DID></DIDs>")

    def result(self, action: str, text: str) -> Answer:
        body = (
            f'<{action}Response xmlns="http://tempuri.org/"><{action}Result>{text}</{action}Result></{action}Response>'
        )
        soap = "http://schemas.xmlsoap.org/soap/envelope/"
        return xml(200, f'<soap:Envelope xmlns:soap="{soap}"><soap:Body>{body}</soap:Body></soap:Envelope>')


class BandwidthServer(CarrierServer):
    module = "knm_bandwidth"
    order_path = "POST /numbers.api"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "developer_key": "s3cret",
            "numbers_api_url": f"{self.url}/numbers.api",
            "endpoints": ["a.example.com", "b.example.com"],
        }

    def respond(self, request: Request) -> Answer:
        root = ET.fromstring(request.body)
        verb = root.tag.rpartition("}")[2]
        asked: dict[str, Any] = {each.tag.rpartition("}")[2]: each.text for each in root.iter()}
        if asked["developerKey"] != "s3cret":
            error = "<errors><error><message>Invalid key</message></error></errors>"
            return xml(200, f"<{verb}Response><status>failed</status>{error}</{verb}Response>")
        if verb.endswith("NumberSearch"):
            numbers = self.matching(asked.get("areaCode") or asked["npaNxx"])[: int(asked["maxQuantity"])]
            listed = "".join(map(self.number, numbers))
            text = f"<status>success</status><telephoneNumbers>{listed}</telephoneNumbers>"
            return xml(200, f"<numberSearchResponse>{text}</numberSearchResponse>")
        if verb == "getTelephoneNumber":
            return xml(
                200, f"<getResponse><status>success</status>{self.number('+1' + asked['getValue'])}</getResponse>"
            )
        number = f"+{asked['id'].removeprefix('id-')}"
        if not self.order(number):
            error = "<errors><error><message>Number taken</message></error></errors>"
            return xml(200, f"<numberOrderResponse><status>failed</status>{error}</numberOrderResponse>")
        order = (
            f"<orderID>o1</orderID><orderName>{asked['orderName']}</orderName><extRefID>{asked['extRefID']}</extRefID>"
        )
        order += f"<quantity>1</quantity><telephoneNumbers>{self.number(number)}</telephoneNumbers>"
        text = f"<status>success</status><numberOrder>{order}</numberOrder>"
        return xml(200, f"<numberOrderResponse>{text}</numberOrderResponse>")

    def number(self, number: str) -> str:
        state = "Available" if number in self.offered else "Consumed"
        return (
            f"<telephoneNumber><numberID> id-{number[1:]} </numberID><tenDigit>{_national(number)}</tenDigit>"
            f"<e164>\n{number}</e164><status>{state}</status>"
            "<rateCenter><name>SOMEWHERE</name><lata>7</lata><state>CA</state></rateCenter></telephoneNumber>"
        )


class Bandwidth2Server(CarrierServer):
    module = "knm_bandwidth2"
    order_path = "POST /accounts/77/orders"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, tuple[str, str]] = {}
        self.outcome = "COMPLETE"
        self.looks = 0

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "account_id": "77",
            "api_username": "ann",
            "api_password": "s3cret",
            "site_id": "5",
            "sip_peer": "6",
            "api_url": self.url,
        }

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'ann:s3cret').decode()}":
            return xml(401, "<Error><Description>no</Description></Error>")
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if path.endswith("/availableNumbers"):
            return self.available(query)
        if path.endswith("/sites"):
            sites = "<Site><Id>5</Id><Name>Main</Name></Site><Site><Id>8</Id><Name>Lab</Name></Site>"
            return xml(200, f"<SitesResponse><Sites>{sites}</Sites></SitesResponse>")
        if path.endswith("/sites/8/sippeers"):
            peers = "<SipPeer><PeerId>6</PeerId><PeerName>Edge</PeerName></SipPeer>"
            return xml(200, f"<TNSipPeersResponse><SipPeers>{peers}</SipPeers></TNSipPeersResponse>")
        if request.method == "POST":
            return self.ordered(ET.fromstring(request.body))
        if path.endswith("/orders"):
            found = [(i, each) for i, each in self.taken.items() if each[1] == query["customerOrderId"][0]]
            listed = "".join(
                f"<OrderIdUserIdDate><CustomerOrderId>{ours}</CustomerOrderId><orderId>{identifier}</orderId>"
                "<OrderStatus>COMPLETE</OrderStatus></OrderIdUserIdDate>"
                for identifier, (_, ours) in found
            )
            listing = f"<ListOrderIdUserIdDate><TotalCount>{len(found)}</TotalCount>{listed}</ListOrderIdUserIdDate>"
            return xml(200, f"<ResponseSelectWrapper>{listing}</ResponseSelectWrapper>")
        self.looks += 1
        return self.shown(path.rpartition("/")[2], "RECEIVED" if self.looks == 1 else self.outcome)

    def available(self, query: dict[str, list[str]]) -> Answer:
        pattern = query.get("tollFreeWildCardPattern", [""])[0]
        digits = f"8{pattern.rstrip('*')}" if pattern else query.get("areaCode", query.get("npaNxx"))[0]
        numbers = self.matching(digits)[: int(query["quantity"][0])]
        listed = "".join(f"<TelephoneNumber>{_national(number)}</TelephoneNumber>" for number in numbers)
        found = f"<TelephoneNumberList>{listed}</TelephoneNumberList>" if numbers else ""
        return xml(200, f"<SearchResult><ResultCount>{len(numbers)}</ResultCount>{found}</SearchResult>")

    def ordered(self, order: ET.Element) -> Answer:
        number = f"+1{order.findtext('.//TelephoneNumber')}"
        assert (order.findtext("SiteId"), order.findtext("PeerId")) == ("5", "6")
        if not self.order(number):
            self.outcome = "FAILED"
        identifier = f"order-{len(self.taken)}"
        self.taken[identifier] = (number, order.findtext("CustomerOrderId") or "")
        return self.shown(identifier, "RECEIVED")

    def shown(self, identifier: str, status: str) -> Answer:
        number, ours = self.taken[identifier]
        numbers = f"<TelephoneNumberList><TelephoneNumber>{_national(number)}</TelephoneNumber></TelephoneNumberList>"
        kind = f"<ExistingTelephoneNumberOrderType>{numbers}</ExistingTelephoneNumberOrderType>"
        order = f"<CustomerOrderId>{ours}</CustomerOrderId><Name>Kazoo-1</Name><id>{identifier}</id>{kind}"
        errors = "<ErrorList><Error><Code>5005</Code><Description>not available</Description></Error></ErrorList>"
        text = f"<Order>{order}</Order><OrderStatus>{status}</OrderStatus>{errors if status == 'FAILED' else ''}"
        return xml(201, f"<OrderResponse>{text}</OrderResponse>")


class SimwoodServer(CarrierServer):
    module = "knm_simwood"
    order_path = "PUT /numbers/acc/allocated"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "simwood_account_id": "acc",
            "auth_username": "ann",
            "auth_password": "s3cret",
            "numbers_api_url": f"{self.url}/numbers",
        }

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'ann:s3cret').decode()}":
            return in_json(401, {"message": "no"})
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if "/available/standard/" in path:
            pattern = query["pattern"][0].rstrip("*")
            found = [each for each in self.offered if each.removeprefix("+44").removeprefix("+").startswith(pattern)]
            size = int(path.rpartition("/")[2])
            shown = [{"country_code": each[1:3], "number": each[3:], "bill_class": "DDI"} for each in found[:size]]
            return in_json(200, shown)
        number = f"+{path.rpartition('/')[2]}"
        if request.method == "PUT":
            return in_json(200, {"success": True}) if self.order(number) else in_json(400, {"error": "not available"})
        if number not in self.held:
            return in_json(404, {"error": "not allocated"})
        if request.method == "DELETE":
            self.held.discard(number)
        return in_json(200, {"number": number})


class PhonebookServer(CarrierServer):
    module = "knm_other"
    order_path = "PUT /numbers/US/order"

    @property
    def settings(self) -> dict[str, Any]:
        return {"phonebook_url": self.url, "endpoints": "sip.example.com"}

    def respond(self, request: Request) -> Answer:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if path == "/numbers/US/search":
            numbers = [each for each in self.offered if each.startswith(query["prefix"][0])]
            found = numbers[int(query["offset"][0]) :][: int(query["limit"][0])]
            return in_json(200, {"status": "success", "data": {each: {"extension": 7} for each in found}})
        if path == "/blocks/US/search":
            ends = {"start_number": "+14155550100", "end_number": "+14155550109"}
            return in_json(200, {"status": "success", "data": [ends]})
        data = json.loads(request.body)["data"]
        if path == "/numbers/US/status":
            states = [{"number": each, "status": "tn_available"} for each in data if f"+1{each}" in self.offered]
            return in_json(200, {"status": "success", "data": states})
        number = data["numbers"][0]
        assert data["gateways"] == ["sip.example.com"]
        if not self.order(number):
            return in_json(200, {"status": "success", "data": {number: {"status": "error", "message": "taken"}}})
        bought = {"status": "success", "opaque": {"id": 1}, "locality": {"city": "SF"}}
        return in_json(200, {"status": "success", "data": {number: bought}})


SERVERS = (
    TelnyxServer,
    VitelityServer,
    VoipInnovationsServer,
    BandwidthServer,
    Bandwidth2Server,
    SimwoodServer,
    PhonebookServer,
)
