"""Porting to Telnyx: portability_checks and porting_orders of version 2 of its interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierLacks
from kazoo_sup.kazoo.carriers.porting import CANCELED, DONE, SCHEDULED, STUCK, Portability, PortOrder
from kazoo_sup.kazoo.carriers.replies import objects, read_object
from kazoo_sup.kazoo.documents import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
    from kazoo_sup.types import Document, Json

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_MEANINGS = {
    "ported": DONE,
    "foc-date-confirmed": SCHEDULED,
    "exception": STUCK,
    "cancelled": CANCELED,
    "cancel-pending": CANCELED,
}


class TelnyxPorting:
    """Porting to Telnyx."""

    at_once: ClassVar[int] = 100

    def __init__(self, carrier: HttpCarrier) -> None:
        """Take the carrier."""
        self.carrier = carrier

    def check(self, numbers: Sequence[str]) -> Iterator[Portability]:
        """Ask about all numbers in one request."""
        self._require_key()
        body = json.dumps({"phone_numbers": list(numbers)}).encode()
        answer = self.carrier.ask("POST", "/portability_checks", body=body, headers=_JSON, only_reads=True)
        said = {nanp.e164(str(each.get("phone_number"))): each for each in self._data(answer)}
        for number in numbers:
            each = said.get(number, {})
            portable = each.get("portable")
            detail = self.carrier.masked(str(each.get("not_portable_reason") or ""))
            if portable is True and each.get("fast_portable") is True:
                detail = "within hours (FastPort)"
            yield Portability(number, portable if isinstance(portable, bool) else None, detail)

    def orders(self, number: str, _request: Document) -> Iterator[PortOrder]:
        """Look for orders that hold the number."""
        self._require_key()
        wanted = {"filter[phone_numbers.phone_number][contains]": number.removeprefix("+")}
        query = {**wanted, "include_phone_numbers": "true", "page[size]": 50}
        for order in self._data(self.carrier.ask("GET", "/porting_orders", query=query)):
            held = {nanp.e164(str(each.get("phone_number"))) for each in objects(order.get("phone_numbers"))}
            if held and number not in held:
                continue
            state = str(value_at(order, ["status", "value"]) or "")
            reasons = objects(value_at(order, ["status", "details"]))
            dates = value_at(order, ["activation_settings"]) or {}
            due = dates.get("foc_datetime_actual") or dates.get("foc_datetime_requested") or ""
            detail = self.carrier.masked(
                "; ".join(str(each.get("description") or each.get("code")) for each in reasons)
            )
            yield PortOrder(str(order.get("id") or ""), state, _MEANINGS.get(state, ""), str(due), detail)

    def _require_key(self) -> None:
        names = [key.name for key in self.carrier.keys]
        if "api_key" not in names or not self.carrier.setting("api_key"):
            reason = "user and token are of an interface without porting, it takes an api_key"
            raise CarrierLacks(carrier=self.carrier.name, reason=reason)

    def _data(self, answer: Json) -> list[Document]:
        return objects(read_object(answer, self.carrier.name).get("data"))


PORTING = TelnyxPorting
