"""knm_telnyx: Telnyx, over version 2 of its API (https://api.telnyx.com/v2, JSON, a key as bearer token).

Source: https://developers.telnyx.com/api-reference; Kazoo knm_telnyx for what is kept of a number. Kazoo speaks the
first API, which is retired: `telnyx_origination`, used while there is a token of it and no key.
"""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.errors import Delivered
from kazoo_sup.kazoo.carriers import countries, nanp
from kazoo_sup.kazoo.carriers.base import (
    AVAILABLE,
    IN_SERVICE,
    UNAVAILABLE,
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    CarrierUnreadable,
    Found,
    Key,
    NoSuchOrder,
    NotOnAccount,
)
from kazoo_sup.kazoo.carriers.http_carrier import API_URL, DEBUG, HoldsNumbers, provisioning, with_carrier_data
from kazoo_sup.kazoo.carriers.replies import as_float, objects, read_object
from kazoo_sup.kazoo.documents import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.carriers.base import Carrier, Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

FEATURES = ("sms", "mms", "voice", "fax", "emergency", "hd_voice", "international_sms", "local_calling")
"""What a search can ask numbers to be capable of."""

KINDS = ("local", "toll_free", "mobile", "national", "shared_cost")
"""The kinds of numbers that a search can ask for."""

NUMBER_SETTINGS = ("connection_id", "messaging_profile_id", "billing_group_id", "customer_reference")
"""What can be set of a number of the account."""

POLL_INTERVAL = 2.0
"""Seconds between two looks at an order that is being worked on."""

_POLLS = 15
_NOT_FOUND = 404
_REFUSALS = range(400, 500)
_PAGE, _MOST_PAGES = 250, 1000
_GONE = ("deleted", "purchase_failed", "ported_out", "port_failed")
"""States of numbers that are the account's no longer, or never were."""

_JSON = {"Content-Type": "application/json"}


class Telnyx(HoldsNumbers):
    """Numbers of Telnyx. Releasing one keeps it on your account, as in Kazoo, unless return_on_release is set."""

    name = "knm_telnyx"
    title = "Telnyx"
    check_by = "See https://portal.telnyx.com, Numbers"
    gives_up = True
    criteria = frozenset({"city", "state", "rate_center", "kind", "features", "best_effort"})
    keys = (
        Key("api_key", "key of the API, version 2", secret=True),
        Key("connection_id", "connection that ordered numbers are set up for; see sup knm_telnyx connections"),
        Key("messaging_profile_id", "messaging profile that ordered numbers are set up for"),
        Key("return_on_release", "give numbers back when an account releases them", type="flag", default=False),
        Key("user", "user of the first API, retired; api_key takes its place"),
        Key("token", "token of the first API, retired; api_key takes its place", secret=True),
        *provisioning(sandbox=False),
        Key("should_filter_rates", "find only numbers of just these two costs", type="flag", default=False),
        Key("monthly_recurring_cost", "monthly cost of the numbers to find", type="number", default=1.0),
        Key("upfront_cost", "cost of activating the numbers to find", type="number", default=1.0),
        Key("should_keep_best_effort", "find numbers of neighbouring areas as well", type="flag", default=False),
        DEBUG,
        API_URL,
    )

    def url(self) -> str:
        """Return the address of the API."""
        return str(self.setting("api_url") or "https://api.telnyx.com/v2")

    def credentials(self) -> Mapping[str, str]:
        """Return its header for the key."""
        self.require()
        return {"Accept": "application/json", "Authorization": f"Bearer {self.setting('api_key')}"}

    @property
    def missing(self) -> list[str]:
        """The key of the API, where there is none."""
        return [] if self.setting("api_key") else ["api_key"]

    def verify(self) -> None:
        """Ask for one number of the account, and for the connection and the messaging profile that are set."""
        self._get("/phone_numbers", {"page[size]": 1})
        for key, path in (("connection_id", "/connections"), ("messaging_profile_id", "/messaging_profiles")):
            identifier = str(self.setting(key) or "")
            if identifier and self._got(f"{path}/{quote(identifier, safe='')}") is None:
                raise CarrierError(carrier=self.name, reason=f"the account has no {key} {identifier}")

    # -- what there is to be had

    def search(self, query: Query) -> Iterator[Found]:
        """Search by country, area code or how the number begins, place, kind and features."""
        self.refuse_unsearchable(query)
        results = objects(self._get("/available_phone_numbers", self._filters(query)).get("data"))
        wanted = (each for each in results if not self.setting("should_filter_rates") or self._costs_as_wanted(each))
        near = self._best_effort(query)
        found = (self._found(each) for each in wanted)
        yield from islice((each for each in found if near or each.number.startswith(query.prefix)), query.quantity)

    def check(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return of each number `in_service` on this account, `available`, or `unavailable`."""
        return {number: self._state(number) for number in numbers}

    def _state(self, number: str) -> str:
        if self._held(number):
            return IN_SERVICE
        return AVAILABLE if self._offers(number) else UNAVAILABLE

    def _offers(self, number: str) -> bool:
        asked = self._filters_of_prefix(number) | {"filter[limit]": 1}
        offered = objects(self._get("/available_phone_numbers", asked).get("data"))
        return any(each.get("phone_number") == number for each in offered)

    def _filters(self, query: Query) -> Document:
        for names, known in ((query.features, FEATURES), ((query.kind,) if query.kind else (), KINDS)):
            strange = [name for name in names if name not in known]
            if strange:
                reason = f"it knows no {', '.join(strange)}, only {', '.join(known)}"
                raise CarrierLacks(carrier=self.name, reason=reason)
        area = nanp.area_code(query.prefix)
        kind = query.kind or ("toll_free" if area in nanp.TOLL_FREE else "")
        wanted = {
            **self._filters_of_prefix(query.prefix, query.nation),
            "filter[locality]": query.city,
            "filter[administrative_area]": query.state,
            "filter[rate_center]": query.rate_center,
            "filter[phone_number_type]": kind,
            "filter[features][]": list(query.features),
            "filter[best_effort]": "true" if self._best_effort(query) else "",
            "filter[limit]": query.quantity,
        }
        return {name: value for name, value in wanted.items() if value}

    def _filters_of_prefix(self, prefix: str, country: str = "") -> Document:
        """Return the filters for how a number begins; patterns leave out country code and area code."""
        area = nanp.area_code(prefix)
        country = country or countries.of_prefix(prefix)
        if not country:
            raise CarrierLacks(carrier=self.name, reason=f"numbers that begin with {prefix} are those of no country")
        digits = prefix.removeprefix(countries.code_of(country))
        begins = digits.removeprefix(area or "")
        found = {
            "filter[country_code]": country,
            "filter[national_destination_code]": area or "",
            "filter[phone_number][starts_with]": begins,
        }
        return {name: value for name, value in found.items() if value}

    def _best_effort(self, query: Query) -> bool:
        """Return whether numbers of neighbouring areas are wanted, which there are in North America."""
        wanted = query.best_effort or bool(self.setting("should_keep_best_effort"))
        return wanted and query.prefix.startswith(nanp.COUNTRY_CODE)

    def _costs_as_wanted(self, result: Fields) -> bool:
        costs = as_object(result.get("cost_information"))
        names = {"upfront_cost": "upfront_cost", "monthly_cost": "monthly_recurring_cost"}
        return all(as_float(costs.get(theirs)) == as_float(self.setting(ours)) for theirs, ours in names.items())

    def _found(self, result: Document) -> Found:
        costs = as_object(result.get("cost_information"))
        return Found(
            str(result.get("phone_number") or ""),
            self.name,
            carrier_data=result,
            activation_charge=as_float(costs.get("upfront_cost")),
            monthly=as_float(costs.get("monthly_cost")),
            currency=str(costs.get("currency") or ""),
        )

    # -- orders, and giving numbers back

    def acquire(self, number: Document) -> Document:
        """Order the number, and wait until the order is through; the document then has its id in the carrier data."""
        self.require()
        return self.once(number, "ordered", self._order, self._ordered)

    def disconnect(self, number: Document) -> Document:
        """Let the number go; it stays on the account unless return_on_release is set."""
        if not self.setting("return_on_release"):
            self.may_provision()
            return number
        return self.give_back(number)

    def give_back(self, number: Document) -> Document:
        """Release the number from the account."""
        self.require()
        return self.once(number, "returned", self._return, self.returned)

    def holds(self, number: Document) -> bool:
        """Look whether the number is on the account."""
        return self._held(number["_id"]) is not None

    def order(self, identifier: str) -> Document:
        """Return an order by its id.

        Raises NoSuchOrder.
        """
        found = self._got(f"/number_orders/{quote(identifier, safe='')}")
        if found is None:
            raise NoSuchOrder(carrier=self.name, order=identifier)
        return found

    def orders(self, status: str = "") -> Iterator[Document]:
        """Yield the account's orders, those with one status or all."""
        return self._pages("/number_orders", {"filter[status]": status} if status else {})

    def _order(self, number: Document, order: Order) -> Document:
        request = {
            "phone_numbers": [{"phone_number": number["_id"]}],
            "customer_reference": order.reference,
            **{key: str(self.setting(key)) for key in NUMBER_SETTINGS[:2] if self.setting(key)},
        }
        self._found_before(number["_id"])
        try:
            placed = self._send("POST", "/number_orders", request)
        except CarrierError as error:
            if error.status in _REFUSALS and error.delivered is not Delivered.MAYBE:
                reason = self.masked(_reason(error))
                raise CarrierRefused(carrier=self.name, number=number["_id"], reason=reason) from error
            raise
        return self._finished(number, placed)

    def _found_before(self, number: str) -> None:
        """Search for a number that is about to be ordered: Telnyx takes orders only for what was found lately."""
        try:
            self._offers(number)
        except CarrierError as error:
            error.delivered = Delivered.NO  # nothing was ordered yet
            raise

    def _ordered(self, number: Document, order: Order) -> Document | None:
        """Look for the order by our reference, then for the number on the account."""
        asked = {"filter[customer_reference]": order.reference, "page[size]": _PAGE}
        for each in objects(self._get("/number_orders", asked).get("data")):
            if each.get("customer_reference") == order.reference and each.get("id"):
                return self._finished(number, self.order(str(each["id"])))
        return number if self.holds(number) else None

    def _finished(self, number: Document, placed: Document) -> Document:
        """Wait until an order is through.

        Raises CarrierRefused when it failed, CarrierUnreadable when it is neither through nor failed, or another's.
        """
        for left in reversed(range(_POLLS)):
            if placed.get("status") != "pending" or not placed.get("id") or not left:
                break
            time.sleep(POLL_INTERVAL)
            try:
                placed = self.order(str(placed["id"]))
            except CarrierError as error:
                error.delivered = Delivered.MAYBE  # the order is under way, whatever kept us from seeing it
                raise
        identifier, status = placed.get("id"), placed.get("status")
        ordered = [each.get("phone_number") for each in objects(placed.get("phone_numbers"))]
        if not identifier or number["_id"] not in ordered:
            listed = ", ".join(str(each) for each in ordered) or "no number"
            raise CarrierUnreadable(carrier=self.name, reason=f"the order is for {listed}, not for {number['_id']}")
        if status == "failure":
            reason = f"order {identifier} failed: the number was not available, or requirements are not met"
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=reason)
        if status != "success":
            waits = "" if placed.get("requirements_met", True) else ", and waits for what its country requires"
            raise CarrierUnreadable(carrier=self.name, reason=f"order {identifier} is {status}{waits}")
        return with_carrier_data(number, {"order_id": str(identifier)})

    def _return(self, number: Document, _order: Order) -> Document:
        held = self._held(number["_id"])
        if held is None:
            return number  # it is returned already
        self.ask("DELETE", f"/phone_numbers/{quote(str(held['id']), safe='')}")
        return number

    # -- numbers of the account

    def number_id(self, number: str) -> str:
        """Return Telnyx's id of a number of the account.

        Raises NotOnAccount.
        """
        held = self._held(number)
        if held is None:
            raise NotOnAccount(carrier=self.name, number=number)
        return str(held["id"])

    def number(self, number: str) -> Document:
        """Return what Telnyx says of a number of the account.

        Raises NotOnAccount.
        """
        return self._get(self._path_of(number)).get("data") or {}

    def set_number(self, number: str, settings: Mapping[str, str]) -> None:
        """Set some of NUMBER_SETTINGS of a number of the account."""
        path = self._path_of(number)
        general = {name: value for name, value in settings.items() if name != "messaging_profile_id"}
        if general:
            self._send("PATCH", path, general, only_reads=True)  # done twice it is the same
        if "messaging_profile_id" in settings:
            profile = {"messaging_profile_id": settings["messaging_profile_id"]}
            self._send("PATCH", f"{path}/messaging", profile, only_reads=True)

    def set_voice(self, number: str, settings: Fields) -> None:
        """Change voice settings of a number of the account.

        Raises CarrierUnreadable for an answer for another number, or that has them otherwise; not all are in it.
        """
        said = self._send("PATCH", f"{self._path_of(number)}/voice", settings, only_reads=True)
        self._check_number(said, number)
        wrong = [name for name, value in settings.items() if name in said and not _agrees(said[name], value)]
        if wrong:
            raise CarrierUnreadable(carrier=self.name, reason=f"it left {', '.join(wrong)} of {number} as it was")

    def create_address(self, address: Fields) -> str:
        """Make an address and return its id."""
        identifier = self._send("POST", "/addresses", address).get("id")
        if not identifier:
            raise CarrierUnreadable(carrier=self.name, reason="it names no id of the address")
        return str(identifier)

    def delete_address(self, identifier: str) -> None:
        """Remove an address; one that is not there is removed already."""
        try:
            self.ask("DELETE", f"/addresses/{quote(identifier, safe='')}")
        except CarrierError as error:
            if error.status != _NOT_FOUND:
                raise

    def set_emergency(self, number: str, address: str) -> None:
        """Have emergency calls from a number go to the address with this id; CarrierRefused when that fails."""
        self._emergency(number, self._path_of(number), {"emergency_enabled": True, "emergency_address_id": address})

    def end_emergency(self, number: str) -> None:
        """Have emergency calls from a number no longer go to the address that Telnyx has for it, if there is one."""
        path = self._path_of(number)
        voice = as_object(self._get(f"{path}/voice").get("data"))
        known = str(as_object(voice.get("emergency")).get("emergency_address_id") or "")
        if known:  # the id that is kept here may be one of the first API
            self._emergency(number, path, {"emergency_enabled": False, "emergency_address_id": known})

    def _emergency(self, number: str, path: str, request: Fields) -> None:
        said = self._send("POST", f"{path}/actions/enable_emergency", request, only_reads=True)
        self._check_number(said, number)
        status = as_object(said.get("emergency")).get("emergency_status")
        if status == "provisioning-failed":
            raise CarrierRefused(carrier=self.name, number=number, reason=f"emergency calls: {status}")
        if request["emergency_enabled"] and status != "active":
            status = status or "not told"
            self.zone.run.warn(f"{self.title} has the emergency address of {number}, its status is still {status}")

    def _check_number(self, said: Fields, number: str) -> None:
        """Raise CarrierUnreadable for an answer that is for another number, or for none."""
        if said.get("phone_number", number) != number or not said:
            named = said.get("phone_number", "nothing")
            raise CarrierUnreadable(carrier=self.name, reason=f"it answers for {named}, not for {number}")

    # -- reservations, connections

    def reserve(self, number: str) -> Document:
        """Reserve a number for half an hour, so that nobody else can order it; return the reservation."""
        return self._send("POST", "/number_reservations", {"phone_numbers": [{"phone_number": number}]})

    def reservations(self) -> Iterator[Document]:
        """Yield the account's reservations."""
        return self._pages("/number_reservations", {})

    def extend(self, identifier: str) -> Document:
        """Extend a reservation, and return it."""
        return self._send("POST", f"/number_reservations/{quote(identifier, safe='')}/actions/extend", None)

    def connections(self) -> Iterator[Document]:
        """Yield the account's connections, of which one is the setting connection_id."""
        return self._pages("/connections", {})

    # -- requests

    def _path_of(self, number: str) -> str:
        return f"/phone_numbers/{quote(self.number_id(number), safe='')}"

    def _held(self, number: str) -> Document | None:
        """Return Telnyx's record of a number of the account; the filter finds those that contain it, too."""
        for each in objects(self._get("/phone_numbers", {"filter[phone_number]": number}).get("data")):
            if each.get("phone_number") == number and each.get("status") not in _GONE and each.get("id"):
                return each
        return None

    def _get(self, path: str, query: Fields | None = None) -> Document:
        return read_object(self.ask("GET", path, query=query), self.name)

    def _got(self, path: str) -> Document | None:
        """Return the object at PATH, None where there is none."""
        try:
            return as_object(self._get(path).get("data"))
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def _pages(self, path: str, query: Fields) -> Iterator[Document]:
        page, last = 1, 1
        while page <= last:
            answer = self._get(path, {**query, "page[number]": page, "page[size]": _PAGE})
            yield from objects(answer.get("data"))
            last = min(int(as_float(as_object(answer.get("meta")).get("total_pages")) or 1), _MOST_PAGES)
            page += 1

    def _send(self, method: str, path: str, request: Fields | None, *, only_reads: bool | None = None) -> Document:
        """Send what changes something and return what it answers; `only_reads` tells that it may be sent again."""
        body = None if request is None else json.dumps(request).encode()
        answer = self.ask(method, path, body=body, headers=_JSON if body else None, only_reads=only_reads)
        return as_object(read_object(answer, self.name).get("data"))


def _agrees(said: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(said, dict) and all(said.get(name) == value for name, value in wanted.items())
    return bool(said == wanted)


def _reason(error: CarrierError) -> str:
    """Return what Telnyx says in its list of errors, else what the request failed of."""
    try:
        listed = objects(json.loads(error.content).get("errors"))
    except (ValueError, AttributeError):
        listed = []
    said = [str(each.get("detail") or each.get("title") or "") for each in listed]
    return "; ".join(each for each in said if each) or error.reason


def CARRIER(zone: Zone, settings: Fields | None = None) -> Carrier:  # noqa: N802 - as that of the others
    """Return the carrier that the settings are for: with a token of the first API and no key, that one."""
    current = Telnyx(zone, settings)
    if current.setting("api_key") or not (current.setting("token") or current.setting("user")):
        return current
    from kazoo_sup.kazoo.carriers.telnyx_origination import TelnyxOrigination

    return TelnyxOrigination(zone, settings)
