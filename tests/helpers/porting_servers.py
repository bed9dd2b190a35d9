"""What carriers answer about porting, on 127.0.0.1; a request that their documentation does not have fails."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from helpers.carrier_servers import in_json, xml
from helpers.fault_server import Answer, FaultServer, Request


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


class PortServer(FaultServer):
    """`portable` says of numbers whether they can be brought, `ports` the states of the orders that bring them."""

    module = ""

    def __init__(self) -> None:
        super().__init__()
        self.portable: dict[str, bool] = {}
        self.ports: dict[str, str] = {}

    @property
    def settings(self) -> dict[str, Any]:
        raise NotImplementedError


class TelnyxPorts(PortServer):
    module = "knm_telnyx"

    @property
    def settings(self) -> dict[str, Any]:
        return {"api_key": "s3cret", "user": "ann", "token": "s3cret", "api_url": self.url}

    def respond(self, request: Request) -> Answer:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if (request.method, path) == ("POST", "/portability_checks"):
            body = json.loads(request.body)
            assert list(body) == ["phone_numbers"]
            return in_json(
                201, {"data": [self.checked(each) for each in body["phone_numbers"] if each in self.portable]}
            )
        assert (request.method, path) == ("GET", "/porting_orders")
        assert set(query) == {"filter[phone_numbers.phone_number][contains]", "include_phone_numbers", "page[size]"}
        digits = query["filter[phone_numbers.phone_number][contains]"][0]
        return in_json(200, {"data": [self.order(each) for each in self.ports if digits in each], "meta": {}})

    def checked(self, number: str) -> dict[str, Any]:
        portable = self.portable[number]
        reason = "" if portable else "No coverage"
        found = {"record_type": "portability_check_result", "phone_number": number, "portable": portable}
        return {**found, "fast_portable": False, "not_portable_reason": reason}

    def order(self, number: str) -> dict[str, Any]:
        details = [{"code": "ENTITY_NAME_MISMATCH", "description": "the name is another"}]
        state = self.ports[number]
        return {
            "id": f"order-{number[-4:]}",
            "status": {"value": state, "details": details if state == "exception" else []},
            "activation_settings": {"foc_datetime_requested": "2026-12-09T00:00:00Z"},
            "phone_numbers": [{"phone_number": number.removeprefix("+")}],
        }


class BandwidthPorts(PortServer):
    module = "knm_bandwidth2"

    @property
    def settings(self) -> dict[str, Any]:
        login = {"api_username": "ann", "api_password": "s3cret", "site_id": "5", "sip_peer": "6"}
        return {"account_id": "77", **login, "api_url": self.url}

    def respond(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == basic("ann", "s3cret")
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if path == "/accounts/77/lnpchecker":
            assert (request.method, query) == ("POST", {"fullcheck": ["offnetportability"]})
            root = ET.fromstring(request.body)
            assert root.tag == "NumberPortabilityRequest"
            return xml(200, self.checked([each.text for each in root.iterfind("TnList/Tn")]))
        assert (request.method, path) == ("GET", "/accounts/77/portins")
        assert (query["page"], set(query)) == (["1"], {"page", "size", "orderTn"})
        found = [number for number in self.ports if number[2:] == query["orderTn"][0]]
        listed = "".join(map(self.order, found))
        return xml(200, f"<LNPResponseWrapper><TotalCount>{len(found)}</TotalCount>{listed}</LNPResponseWrapper>")

    def checked(self, asked: list[str]) -> str:
        groups: dict[bool, str] = {True: "", False: ""}
        for digits in asked:
            if f"+1{digits}" in self.portable:
                number = f"<TnList><Tn>\n {digits} </Tn></TnList>"
                group = f"<RateCenterGroup><RateCenter>SOMEWHERE</RateCenter>{number}</RateCenterGroup>"
                groups[self.portable[f"+1{digits}"]] += group
        supported = f"<SupportedRateCenters>{groups[True]}</SupportedRateCenters>"
        refused = f"<UnsupportedRateCenters>{groups[False]}</UnsupportedRateCenters>"
        return f"<NumberPortabilityResponse>{supported}{refused}</NumberPortabilityResponse>"

    def order(self, number: str) -> str:
        state = f"<OrderId>o-{number[-4:]}</OrderId><ProcessingStatus>{self.ports[number]}</ProcessingStatus>"
        due = "<RequestedFOCDate>2026-12-09T15:30:00Z</RequestedFOCDate>"
        return f"<lnpPortInfoForGivenStatus><CountOfTNs>1</CountOfTNs>{state}{due}</lnpPortInfoForGivenStatus>"


class VitelityPorts(PortServer):
    module = "knm_vitelity"
    shape = "list"

    @property
    def settings(self) -> dict[str, Any]:
        return {"login": "ann", "pass": "s3cret", "routesip": "sip.example.com", "api_uri": f"{self.url}/api.php"}

    def respond(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == basic("ann", "s3cret")
        assert (request.method, request.path) == ("POST", "/2.0/lnp/checkPortability")
        asked = json.loads(request.body)["numbers"]
        said = {each: self.portable[f"+1{each}"] for each in asked if f"+1{each}" in self.portable}
        if self.shape == "list":
            return in_json(
                200, {"numbers": [{"number": each, "portable": portable} for each, portable in said.items()]}
            )
        if self.shape == "object":
            return in_json(200, {"result": {each: {"isPortable": portable} for each, portable in said.items()}})
        if self.shape == "lists":
            lists = {True: [each for each in said if said[each]], False: [each for each in said if not said[each]]}
            return in_json(200, {"portable": lists[True], "notPortable": lists[False]})
        return in_json(200, {"message": "soon"})


class VoipInnovationsPorts(PortServer):
    module = "knm_voip_innovations"

    @property
    def settings(self) -> dict[str, Any]:
        return {"login": "ann", "password": "s3cret", "endpoint_group": "77", "api_url": f"{self.url}/api"}

    def respond(self, request: Request) -> Answer:
        action = request.headers["SOAPAction"].rpartition("/")[2]
        asked = {each.tag.rpartition("}")[2]: each.text for each in ET.fromstring(request.body).iter()}
        assert (asked["login"], asked["secret"]) == ("ann", "s3cret")
        success = "<responseCode>100</responseCode><responseMessage>Success</responseMessage>"
        if action == "isPortable":
            portable = str(self.portable.get(f"+1{asked['tn']}", False)).lower()
            return self.result(action, f"{success}<IsPortable>{portable}</IsPortable>")
        assert action == "getPortDetails"
        number, state = next(iter(self.ports.items()))
        dids = f"<dids><PortDID><tn>{number[2:]}</tn></PortDID></dids>"
        details = f"<id>{asked['portId']}</id><status>{state}</status><focDate>2026-12-09T00:00:00</focDate>{dids}"
        return self.result(action, f"{success}<PortDetails>{details}</PortDetails><IsPortable>false</IsPortable>")

    def result(self, action: str, text: str) -> Answer:
        body = f"<{action}Result>{text}</{action}Result>"
        response = f'<{action}Response xmlns="http://tempuri.org/">{body}</{action}Response>'
        soap = "http://schemas.xmlsoap.org/soap/envelope/"
        return xml(200, f'<s:Envelope xmlns:s="{soap}"><s:Body>{response}</s:Body></s:Envelope>')


SERVERS = (TelnyxPorts, BandwidthPorts, VitelityPorts, VoipInnovationsPorts)
