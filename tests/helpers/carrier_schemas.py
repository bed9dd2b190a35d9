"""What carriers accept, as their published descriptions have it: a request with another field or parameter is wrong.

Telnyx: https://developers.telnyx.com/api-reference; Bandwidth: https://dev.bandwidth.com/apis/numbers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

import fastjsonschema

if TYPE_CHECKING:
    from helpers.fault_server import Request


class NotAccepted(AssertionError):
    """A request that the carrier's description does not allow."""


TEXT, FLAG = {"type": "string"}, {"type": "boolean"}


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), TEXT)


_NUMBERS = {"type": "array", "items": _object("phone_number", **_texts("phone_number bundle_id requirement_group_id"))}
_PAGES = ("page[number]", "page[size]")
_SEARCH = (
    *("filter[phone_number][starts_with]", "filter[phone_number][ends_with]", "filter[phone_number][contains]"),
    *("filter[locality]", "filter[administrative_area]", "filter[country_code]", "filter[national_destination_code]"),
    *("filter[rate_center]", "filter[phone_number_type]", "filter[features][]", "filter[limit]", "filter[best_effort]"),
    *("filter[quickship]", "filter[reservable]", "filter[exclude_held_numbers]"),
)
_ORDER = _object(
    phone_numbers=_NUMBERS, **_texts("connection_id messaging_profile_id billing_group_id customer_reference")
)
_ADDRESS = _object(
    "first_name last_name business_name street_address locality country_code",
    **_texts("customer_reference first_name last_name business_name phone_number street_address extended_address"),
    **_texts("locality administrative_area neighborhood borough postal_code country_code"),
    address_book=FLAG,
    validate_address=FLAG,
)
_NAME = {"type": "string", "maxLength": 15, "pattern": "^[A-Za-z0-9 ]*$"}
_VOICE = _object(
    tech_prefix_enabled=FLAG,
    translated_number=TEXT,
    caller_id_name_enabled=FLAG,
    cnam_listing=_object(
        cnam_listing_enabled=FLAG,
        cnam_listing_details=_NAME,
    ),
    usage_payment_method=TEXT,
    inbound_call_screening=TEXT,
)

TELNYX: dict[str, tuple[tuple[str, ...], dict[str, Any] | None]] = {
    "GET /available_phone_numbers": (_SEARCH, None),
    "POST /number_orders": ((), _ORDER),
    "GET /number_orders": (("filter[status]", "filter[customer_reference]", *_PAGES), None),
    "GET /number_orders/[^/]+": ((), None),
    "GET /phone_numbers": (("filter[phone_number]", "filter[status]", *_PAGES), None),
    "GET /phone_numbers/[0-9]+": ((), None),
    "PATCH /phone_numbers/[0-9]+": (
        (),
        _object(**_texts("customer_reference connection_id billing_group_id external_pin address_id")),
    ),
    "DELETE /phone_numbers/[0-9]+": ((), None),
    "GET /phone_numbers/[0-9]+/voice": ((), None),
    "PATCH /phone_numbers/[0-9]+/voice": ((), _VOICE),
    "PATCH /phone_numbers/[0-9]+/messaging": ((), _object(**_texts("messaging_profile_id messaging_product"))),
    "POST /phone_numbers/[0-9]+/actions/enable_emergency": (
        (),
        _object("emergency_enabled emergency_address_id", emergency_enabled=FLAG, emergency_address_id=TEXT),
    ),
    "POST /addresses": ((), _ADDRESS),
    "DELETE /addresses/[^/]+": ((), None),
    "POST /number_reservations": ((), _object(phone_numbers=_NUMBERS, customer_reference=TEXT)),
    "GET /number_reservations": (_PAGES, None),
    "POST /number_reservations/[^/]+/actions/extend": ((), None),
    "GET /connections": (_PAGES, None),
    "GET /connections/[^/]+": ((), None),
    "GET /messaging_profiles/[^/]+": ((), None),
}
"""Each request of version 2: its parameters, and the schema of its body."""

_PLACES = ("areaCode", "npaNxx", "npaNxxx", "rateCenter", "state", "city", "zip", "lata", "localVanity")
_AVAILABLE = (*_PLACES, "tollFreeVanity", "tollFreeWildCardPattern", "quantity", "enableTNDetail", "LCA", "endsIn")
_ORDER_XML = {
    "Order": "Name CustomerOrderId SiteId PeerId PartialAllowed ExistingTelephoneNumberOrderType",
    "ExistingTelephoneNumberOrderType": "TelephoneNumberList",
    "TelephoneNumberList": "TelephoneNumber",
}
_DISCONNECT_XML = {
    "DisconnectTelephoneNumberOrder": "name CustomerOrderId DisconnectTelephoneNumberOrderType",
    "DisconnectTelephoneNumberOrderType": "TelephoneNumberList DisconnectMode",
    "TelephoneNumberList": "TelephoneNumber",
}

BANDWIDTH: dict[str, tuple[tuple[str, ...], dict[str, str] | None]] = {
    "GET /availableNumbers": (_AVAILABLE, None),
    "GET /inserviceNumbers/[^/]+": ((), None),
    "POST /orders": ((), _ORDER_XML),
    "GET /orders": (("customerOrderId", "page", "size", "status", "startdate", "enddate"), None),
    "GET /orders/[^/]+": (("tndetail",), None),
    "POST /disconnects": ((), _DISCONNECT_XML),
    "GET /disconnects/[^/]+": (("tndetail",), None),
    "GET /sites": ((), None),
    "GET /sites/[^/]+/sippeers": ((), None),
}
"""Each request beneath an account, of both versions: its parameters, and what each element of its body may hold."""

ONLY_V2 = ("countryCodeA3", "phoneNumberType")


def check_json(description: dict[str, tuple[tuple[str, ...], dict[str, Any] | None]], request: Request) -> None:
    """Raise NotAccepted unless a request is as described."""
    schema = _described(description, request, urlsplit(request.path).path)
    if schema is None:
        if request.body:
            raise NotAccepted(f"{request.method} {request.path} takes no body")
        return
    try:
        fastjsonschema.compile(schema)(json.loads(request.body))
    except fastjsonschema.JsonSchemaException as error:
        raise NotAccepted(f"{request.method} {request.path}: {error}") from error


def check_xml(
    description: dict[str, tuple[tuple[str, ...], dict[str, str] | None]], request: Request, path: str, version: str
) -> None:
    """Raise NotAccepted unless a request is as described, and its numbers are written as the version has it."""
    allowed = ONLY_V2 if version == "v2" else ()
    elements = _described(description, request, path, allowed)
    query = dict(parse_qsl(urlsplit(request.path).query))
    if version == "v2" and "areaCode" in query and "countryCodeA3" not in query:
        raise NotAccepted("version 2 takes areaCode with countryCodeA3 only")
    written = r"\+[0-9]{8,15}" if version == "v2" else "[0-9]{10}"
    if elements is None:
        return
    root = ET.fromstring(request.body)
    if root.tag != next(iter(elements)):
        raise NotAccepted(f"{request.method} {path} takes no {root.tag}")
    for element in root.iter():
        strange = [each.tag for each in element if each.tag not in elements.get(element.tag, "").split()]
        if strange:
            raise NotAccepted(f"{element.tag} takes no {', '.join(strange)}")
        if element.tag == "TelephoneNumber" and not re.fullmatch(written, element.text or ""):
            raise NotAccepted(f"{element.text} is not written as {version} has it")


def _described(description: dict[str, Any], request: Request, path: str, more: tuple[str, ...] = ()) -> Any:
    name = f"{request.method} {path}"
    found = next((each for pattern, each in description.items() if re.fullmatch(pattern, name)), None)
    if found is None:
        raise NotAccepted(f"there is no {name}")
    strange = {key for key, _ in parse_qsl(urlsplit(request.path).query)} - {*found[0], *more}
    if strange:
        raise NotAccepted(f"{name} takes no {', '.join(sorted(strange))}")
    return found[1]
