"""knm_other: a phonebook, a server of one's own that speaks a small JSON protocol.

Source: Kazoo knm_other. It can be asked for blocks of numbers, and for the state of single ones.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.kazoo.carriers import countries, nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks, CarrierRefused, CarrierUnreadable, Found, Key
from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier, with_carrier_data
from kazoo_sup.kazoo.carriers.replies import objects, read_object
from kazoo_sup.kazoo.documents import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document, Json

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class Other(HttpCarrier):
    """Numbers of a phonebook. Disconnecting tells it nothing, as in Kazoo."""

    name = "knm_other"
    title = "the phonebook"
    check_by = "Look into the phonebook"
    longest_prefix = 10
    keys = (
        Key("phonebook_url", "address of the phonebook", type="url", required=True),
        Key("default_country", "country to search and order in, two letters", default="US"),
        Key("endpoints", "gateways that calls to acquired numbers go to: one text or a list", type="texts"),
    )

    def url(self) -> str:
        """Return the address of the phonebook."""
        self.require()
        return str(self.setting("phonebook_url"))

    def country_codes(self) -> tuple[str, ...]:
        """Return that of its country, which is part of every address; any where that is not a country."""
        country = str(self.setting("default_country")).upper()
        return (countries.code_of(country),) if countries.is_known(country) else ()

    def search(self, query: Query) -> Iterator[Found]:
        """Search for numbers; with `blocks` for blocks of QUANTITY, of which the first and the last are yielded."""
        self.refuse_unsearchable(query)
        if query.blocks:
            yield from self._blocks(query)
            return
        asked = {"prefix": query.prefix, "limit": query.quantity, "offset": query.offset}
        data = self._data(self.ask("GET", self._path("numbers", "search"), query=asked))
        if not isinstance(data, dict):
            raise CarrierUnreadable(carrier=self.name, reason="its numbers are not an object")
        for number, carrier_data in islice(data.items(), query.quantity):
            yield Found(number, self.name, carrier_data=as_object(carrier_data))

    def check(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return the phonebook's state of each number that it knows."""
        body = json.dumps({"data": [nanp.national(number) for number in numbers]}).encode()
        answer = self.ask("POST", self._path("numbers", "status"), body=body, headers=_JSON, only_reads=True)
        wanted = set(numbers)
        said = {nanp.e164(str(each.get("number"))): str(each.get("status")) for each in objects(self._data(answer))}
        return {number: status for number, status in said.items() if number in wanted}

    def acquire(self, number: Document) -> Document:
        """Order the number; what the phonebook says beside becomes its carrier data and locality."""
        self.require()
        return self.once(number, "ordered", self._order, self._ordered)

    def verify(self) -> None:
        """Search for one number."""
        self.ask("GET", self._path("numbers", "search"), query={"prefix": nanp.COUNTRY_CODE, "limit": 1, "offset": 0})

    def _blocks(self, query: Query) -> Iterator[Found]:
        asked = {"prefix": query.prefix, "size": query.quantity, "offset": query.offset, "limit": query.blocks}
        data = self._data(self.ask("GET", self._path("blocks", "search"), query=asked))
        for block in objects(data):
            for end in ("start_number", "end_number"):
                if block.get(end):
                    yield Found(str(block[end]), self.name, carrier_data=block)

    def _order(self, number: Document, _order: Order) -> Document:
        gateways = self.setting("endpoints") or []
        request = {"numbers": [number["_id"]], "gateways": [gateways] if isinstance(gateways, str) else gateways}
        body = json.dumps({"data": request}).encode()
        answer = read_object(self.ask("PUT", self._path("numbers", "order"), body=body, headers=_JSON), self.name)
        data = answer.get("data")
        of_number = data.get(number["_id"]) if isinstance(data, dict) else None
        if not isinstance(of_number, dict):
            if answer.get("status") not in (None, "success"):
                raise CarrierRefused(carrier=self.name, number=number["_id"], reason=self.masked(_reason(answer)))
            raise CarrierUnreadable(carrier=self.name, reason=f"it says nothing of {number['_id']}")
        if of_number.get("status") != "success":
            raise CarrierRefused(carrier=self.name, number=number["_id"], reason=self.masked(_reason(of_number)))
        if isinstance(of_number.get("opaque"), dict) and of_number["opaque"]:
            number = with_carrier_data(number, of_number["opaque"], keep=False)
        if of_number.get("locality"):
            features = number.get("pvt_features", {})
            number = {**number, "pvt_features": {**features, "locality": of_number["locality"]}}
        return number

    def _ordered(self, _number: Document, _order: Order) -> Document | None:
        # A phonebook can say that a number is taken, but not by whom.
        raise CarrierLacks(carrier=self.name, reason="it cannot be asked about orders")

    def _path(self, what: str, deed: str) -> str:
        return f"/{what}/{quote(str(self.setting('default_country')), safe='')}/{deed}"

    def _data(self, answer: Json) -> Json:
        """Return the `data` of an answer.

        Raises CarrierError when its status is not success.
        """
        found = read_object(answer, self.name)
        if found.get("status") != "success":
            raise CarrierError(carrier=self.name, reason=self.masked(_reason(found)))
        return found.get("data")


def _reason(answer: Document) -> str:
    return str(answer.get("message") or answer.get("error") or f"its status is {answer.get('status')}")


CARRIER = Other
