"""Telnyx over its first API (https://api.telnyx.com/origination, JSON), which it has retired.

Used while the configuration of knm_telnyx has a token of it and no key of version 2. Source: Kazoo knm_telnyx,
knm_telnyx_util. Better than there: the certificate of the server is verified.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierRefused, CarrierUnreadable, Found
from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier, with_carrier_data
from kazoo_sup.kazoo.carriers.knm_telnyx import Telnyx
from kazoo_sup.kazoo.carriers.replies import as_float, objects, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document, Fields, Json

RETIRED = (
    "user and token are for an interface that Telnyx has retired: make a key at https://portal.telnyx.com, API Keys, "
    "then sup knm_telnyx configure api_key=- connection_id=ID --verify"
)
"""What users of it are told."""

_BY_AREA_CODE, _BY_COUNTRY, _TOLL_FREE = 1, 2, 3
_PADDED = 9
_NOT_FOUND = 404


class TelnyxOrigination(HttpCarrier):
    """Numbers of Telnyx. Disconnecting tells it nothing: as in Kazoo, it keeps the number on your account."""

    name = "knm_telnyx"
    title = "Telnyx"
    check_by = "See https://portal.telnyx.com, Numbers"
    outdated = RETIRED
    keys = Telnyx.keys

    @property
    def missing(self) -> list[str]:
        """Its keys that hold nothing."""
        return [name for name in ("user", "token") if not self.setting(name)]

    def url(self) -> str:
        """Return the address of the API."""
        return self.setting("api_url") or "https://api.telnyx.com/origination"

    def credentials(self) -> Mapping[str, str]:
        """Return its headers for user and token."""
        self.require()
        return {
            "Accept": "application/json",
            "x-api-user": str(self.setting("user")),
            "x-api-token": str(self.setting("token")),
        }

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code and exchange in North America, by country elsewhere.

        For other countries Telnyx names area codes only; as in Kazoo the numbers are these, filled up with zeros.
        """
        self.refuse_unsearchable(query)
        area_code, exchange = nanp.area_code(query.prefix), nanp.exchange(query.prefix)
        kind = _BY_COUNTRY if area_code is None else _TOLL_FREE if area_code in nanp.TOLL_FREE else _BY_AREA_CODE
        where = {"country_iso": query.nation} if area_code is None else {"npa": area_code}
        if exchange:
            where["nxx"] = exchange
        request = {
            "search_type": kind,
            "search_descriptor": {**where, "best_effort": self.setting("should_keep_best_effort")},
            "limit": query.quantity,
            "with_result": True,
        }
        answer = read_object(self._post("/number_searches", request, only_reads=True), self.name)
        results = objects(answer.get("inexplicit_result" if kind == _BY_COUNTRY else "result"))
        if kind != _BY_COUNTRY and self.setting("should_filter_rates"):
            results = [result for result in results if self._costs_as_wanted(result)]
        found = (self._found(each, query) for each in results)
        near = bool(self.setting("should_keep_best_effort")) and kind != _BY_COUNTRY
        yield from islice((each for each in found if each and (near or _begins(each, query))), query.quantity)

    def acquire(self, number: Document) -> Document:
        """Order the number; the document then has the order's id in its carrier data."""
        self.require()
        return self.once(number, "ordered", self._order, self._ordered)

    def disconnect(self, number: Document) -> Document:
        """Let the number go; nothing is sent."""
        self.may_provision()
        return number

    def verify(self) -> None:
        """List no more than one number of the account."""
        self.ask("GET", "/numbers", query={"size": 1})

    def _order(self, number: Document, _order: Order) -> Document:
        answer = read_object(self._post("/number_orders", {"requested_numbers": [number["_id"]]}), self.name)
        identifier = answer.get("id")
        if not identifier:
            reason = answer.get("message")
            if not reason:
                raise CarrierUnreadable(carrier=self.name, reason="neither an order nor a reason why not")
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=self.masked(str(reason)))
        return with_carrier_data(number, {"order_id": str(identifier)})

    def _ordered(self, number: Document, _order: Order) -> Document | None:
        """Look whether the number is on the account: GET numbers/NUMBER."""
        try:
            answer = read_object(self.ask("GET", f"/numbers/{quote(number['_id'], safe='')}"), self.name)
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        held = answer.get("number_val_e164") or answer.get("number_e164")
        if held != number["_id"]:
            raise CarrierUnreadable(carrier=self.name, reason=f"it was asked for {number['_id']}, not {held}")
        return number

    def _post(self, path: str, request: Document, *, only_reads: bool | None = None) -> Json:
        body = json.dumps(request).encode()
        return self.ask("POST", path, body=body, headers={"Content-Type": "application/json"}, only_reads=only_reads)

    def _costs_as_wanted(self, result: Fields) -> bool:
        names = ("upfront_cost", "monthly_recurring_cost")
        return all(as_float(result.get(name)) == as_float(self.setting(name)) for name in names)

    def _found(self, result: Document, query: Query) -> Found | None:
        number = result.get("number_e164") or ""
        if not number and result.get("area_code"):
            number = f"{dialcode(query.prefix)}{result['area_code']}".ljust(_PADDED, "0")
        if not number:
            return None
        upfront, monthly = as_float(result.get("upfront_cost")), as_float(result.get("monthly_recurring_cost"))
        return Found(str(number), self.name, carrier_data=result, activation_charge=upfront, monthly=monthly)


def _begins(found: Found, query: Query) -> bool:
    """Return whether a number begins as wanted; of an area code filled up with zeros the area code counts."""
    shorter = min(len(found.number.rstrip("0")), len(query.prefix))
    return found.number[:shorter] == query.prefix[:shorter]
