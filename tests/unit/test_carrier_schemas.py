"""The descriptions that the tests' carriers check requests by: what is not in them is not accepted."""

from __future__ import annotations

import json

import pytest

from helpers.carrier_schemas import BANDWIDTH, TELNYX, NotAccepted, check_json, check_xml
from helpers.fault_server import Request

ORDER = {"phone_numbers": [{"phone_number": "+14155550100"}], "connection_id": "7", "customer_reference": "r"}


def request(method, path, body=None):
    return Request(method, path, {}, b"" if body is None else json.dumps(body).encode())


def test_what_telnyx_takes():
    check_json(TELNYX, request("POST", "/number_orders", ORDER))
    check_json(TELNYX, request("GET", "/available_phone_numbers?filter%5Bcountry_code%5D=US"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/number_orders", {**ORDER, "numbers": []}),
        ("POST", "/number_orders", {**ORDER, "connection_id": 7}),
        ("POST", "/number_orders", {**ORDER, "phone_numbers": [{"number": "+14155550100"}]}),
        ("GET", "/available_phone_numbers?filter%5Bnpa%5D=415", None),
        ("GET", "/available_phone_numbers", {"a": 1}),
        ("POST", "/number_searches", {}),
        ("PATCH", "/phone_numbers/1/voice", {"cnam_listing": {"cnam_listing_details": "a name of sixteen"}}),
        ("POST", "/phone_numbers/1/actions/enable_emergency", {"emergency_enabled": False}),
        ("POST", "/addresses", {"street_address": "1 MAIN ST"}),
    ],
)
def test_what_telnyx_does_not_take(method, path, body):
    with pytest.raises(NotAccepted):
        check_json(TELNYX, request(method, path, body))


def order(number, more=""):
    kind = f"<TelephoneNumberList><TelephoneNumber>{number}</TelephoneNumber></TelephoneNumberList>"
    body = f"<Order><SiteId>5</SiteId>{more}<ExistingTelephoneNumberOrderType>{kind}</ExistingTelephoneNumberOrderType>"
    return Request("POST", "/orders", {}, f"{body}</Order>".encode())


def test_what_bandwidth_takes():
    check_xml(BANDWIDTH, order("4155550100"), "/orders", "v1")
    check_xml(BANDWIDTH, order("+14155550100"), "/orders", "v2")
    check_xml(BANDWIDTH, request("GET", "/x?areaCode=415"), "/availableNumbers", "v1")
    check_xml(BANDWIDTH, request("GET", "/x?areaCode=415&countryCodeA3=USA"), "/availableNumbers", "v2")


@pytest.mark.parametrize(
    ("asked", "path", "version"),
    [
        (order("+14155550100"), "/orders", "v1"),
        (order("4155550100"), "/orders", "v2"),
        (order("4155550100", "<Site>5</Site>"), "/orders", "v1"),
        (request("GET", "/x?areaCode=415"), "/availableNumbers", "v2"),
        (request("GET", "/x?countryCodeA3=USA"), "/availableNumbers", "v1"),
        (request("GET", "/x?npa=415"), "/availableNumbers", "v1"),
        (request("DELETE", "/x"), "/orders", "v1"),
    ],
)
def test_what_bandwidth_does_not_take(asked, path, version):
    with pytest.raises(NotAccepted):
        check_xml(BANDWIDTH, asked, path, version)
