"""knm_bandwidth2: Bandwidth, over its numbers API (https://api.bandwidth.com/api, REST with XML), versions 1 and 2.

Source: Kazoo knm_bandwidth2; https://dev.bandwidth.com/docs/numbers. Better than there: credentials of today (OAuth2);
the certificate of the server is verified; an order has a customer order id of its own, by which it can be found again,
where Kazoo sends the id of the account that orders; an order that stays unfinished is not waited for without end.
"""

from __future__ import annotations

import re
import time
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.errors import Delivered
from kazoo_sup.kazoo.carriers import bandwidth_xml, countries, nanp
from kazoo_sup.kazoo.carriers.access_tokens import FORM, REQUEST, AccessToken
from kazoo_sup.kazoo.carriers.base import (
    AVAILABLE,
    IN_SERVICE,
    UNAVAILABLE,
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    CarrierUnreadable,
    Key,
    NoSuchOrder,
)
from kazoo_sup.kazoo.carriers.http_carrier import API_URL, DEBUG, HoldsNumbers, provisioning, with_carrier_data
from kazoo_sup.kazoo.carriers.replies import anywhere, local_name, read_xml, text, without_empty
from kazoo_sup.kazoo.documents import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from kazoo_sup.kazoo.carriers.base import Found, Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.transports.http import Answer
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

ENDS = date(2026, 12, 2)
"""The day from which on Bandwidth takes no user and password any more, only client credentials."""

_ENDS = f"{ENDS.day} December {ENDS.year}"

OUTDATED = (
    f"Bandwidth takes user and password only until {_ENDS}: make API credentials at https://dashboard.bandwidth.com, "
    "Account, API Credentials, then sup knm_bandwidth2 configure client_id=ID client_secret=- --verify"
)
"""What users of them are told."""

POLL_INTERVAL = 2.0
"""Seconds between two looks at an order that is being worked on (Kazoo ?BW2_ORDER_POLL_INTERVAL)."""

VERSIONS = ("v1", "v2")
"""The versions of the interface."""

_AREA_CODE, _WITH_EXCHANGE = 3, 6
_POLLS = 15
_UNAUTHORISED, _NOT_FOUND = 401, 404
_BASE, _OLD_BASE = "https://api.bandwidth.com/api", "https://dashboard.bandwidth.com/api"
_VERSION = re.compile(r"/(v[12])(?:\.0)?$")
_LARGEST = 5000
_KINDS = {"local": "GEOGRAPHIC", "toll_free": "TOLL_FREE", "mobile": "MOBILE", "national": "NATIONAL"}
_KINDS |= {"shared_cost": "SHARED_COST"}
_XML = {"Accept": "*/*", "X-BWC-IN-Control-Processing-Type": "process", "Content-Type": "application/xml"}


class Bandwidth2(HoldsNumbers):
    """Numbers of Bandwidth: of North America, with version 2 of other countries, too.

    Releasing one keeps it on your account, as in Kazoo, unless return_on_release is set.
    """

    name = "knm_bandwidth2"
    title = "Bandwidth"
    check_by = "See https://dashboard.bandwidth.com, Orders"
    gives_up = True
    criteria = frozenset({"city", "state", "rate_center", "kind"})
    keys = (
        Key("account_id", "your account at Bandwidth", required=True),
        Key("client_id", "id of the API credentials"),
        Key("client_secret", "secret of the API credentials", secret=True),
        Key("api_username", f"user of the API; Bandwidth takes it until {_ENDS}"),
        Key("api_password", f"password of the API; Bandwidth takes it until {_ENDS}", secret=True),
        Key("site_id", "site that numbers are ordered for; see sup knm_bandwidth2 sites"),
        Key("sip_peer", "SIP peer that numbers are ordered for; see sup knm_bandwidth2 peers"),
        Key("order_name_prefix", "how the names of orders begin", default="Kazoo"),
        Key("max_search_quantity", "numbers to ask for at most in one search", type="whole", default=500),
        Key("api_version", "v1: North America; v2: other countries as well", default="v1", choices=VERSIONS),
        Key("token_url", "address that gives tokens, in place of the carrier's own", type="url"),
        Key("return_on_release", "give numbers back when an account releases them", type="flag", default=False),
        *provisioning(sandbox=True),
        DEBUG,
        API_URL,
    )

    def __init__(self, zone: Zone, settings: Fields | None = None) -> None:
        """SETTINGS are laid over what system_config holds for this carrier."""
        super().__init__(zone, settings)
        self._access: AccessToken | None = None

    # -- settings

    @property
    def missing(self) -> list[str]:
        """The keys that hold nothing: the account, and of the credentials those of today."""
        names = ["account_id"]
        names += ["api_username", "api_password"] if self._has_user else ["client_id", "client_secret"]
        return [name for name in names if not self.setting(name)]

    def require(self, *names: str) -> None:
        """Raise NotConfigured as other carriers do, and CarrierError for a version that its API does not have."""
        super().require(*names)
        self._version()

    @property
    def _has_user(self) -> bool:
        has_client = self.setting("client_id") or self.setting("client_secret")
        return not has_client and bool(self.setting("api_username") or self.setting("api_password"))

    @property
    def outdated(self) -> str:  # type: ignore[override]
        """That user and password come to their end."""
        return OUTDATED if self._has_user else ""

    @property
    def only_north_america(self) -> bool:  # type: ignore[override]
        """That version 1 has no other numbers."""
        return self._version() == "v1"

    def _version(self) -> str:
        """Return v1 or v2: that of api_url, if it ends in one, else that of api_version."""
        named = _VERSION.search(self._address())
        version = named[1] if named else f"v{str(self.setting('api_version') or 'v1').lower().lstrip('v')}"
        if version not in VERSIONS:
            reason = f"its api_version is {self.setting('api_version')!r}, none of {', '.join(VERSIONS)}"
            raise CarrierError(carrier=self.name, reason=reason)
        return version

    def _address(self) -> str:
        own = _OLD_BASE if self._has_user and str(self.setting("api_version") or "v1") == "v1" else _BASE
        address = str(self.setting("api_url") or own).rstrip("/")
        # With credentials of today the address of user and password is of no use.
        return address if self._has_user else address.replace(_OLD_BASE, _BASE, 1)

    def _versioned(self) -> str:
        """Return the address with the version; that of user and password had none."""
        address = self._address()
        if _VERSION.search(address) or (self._has_user and self._version() == "v1"):
            return address
        return f"{address}/{self._version()}"

    def url(self) -> str:
        """Return the address of the account."""
        self.require()
        return f"{self._versioned()}/accounts/{quote(str(self.setting('account_id')), safe='')}"

    def country_codes(self) -> tuple[str, ...]:
        """Return that of North America for version 1; version 2 has numbers of many countries."""
        return (nanp.COUNTRY_CODE,) if self._version() == "v1" else ()

    # -- credentials

    def login(self) -> tuple[str, str] | None:
        """Return the user and password of the API, where there are no credentials of today."""
        return (str(self.setting("api_username")), str(self.setting("api_password"))) if self._has_user else None

    def credentials(self) -> Mapping[str, str]:
        """Return the header with the access token."""
        return {} if self._has_user else {"Authorization": f"Bearer {self._token().value()}"}

    def secrets(self) -> Sequence[str]:
        """Return the values that nobody may see, the access token among them."""
        known = self._access.known if self._access else ""
        return [*super().secrets(), *([known] if known else [])]

    def _token(self) -> AccessToken:
        if self._access is None:
            client = (self._token_url(), str(self.setting("client_id")), str(self.setting("client_secret")))
            self._access = AccessToken(self.zone, self.name, client, self._fetch)
        return self._access

    def _token_url(self) -> str:
        base = _VERSION.sub("", self._address())
        return str(self.setting("token_url") or f"{base}/v1/oauth2/token")

    def _fetch(self) -> Answer:
        login = (str(self.setting("client_id")), str(self.setting("client_secret")))
        try:
            return self.ask_at(self._token_url(), "POST", body=REQUEST, headers=FORM, login=login, only_reads=True)
        except CarrierError as error:
            error.delivered = Delivered.NO  # of the request that the token is for nothing was sent yet
            raise

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Fields | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        only_reads: bool | None = None,
    ) -> Answer:
        """Send one request and return its answer; once more with a new token when the one there is refused."""
        asked = (method, path)
        more: Document = {"query": query, "body": body, "headers": headers, "only_reads": only_reads}
        try:
            return super().ask(*asked, **more)
        except CarrierError as error:
            # What was refused for its token was not done: also an order can be sent again.
            if self._has_user or error.status != _UNAUTHORISED or not self._token().known:
                raise
        self._token().forget()
        return super().ask(*asked, **more)

    # -- what there is to be had

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code, area code and exchange, place, or among the toll-free numbers.

        A toll-free area code may be written with a star in place of its last digit, as in `+186*`. With version 2 other
        countries can be searched, too: as a whole, or by area code.
        """
        self.require()
        self.refuse_unsearchable(query)
        root = self._get("/availableNumbers", self._criteria(query))
        if root.find(anywhere(".//ErrorList")) is not None or root.find(anywhere(".//Error")) is not None:
            raise CarrierError(carrier=self.name, reason=self.masked(bandwidth_xml.errors(root)))
        prefix = query.prefix.rstrip("*")
        found = bandwidth_xml.found(root, self.name)
        yield from islice((each for each in found if each.number.startswith(prefix)), query.quantity)

    def check(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return of each number `in_service` on this account, `available`, or `unavailable`."""
        return {number: self._state(number) for number in numbers}

    def _state(self, number: str) -> str:
        if self.holds({"_id": number}):
            return IN_SERVICE
        digits = nanp.national(number)
        if digits == number:
            raise CarrierLacks(carrier=self.name, reason="it can be asked about single numbers of North America only")
        if digits[:_AREA_CODE] in nanp.TOLL_FREE:
            asked = {"tollFreeWildCardPattern": f"{digits[1:_AREA_CODE]}*", "quantity": _LARGEST}
        else:
            asked = {"npaNxx": digits[:_WITH_EXCHANGE], "quantity": _LARGEST}
        offered = bandwidth_xml.found(self._get("/availableNumbers", asked), self.name)
        return AVAILABLE if any(each.number == number for each in offered) else UNAVAILABLE

    def _criteria(self, query: Query) -> Fields:
        where = self._where(query)
        if not set(where) - {"phoneNumberType", "countryCodeA3"} and self._version() == "v1":
            reason = "it takes an area code of North America, +1 and three digits, or a state"
            raise CarrierLacks(carrier=self.name, reason=reason)
        if ("city" in where or "rateCenter" in where) and "state" not in where:
            raise CarrierLacks(carrier=self.name, reason="with a city or a rate center it takes the state, too")
        quantity = min(query.quantity, int(self.setting("max_search_quantity")))
        detail = "true" if query.criteria or "tollFreeWildCardPattern" in where else "false"
        detail = "false" if query.prefix.endswith("*") else detail
        return {**where, "enableTNDetail": detail, "quantity": quantity}

    def _where(self, query: Query) -> Document:
        if not query.nation:
            reason = f"numbers that begin with {query.prefix} are those of no country"
            raise CarrierLacks(carrier=self.name, reason=reason)
        digits = query.prefix.removeprefix(countries.code_of(query.nation))
        area_code = digits[:_AREA_CODE]
        american = query.prefix.startswith(nanp.COUNTRY_CODE)
        if american and (area_code.endswith("*") or area_code in nanp.TOLL_FREE or query.kind == "toll_free"):
            return {"tollFreeWildCardPattern": _wild_card(area_code)}
        if query.kind and self._version() == "v1" and query.kind != "local":
            raise CarrierLacks(carrier=self.name, reason=f"version 1 of its interface does not search for {query.kind}")
        place = {"city": query.city, "state": query.state, "rateCenter": query.rate_center}
        if american and len(digits) > _AREA_CODE:
            place["npaNxx"] = digits[:_WITH_EXCHANGE]
        elif len(digits) >= (_AREA_CODE if american else 1):
            place["areaCode"] = digits
        elif digits:
            raise CarrierLacks(carrier=self.name, reason="it takes an area code of North America, +1 and three digits")
        if len(place.get("npaNxx", "")) not in (0, _WITH_EXCHANGE):
            # A piece of an exchange: the area code is searched, what begins otherwise is left out.
            place["areaCode"] = place.pop("npaNxx")[:_AREA_CODE]
        if self._version() == "v2":
            place["countryCodeA3"] = countries.alpha3(query.nation)
            place["phoneNumberType"] = _KINDS.get(query.kind, "")
        return without_empty(place)

    # -- orders, and giving numbers back

    def acquire(self, number: Document) -> Document:
        """Order the number, and wait until the order is through; its id and name become carrier data."""
        self.require("site_id", "sip_peer")
        return self.once(number, "ordered", self._order, self._ordered)

    def disconnect(self, number: Document) -> Document:
        """Let the number go; it stays on the account unless return_on_release is set."""
        return self.give_back(number) if self.setting("return_on_release") else number

    def give_back(self, number: Document) -> Document:
        """Disconnect the number from the account, and wait until that is through."""
        self.require()
        return self.once(number, "returned", self._return, self.returned)

    def holds(self, number: Document) -> bool:
        """Look whether the number is in service on the account."""
        try:
            self.ask("GET", f"/inserviceNumbers/{quote(self._written(number['_id']), safe='')}")
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True

    def _order(self, number: Document, order: Order) -> Document:
        body = bandwidth_xml.order(
            self._written(number["_id"]),
            name=self._name(),
            reference=order.reference,
            site=str(self.setting("site_id")),
            peer=str(self.setting("sip_peer")),
        )
        return self._ordered_by(number, read_xml(self.ask("POST", "/orders", body=body, headers=_XML), self.name))

    def _ordered(self, number: Document, order: Order) -> Document | None:
        """Look for the order by our reference: GET orders?customerOrderId=REFERENCE."""
        root = self._get("/orders", {"customerOrderId": order.reference, "page": 1, "size": 10})
        for each in root.iterfind(anywhere(".//OrderIdUserIdDate")):
            if text(each, "CustomerOrderId") in ("", order.reference):
                identifier = text(each, "orderId") or text(each, "OrderId")
                return self._ordered_by(number, self.order(identifier))
        return None

    def _ordered_by(self, number: Document, root: Element) -> Document:
        root = self._finished(number, root, "/orders")
        data = {
            "order_id": text(root, ".//CustomerOrderId"),
            "order_name": text(root, ".//Order/Name"),
            "number": number["_id"],
        }
        return with_carrier_data(number, without_empty(data))

    def _return(self, number: Document, order: Order) -> Document:
        body = bandwidth_xml.disconnect(self._written(number["_id"]), name=self._name(), reference=order.reference)
        answer = self.ask("POST", "/disconnects", body=body, headers=_XML)
        self._finished(number, read_xml(answer, self.name), "/disconnects")
        return number

    def _finished(self, number: Document, root: Element, path: str) -> Element:
        """Wait until an order is through, and return it.

        Raises CarrierRefused when it failed, and CarrierUnreadable when it is neither through nor failed.
        """
        for left in reversed(range(_POLLS)):
            status, identifier = bandwidth_xml.status(root), bandwidth_xml.identifier(root)
            if status not in ("RECEIVED", "PROCESSING") or not identifier or not left:
                break
            time.sleep(POLL_INTERVAL)
            try:
                root = self._get(f"{path}/{quote(identifier, safe='')}")
            except CarrierError as error:
                error.delivered = Delivered.MAYBE  # the order is under way, whatever kept us from seeing it
                raise
        said = self.masked(bandwidth_xml.errors(root))
        if status == "FAILED" or (not status and said):
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=said or "the order failed")
        if status != "COMPLETE":
            reason = f"order {identifier or 'without an id'} is {status or 'without a status'}"
            raise CarrierUnreadable(carrier=self.name, reason=reason)
        listed = bandwidth_xml.listed(root)
        if number["_id"] not in listed:
            reason = f"the order is for {', '.join(listed) or 'no number'}, not for {number['_id']}"
            raise CarrierUnreadable(carrier=self.name, reason=reason)
        return root

    def _written(self, number: str) -> str:
        """Return a number as the version of the interface writes it: version 1 without +1."""
        return number if self._version() == "v2" else nanp.national(number)

    def _name(self) -> str:
        return f"{self.setting('order_name_prefix')}-{now()}"

    # -- looking things up

    def verify(self) -> None:
        """List the account's sites, and the peers of the one that is set."""
        sites = [identifier for identifier, _ in self.sites()]
        site, peer = str(self.setting("site_id") or ""), str(self.setting("sip_peer") or "")
        if site and site not in sites:
            raise CarrierError(carrier=self.name, reason=f"the account has no site_id {site}")
        if site and peer and peer not in [identifier for identifier, _ in self.peers(site)]:
            raise CarrierError(carrier=self.name, reason=f"site {site} has no sip_peer {peer}")

    def order(self, identifier: str) -> Element:
        """Return an order by Bandwidth's id; NoSuchOrder where there is none."""
        return self._looked_up("/orders", identifier)

    def disconnect_order(self, identifier: str) -> Element:
        """Return an order that gives numbers back, by Bandwidth's id; NoSuchOrder where there is none."""
        return self._looked_up("/disconnects", identifier)

    def orders(self, reference: str = "") -> Iterator[dict[str, str]]:
        """Yield the account's last orders, or those with a customer order id."""
        asked = {"page": 1, "size": 100, **({"customerOrderId": reference} if reference else {})}
        for each in self._get("/orders", asked).iterfind(anywhere(".//OrderIdUserIdDate")):
            yield {local_name(child): (child.text or "").strip() for child in each if not len(child)}

    def sites(self) -> list[tuple[str, str]]:
        """Return id and name of each site of the account."""
        return [(text(each, "Id"), text(each, "Name")) for each in self._get("/sites").iterfind(anywhere(".//Site"))]

    def peers(self, site: str) -> list[tuple[str, str]]:
        """Return id and name of each SIP peer of a site.

        Kazoo lists those of the configured site, whatever it is asked for.
        """
        root = self._get(f"/sites/{quote(site, safe='')}/sippeers")
        return [(text(each, "PeerId"), text(each, "PeerName")) for each in root.iterfind(anywhere(".//SipPeer"))]

    def _looked_up(self, path: str, identifier: str) -> Element:
        try:
            return self._get(f"{path}/{quote(identifier, safe='')}")
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                raise NoSuchOrder(carrier=self.name, order=identifier) from error
            raise

    def _get(self, path: str, query: Fields | None = None) -> Element:
        return read_xml(self.ask("GET", path, query=query), self.name)


def _wild_card(area_code: str) -> str:
    """Return the pattern that searches toll-free numbers of an area code, of one with a star, or of all."""
    if not area_code:
        return "8**"
    return area_code if area_code.endswith("*") else f"{area_code[1:]}*"


CARRIER = Bandwidth2
