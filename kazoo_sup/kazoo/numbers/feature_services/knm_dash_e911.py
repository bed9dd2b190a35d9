"""knm_dash_e911: emergency addresses at dash (https://service.dashcs.com, XML).

Source: Kazoo knm_dash_e911. Better than there: the certificate of the server is verified; an address that dash does not
put into force, or a number that it does not take out, is an error, where Kazoo stores the number all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierUnreadable, Key
from kazoo_sup.kazoo.carriers.http_carrier import DEBUG, HttpCarrier
from kazoo_sup.kazoo.carriers.replies import anywhere, local_name, read_xml, text, without_empty
from kazoo_sup.kazoo.documents import merged
from kazoo_sup.kazoo.numbers.feature_services.telling import (
    FeatureNotChanged,
    address_of,
    caller_name,
    telling,
    with_address,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_NOT_FOUND = 404
_FINE = ("GEOCODED", "PROVISIONED")
_SENT = {
    "address1": "street_address",
    "address2": "extended_address",
    "community": "locality",
    "state": "region",
    "postalcode": "postal_code",
}
_KEPT = {
    "address1": "street_address",
    "address2": "extended_address",
    "activated_time": "activated_time",
    "callername": "caller_name",
    "comments": "comments",
    "community": "locality",
    "customerorderid": "order_id",
    "latitude": "latitude",
    "longitude": "longitude",
    "locationid": "location_id",
    "plusfour": "plus_four",
    "postalcode": "postal_code",
    "state": "region",
    "status/code": "status",
}
_LEGACY = {
    "housenumber": "house_number",
    "predirectional": "predirectional",
    "streetname": "streetname",
    "suite": "suite",
}


class DashE911(HttpCarrier):
    """Emergency addresses of North American numbers."""

    name = "knm_dash_e911"
    title = "dash"
    check_by = "See https://dashboard.dashcs.com"
    keys = (
        Key("auth_username", "user of the API", required=True),
        Key("auth_password", "password of the API", secret=True, required=True),
        Key(
            "emergency_provisioning_url",
            "address of the API",
            type="url",
            default="https://service.dashcs.com/dash-api/xml/emergencyprovisioning/v1",
        ),
        DEBUG,
    )

    def url(self) -> str:
        """Return the address of the API."""
        return str(self.setting("emergency_provisioning_url"))

    def login(self) -> tuple[str, str] | None:
        """Return the user and password of the API."""
        return str(self.setting("auth_username")), str(self.setting("auth_password"))

    def verify(self) -> None:
        """Have an address validated that there is."""
        address = {"street_address": "1600 Pennsylvania Ave NW", "locality": "Washington", "region": "DC"}
        self._ask("validateLocation", _location({**address, "postal_code": "20500"}), only_reads=True)

    def tell(self, _before: PhoneNumber | None, after: PhoneNumber) -> PhoneNumber:
        """Put the number's address into force, or take the number out."""
        with telling(self.name, after, "e911"):
            address = address_of(after)
            if address is None:
                self._remove(after)
                return after
            return with_address(after, merged(address, self._put_in_force(after, address)))

    def _put_in_force(self, number: PhoneNumber, address: Document) -> Document:
        """Have dash check an address and put it into force; return it as dash has it."""
        location = _location(address)
        self._single(number, self._ask("validateLocation", location, only_reads=True))
        uri = ET.Element("uri")
        ET.SubElement(uri, "uri").text = _tel(number)
        ET.SubElement(uri, "callername").text = caller_name(self.zone, number, address)
        kept = _address(self._single(number, self._ask("addLocation", uri, location)))
        if kept.get("status") == "GEOCODED":
            kept["status"] = self._provisioned(number, str(kept.get("location_id") or ""))
        return kept

    def _single(self, number: PhoneNumber, root: Element) -> Element:
        """Return the address of an answer; raises FeatureNotChanged unless dash knows it, and as a single one."""
        found = [each for each in root.iter() if local_name(each) == "Location"]
        codes = {text(each, "status/code") for each in found}
        if not found or not codes <= {*_FINE, "INVALID", "ERROR"}:
            raise CarrierUnreadable(carrier=self.name, reason=f"it holds no address with a known status: {codes or ''}")
        if not codes <= {*_FINE}:
            reason = "; ".join(text(each, "status/description") for each in found) or "the address is not valid"
            raise _not_changed(number, self.masked(reason))
        if len(found) > 1:
            shown = "; ".join(", ".join(filter(None, map(str, _shown(each)))) for each in found)
            raise _not_changed(number, f"more than one address fits: {shown}")
        return found[0]

    def _provisioned(self, number: PhoneNumber, location_id: str) -> str:
        """Put an address that dash holds into force."""
        element = ET.Element("locationid")
        element.text = location_id
        root = self._ask("provisionLocation", element)
        code = root.findtext(anywhere(".//LocationStatus/code")) or text(root, "code")
        if code.strip() != "PROVISIONED":
            described = text(root, ".//LocationStatus/description") or text(root, "description")
            reason = f"it is {code.strip() or 'of no status'} and not in force{': ' * bool(described)}{described}"
            raise _not_changed(number, self.masked(reason))
        return code.strip()

    def _remove(self, number: PhoneNumber) -> None:
        uri = ET.Element("uri")
        uri.text = _tel(number)
        try:
            root = self._ask("removeURI", uri)
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                return
            raise
        code = (root.findtext(anywhere(".//URIStatus/code")) or text(root, "code")).strip()
        if code != "REMOVED":
            described = text(root, ".//URIStatus/description") or text(root, "description")
            reason = f"its status is {code or 'unknown'}{': ' * bool(described)}{described}"
            raise _not_changed(number, self.masked(reason))

    def _ask(self, verb: str, *content: Element, only_reads: bool = False) -> Element:
        document = ET.Element(verb)
        document.extend(content)
        body = b'<?xml version="1.0"?>' + ET.tostring(document, "utf-8")
        headers = {"Accept": "*/*", "Content-Type": "text/xml"}
        answer = self.ask("POST", f"/{verb.lower()}", body=body, headers=headers, only_reads=only_reads)
        return read_xml(answer, self.name)


def _not_changed(number: PhoneNumber, reason: str) -> FeatureNotChanged:
    return FeatureNotChanged(number=number.number, provider=DashE911.name, feature="e911", reason=reason)


def _tel(number: PhoneNumber) -> str:
    digits = nanp.national(number.number)
    if digits == number.number:
        raise _not_changed(number, "it is not a number of North America")
    return f"tel:1{digits}"


def _location(address: Document) -> Element:
    location = ET.Element("location")
    for name, key in _SENT.items():
        if address.get(key) is not None:
            ET.SubElement(location, name).text = str(address[key])
    ET.SubElement(location, "type").text = "ADDRESS"
    return location


def _address(location: Element) -> Document:
    """Return an address of dash as Kazoo keeps it."""
    found: Document = {key: text(location, path) for path, key in _KEPT.items()}
    legacy = location.find("{*}legacydata")
    if legacy is not None:
        found["legacy_data"] = without_empty({key: text(legacy, path) for path, key in _LEGACY.items()})
    return without_empty(found)


def _shown(location: Element) -> list[str]:
    return [text(location, name) for name in _SENT]


def SERVICE(zone: Zone) -> DashE911:  # noqa: N802 - as that of the others
    """Return the service; raises NotConfigured where it has no settings."""
    service = DashE911(zone)
    service.require()
    return service
