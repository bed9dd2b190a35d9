"""Services of features for tests, on 127.0.0.1: they take nothing but what their interface has, and fail when told."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from helpers.carrier_servers import VitelityServer, xml
from helpers.fault_server import Answer, FaultServer, Request

_LOCATION = {"address1", "address2", "community", "state", "postalcode", "type"}


class DashServer(FaultServer):
    """Emergency addresses: `addresses` are those in force, by the digits of their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, dict[str, str]] = {}
        self.added: dict[str, tuple[str, dict[str, str]]] = {}
        self.validity = "GEOCODED"
        self.fitting = 1
        self.provisions = True

    @property
    def settings(self) -> dict[str, Any]:
        return {"auth_username": "ann", "auth_password": "s3cret", "emergency_provisioning_url": f"{self.url}/v1"}

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'ann:s3cret').decode()}":
            return xml(401, "<error>who are you?</error>")
        assert request.headers["Content-Type"] == "text/xml"
        root = ET.fromstring(request.body)
        verb = root.tag
        assert (request.method, request.path) == ("POST", f"/v1/{verb.lower()}")
        if verb == "removeURI":
            assert [each.tag for each in root] == ["uri"]
            known = self.addresses.pop(root.findtext("uri").removeprefix("tel:"), None)
            return xml(200, f"<r><URIStatus><code>{'REMOVED' if known else 'ERROR'}</code></URIStatus></r>")
        if verb == "provisionLocation":
            return self.provisioned(root.findtext("locationid"))
        location = {each.tag: each.text or "" for each in root.find("location")}
        assert set(location) <= _LOCATION
        assert location.pop("type") == "ADDRESS"
        if verb == "validateLocation":
            return xml(200, f"<r>{self.shown(location, self.validity) * self.fitting}</r>")
        assert verb == "addLocation"
        assert [each.tag for each in root.find("uri")] == ["uri", "callername"]
        digits = root.findtext("uri/uri").removeprefix("tel:")
        self.added[f"l{len(self.added)}"] = (digits, {**location, "callername": root.findtext("uri/callername")})
        return xml(200, f"<r>{self.shown(location, 'GEOCODED', f'l{len(self.added) - 1}')}</r>")

    def provisioned(self, identifier: str) -> Answer:
        digits, location = self.added[identifier]
        if self.provisions:
            self.addresses[digits] = location
        code = "PROVISIONED" if self.provisions else "ERROR"
        return xml(200, f"<r><LocationStatus><code>{code}</code></LocationStatus></r>")

    def shown(self, location: dict[str, str], code: str, identifier: str = "") -> str:
        fields = "".join(f"<{name}>{value.upper()}</{name}>" for name, value in location.items())
        described = "<description>no such street</description>" if code in ("INVALID", "ERROR") else ""
        more = f"<locationid>{identifier}</locationid><latitude>37.1</latitude>" if identifier else ""
        return f"<Location>{fields}{more}<status><code>{code}</code>{described}</status></Location>"


class VitelityFeatures(VitelityServer):
    """Vitelity's commands for features; `names`, `looked_up` and `sent` are what it keeps of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.looked_up: set[str] = set()
        self.sent: dict[str, dict[str, str]] = {}

    def respond(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        command, did = form.get("cmd"), form.get("did", "")
        if command not in ("lidb", "cnamenable", "cnamdisable", "e911send", "e911delete"):
            return super().respond(request)
        assert (form.pop("login"), form.pop("pass"), form.pop("xml")) == ("ann", "s3cret", "yes")
        if command == "lidb":
            self.names[did] = form["name"]
            return xml(200, "<content><status>ok</status><response>ok</response></content>")
        if command == "e911send":
            assert set(form) <= {"cmd", "did", "name", "address", "unittype", "unitnumber", "city", "state", "zip"}
            self.sent[did] = form
        elif command == "e911delete":
            if self.sent.pop(did, None) is None:
                return self.failed("no e911 on file")
        elif command == "cnamenable":
            self.looked_up.add(did)
        else:
            self.looked_up.discard(did)
        return self.confirmed()
