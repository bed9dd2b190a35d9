"""Carriers for tests, on 127.0.0.1: each answers as its public documentation says, and fails when told.

`offered` are the numbers that can be had, `held` those of the account, `orders` how often each was ordered.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.etree import ElementTree as ET

from helpers.carrier_schemas import BANDWIDTH, TELNYX, NotAccepted, check_json, check_xml
from helpers.fault_server import Answer, FaultServer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'


def xml(status: int, text: str) -> Answer:
    return Answer(status, f"{PROLOGUE}{text}".encode(), {"Content-Type": "text/xml"})


def in_json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def asked(request):
    """Return what a request asks for in its query, by name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


class CarrierServer(FaultServer):
    """What they have in common; `settings` is what system_config holds to reach this one, `module` its module."""

    module = ""
    order_path = ""
    """Part of "METHOD /path" of an order."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: list[str] = []
        self.held: set[str] = set()
        self.orders: Counter[str] = Counter()
        self.complaints: list[str] = []
        """What no carrier would accept of what came in."""

    def __exit__(self, *words: object) -> None:
        super().__exit__(*words)
        assert not self.complaints, self.complaints

    def handle_error(self, *words: object) -> None:
        """Note what this server itself fails of."""
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError | NotAccepted):
            self.complaints.append(repr(problem))

    def accepts(self, check: Callable[..., None], *words: Any) -> None:
        """Note what CHECK says of a request, which must not be lost with the connection."""
        try:
            check(*words)
        except NotAccepted as complaint:
            self.complaints.append(str(complaint))
            raise

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
    """Version 2 of Telnyx; every request is checked against its description."""

    module = "knm_telnyx"
    order_path = "POST /number_orders"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, dict[str, Any]] = {}
        self.addresses: dict[str, dict[str, Any]] = {}
        self.voice: dict[str, dict[str, Any]] = {}
        self.number_settings: dict[str, dict[str, Any]] = {}
        self.reserved: dict[str, str] = {}
        self.found_lately: set[str] = set()
        self.pending = 0
        """How many looks an order takes until it is through."""

    @property
    def settings(self) -> dict[str, Any]:
        return {"api_key": "s3cret", "connection_id": "77", "api_url": self.url}

    def refused(self, status: int, detail: str) -> Answer:
        return in_json(status, {"errors": [{"code": "10000", "title": "refused", "detail": detail}]})

    def data(self, found: Any, status: int = 200) -> Answer:
        listed = isinstance(found, list)
        return in_json(status, {"data": found, **({"meta": {"total_pages": 1}} if listed else {})})

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != "Bearer s3cret":
            return self.refused(401, f"no such key, {request.headers.get('Authorization')}")
        self.accepts(check_json, TELNYX, request)
        path = unquote(urlsplit(request.path).path)
        query = parse_qs(urlsplit(request.path).query)
        body = json.loads(request.body) if request.body else {}
        match path.strip("/").split("/"):
            case ["available_phone_numbers"]:
                return self.data(self.searched({name: values[0] for name, values in query.items()}))
            case ["number_orders"] if request.method == "POST":
                return self.ordered(body)
            case ["number_orders"]:
                wanted = query.get("filter[customer_reference]", [None])[0]
                return self.data([each for each in self.taken.values() if wanted in (None, each["customer_reference"])])
            case ["number_orders", identifier]:
                return self.looked_at(identifier)
            case ["phone_numbers"]:
                wanted = query.get("filter[phone_number]", [""])[0]
                return self.data([self.number(each) for each in sorted(self.held) if wanted in each])
            case ["phone_numbers", identifier, *below]:
                return self.of_number(request.method, f"+{identifier}", below, body)
            case ["addresses", *identifier]:
                return self.address(identifier, body)
            case ["number_reservations", *_]:
                return self.reservation(request.method, body)
            case ["connections"]:
                return self.data([{"id": "77", "connection_name": "Edge", "active": True, "record_type": "ip"}])
            case ["connections" | "messaging_profiles", identifier]:
                return self.data({"id": "77"}) if identifier == "77" else self.refused(404, "no such connection")
        raise AssertionError(path)

    def address(self, identifier: list[str], body: Any) -> Answer:
        if identifier:
            return self.data({}) if self.addresses.pop(identifier[0], None) else self.refused(404, "no such address")
        name = f"address-{len(self.addresses)}"
        self.addresses[name] = body
        return self.data({**body, "id": name})

    def looked_at(self, order: str) -> Answer:
        self.pending -= 1
        found = self.taken.get(order)
        if found and self.pending <= 0 and found["status"] == "pending":
            found["status"] = "success"
        return self.data(found) if found else self.refused(404, "no such order")

    def searched(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        codes = {"US": "+1", "CA": "+1", "GB": "+44"}
        begins = codes[asked["filter[country_code]"]] + asked.get("filter[national_destination_code]", "")
        begins += asked.get("filter[phone_number][starts_with]", "")
        found = [number for number in self.offered if number.startswith(begins)]
        if asked.get("filter[best_effort]") == "true":
            found += [number for number in self.offered if number not in found]
        self.found_lately |= {*found[: int(asked.get("filter[limit]", 100))]}
        costs = [{"upfront_cost": "1.00", "monthly_cost": f"{place + 1}.00", "currency": "USD"} for place in range(99)]
        return [
            {"record_type": "available_phone_number", "phone_number": number, "cost_information": cost}
            for number, cost in zip(found[: int(asked.get("filter[limit]", 100))], costs, strict=False)
        ]

    def ordered(self, asked: dict[str, Any]) -> Answer:
        assert asked["connection_id"] == "77"
        number = asked["phone_numbers"][0]["phone_number"]
        if number in self.offered and number not in self.found_lately:
            return self.refused(422, f"{number} was not searched for")
        if not self.order(number):
            return self.refused(422, f"{number} is not available")
        identifier = f"{8181 + len(self.taken)}"
        status = "pending" if self.pending else "success"
        self.taken[identifier] = {
            "id": identifier,
            "record_type": "number_order",
            "status": status,
            "customer_reference": asked["customer_reference"],
            "phone_numbers": [{"phone_number": number, "status": status}],
            "requirements_met": True,
        }
        return self.data(self.taken[identifier])

    def number(self, number: str) -> dict[str, Any]:
        return {"id": number[1:], "phone_number": number, "status": "active", **self.number_settings.get(number, {})}

    def of_number(self, method: str, number: str, below: list[str], body: dict[str, Any]) -> Answer:
        if number not in self.held:
            return self.refused(404, "no such number")
        if method == "DELETE":
            self.held.discard(number)
            return self.data({**self.number(number), "status": "deleted"})
        voice = self.voice.setdefault(number, {"phone_number": number, "emergency": {}})
        if below == ["voice"]:
            voice.update(body)
            return self.data({name: value for name, value in voice.items() if name != "caller_id_name_enabled"})
        if below == ["actions", "enable_emergency"]:
            if body["emergency_address_id"] not in self.addresses:
                return self.refused(422, "no such address")
            voice["emergency"] = {**body, "emergency_status": "active" if body["emergency_enabled"] else "disabled"}
            return self.data(voice)
        if method == "PATCH":
            self.number_settings.setdefault(number, {}).update(body)
        return self.data(self.number(number))

    def reservation(self, method: str, body: dict[str, Any]) -> Answer:
        for each in body.get("phone_numbers", []):
            self.reserved[each["phone_number"]] = "r1"
        numbers = [{"phone_number": each, "expired_at": "2030-01-01T00:30:00Z"} for each in self.reserved]
        shown = {"id": "r1", "status": "success", "phone_numbers": numbers}
        return self.data([shown] if method == "GET" else shown)


class TelnyxOriginationServer(CarrierServer):
    """The first API of Telnyx."""

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
                assert asked["state"] in (None, "TF")
                found = self.matching("8" if asked["state"] else asked["npa"] or asked["nxx"])
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
    """Version 1 of Bandwidth's numbers API; every request is checked against its description."""

    module = "knm_bandwidth2"
    order_path = "POST /v1/accounts/77/orders"
    version = "v1"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, tuple[str, str]] = {}
        self.outcome = "COMPLETE"
        self.looks = 0
        self.tokens: list[str] = []
        self.life = 3600

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "account_id": "77",
            "client_id": "ann",
            "client_secret": "s3cret",
            "site_id": "5",
            "sip_peer": "8",
            "api_version": self.version,
            "api_url": self.url,
        }

    def respond(self, request: Request) -> Answer:
        path, query = unquote(urlsplit(request.path).path), parse_qs(urlsplit(request.path).query)
        if path == "/v1/oauth2/token":
            return self.token(request)
        if not self.authorised(request):
            return xml(401, f"<Error><Description>no {request.headers.get('Authorization')}</Description></Error>")
        path = path.removeprefix(self.base)
        self.accepts(check_xml, BANDWIDTH, request, path, self.version)
        match path.strip("/").split("/"):
            case ["availableNumbers"]:
                return self.available(query)
            case ["inserviceNumbers", number]:
                held = (number if number.startswith("+") else f"+1{number}") in self.held
                return xml(200, f"<TelephoneNumber>{number}</TelephoneNumber>") if held else xml(404, "<Error/>")
            case ["sites"]:
                sites = "<Site><Id>5</Id><Name>Main</Name></Site><Site><Id>8</Id><Name>Lab</Name></Site>"
                return xml(200, f"<SitesResponse><Sites>{sites}</Sites></SitesResponse>")
            case ["sites", site, "sippeers"]:
                peer = {"5": "8", "8": "6"}[site]
                peers = f"<SipPeer><PeerId>{peer}</PeerId><PeerName>Edge</PeerName></SipPeer>"
                return xml(200, f"<TNSipPeersResponse><SipPeers>{peers}</SipPeers></TNSipPeersResponse>")
            case ["disconnects"]:
                return self.disconnected(ET.fromstring(request.body))
            case ["orders"] if request.method == "POST":
                return self.ordered(ET.fromstring(request.body))
            case ["orders"]:
                return self.listing(query.get("customerOrderId", [""])[0])
            case ["orders", identifier] if identifier not in self.taken:
                return xml(404, "<Error><Description>no such order</Description></Error>")
        self.looks += 1
        shown = self.gone if "disconnects" in path else self.shown
        return shown(path.rpartition("/")[2], "RECEIVED" if self.looks == 1 else self.outcome)

    @property
    def base(self) -> str:
        return f"/{self.version}/accounts/77"

    def token(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'ann:s3cret').decode()}":
            return in_json(401, {"error": "invalid_client", "error_description": request.headers.get("Authorization")})
        assert request.body == b"grant_type=client_credentials"
        self.tokens.append(f"t0ken-{len(self.tokens)}")
        return in_json(200, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.life})

    def authorised(self, request: Request) -> bool:
        return bool(self.tokens) and request.headers.get("Authorization") == f"Bearer {self.tokens[-1]}"

    def expire(self) -> None:
        """Take none of the tokens that were given any longer."""
        self.tokens.append("expired")

    def listing(self, reference: str) -> Answer:
        found = [(i, each) for i, each in self.taken.items() if reference in ("", each[1])]
        listed = "".join(
            f"<OrderIdUserIdDate><CustomerOrderId>{ours}</CustomerOrderId><orderId>{identifier}</orderId>"
            "<OrderStatus>COMPLETE</OrderStatus></OrderIdUserIdDate>"
            for identifier, (_, ours) in found
        )
        text = f"<ListOrderIdUserIdDate><TotalCount>{len(found)}</TotalCount>{listed}</ListOrderIdUserIdDate>"
        return xml(200, f"<ResponseSelectWrapper>{text}</ResponseSelectWrapper>")

    def as_sent(self, number: str) -> str:
        return number if self.version == "v2" else _national(number)

    def available(self, query: dict[str, list[str]]) -> Answer:
        pattern = query.get("tollFreeWildCardPattern", [""])[0]
        digits = f"8{pattern.strip('*').removeprefix('8')}" if pattern.rstrip("*") not in ("", "8") else "8"
        codes = {"USA": "+1", "CAN": "+1", "GBR": "+44"}
        code = codes[query.get("countryCodeA3", ["USA"])[0]]
        if not pattern:
            digits = query.get("areaCode", query.get("npaNxx", [""]))[0]
        quantity = int(query["quantity"][0])
        numbers = [each for each in self.offered if each.startswith(f"{code}{digits}")][:quantity]
        if query.get("enableTNDetail") == ["true"]:
            place = "<City>SOMEWHERE</City><RateCenter>SOMEWHERE</RateCenter><State>CA</State>"
            details = (f"<FullNumber>{self.as_sent(each)}</FullNumber>{place}" for each in numbers)
            listed = "".join(f"<TelephoneNumberDetail>{each}</TelephoneNumberDetail>" for each in details)
            found = f"<TelephoneNumberDetailList>{listed}</TelephoneNumberDetailList>"
        else:
            listed = "".join(f"<TelephoneNumber>{self.as_sent(number)}</TelephoneNumber>" for number in numbers)
            found = f"<TelephoneNumberList>{listed}</TelephoneNumberList>"
        return xml(200, f"<SearchResult><ResultCount>{len(numbers)}</ResultCount>{found}</SearchResult>")

    def number_of(self, order: ET.Element) -> str:
        written = order.findtext(".//TelephoneNumber") or ""
        return written if written.startswith("+") else f"+1{written}"

    def ordered(self, order: ET.Element) -> Answer:
        number = self.number_of(order)
        assert (order.findtext("SiteId"), order.findtext("PeerId")) == ("5", "8")
        if not self.order(number):
            self.outcome = "FAILED"
        identifier = f"order-{len(self.taken)}"
        self.taken[identifier] = (number, order.findtext("CustomerOrderId") or "")
        return self.shown(identifier, "RECEIVED")

    def disconnected(self, order: ET.Element) -> Answer:
        number = self.number_of(order)
        if number not in self.held:
            self.outcome = "FAILED"
        self.held.discard(number)
        identifier = f"return-{len(self.taken)}"
        self.taken[identifier] = (number, order.findtext("CustomerOrderId") or "")
        return self.gone(identifier, "RECEIVED")

    def numbers(self, identifier: str) -> str:
        written = self.as_sent(self.taken[identifier][0])
        return f"<TelephoneNumberList><TelephoneNumber>{written}</TelephoneNumber></TelephoneNumberList>"

    def shown(self, identifier: str, status: str) -> Answer:
        ours = self.taken[identifier][1]
        kind = f"<ExistingTelephoneNumberOrderType>{self.numbers(identifier)}</ExistingTelephoneNumberOrderType>"
        order = f"<CustomerOrderId>{ours}</CustomerOrderId><Name>Kazoo-1</Name><id>{identifier}</id>{kind}"
        text = f"<Order>{order}</Order><OrderStatus>{status}</OrderStatus>{self.errors(status)}"
        return xml(201, f"<OrderResponse>{text}</OrderResponse>")

    def gone(self, identifier: str, status: str) -> Answer:
        kind = f"<DisconnectTelephoneNumberOrderType>{self.numbers(identifier)}</DisconnectTelephoneNumberOrderType>"
        text = f"<orderRequest><id>{identifier}</id>{kind}</orderRequest><OrderStatus>{status}</OrderStatus>"
        tag = "DisconnectTelephoneNumberOrderResponse"
        return xml(201, f"<{tag}>{text}{self.errors(status)}</{tag}>")

    def errors(self, status: str) -> str:
        text = "<ErrorList><Error><Code>5005</Code><Description>not available</Description></Error></ErrorList>"
        return text if status == "FAILED" else ""


class BandwidthV2Server(Bandwidth2Server):
    """Version 2: numbers in E.164 form, other countries."""

    order_path = "POST /v2/accounts/77/orders"
    version = "v2"


class BandwidthUserServer(Bandwidth2Server):
    """Version 1 with user and password, at the address that it had."""

    order_path = "POST /accounts/77/orders"

    @property
    def settings(self) -> dict[str, Any]:
        gone = ("client_id", "client_secret", "api_version")
        kept = {name: value for name, value in super().settings.items() if name not in gone}
        return {**kept, "api_username": "ann", "api_password": "s3cret"}

    @property
    def base(self) -> str:
        return "/accounts/77"

    def authorised(self, request: Request) -> bool:
        return request.headers.get("Authorization") == f"Basic {base64.b64encode(b'ann:s3cret').decode()}"


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
    TelnyxOriginationServer,
    VitelityServer,
    VoipInnovationsServer,
    BandwidthServer,
    Bandwidth2Server,
    BandwidthV2Server,
    BandwidthUserServer,
    SimwoodServer,
    PhonebookServer,
)
