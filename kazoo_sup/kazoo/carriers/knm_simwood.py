"""knm_simwood: Simwood (https://api.simwood.com/v3/numbers, JSON).

Source: Kazoo knm_simwood; https://developer.simwood.com/docs/wholesale/api/v3. Better than in Kazoo: a refused request
fails, where it takes every answer for success; found numbers are in E.164 form, with +; the certificate of the server
is verified.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.kazoo.carriers.base import CarrierError, Found, Key
from kazoo_sup.kazoo.carriers.http_carrier import HoldsNumbers
from kazoo_sup.kazoo.carriers.replies import as_float, objects, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document

_QUANTITIES = (1, 10, 100)
_HOME = "+44"
_NOT_FOUND = 404


class Simwood(HoldsNumbers):
    """Numbers of Simwood."""

    name = "knm_simwood"
    title = "Simwood"
    check_by = "See https://portal.simwood.com, Numbers"
    gives_up = True
    keys = (
        Key("simwood_account_id", "your account at Simwood", required=True),
        Key("auth_username", "user of the API", required=True),
        Key("auth_password", "password of the API", secret=True, required=True),
        Key("numbers_api_url", "address of the API", type="url", default="https://api.simwood.com/v3/numbers"),
    )

    def url(self) -> str:
        """Return the address of the account's numbers."""
        self.require()
        address, account = str(self.setting("numbers_api_url")), str(self.setting("simwood_account_id"))
        return f"{address.rstrip('/')}/{quote(account, safe='')}"

    def country_codes(self) -> tuple[str, ...]:
        """Return that of the United Kingdom: a pattern that begins with another one matches numbers of there."""
        return (_HOME,)

    def login(self) -> tuple[str, str] | None:
        """Return the user and password of the API."""
        return str(self.setting("auth_username")), str(self.setting("auth_password"))

    def search(self, query: Query) -> Iterator[Found]:
        """Search among numbers of the standard kind; Simwood's patterns leave out the country code 44."""
        self.refuse_unsearchable(query)
        size = next((each for each in _QUANTITIES if each >= query.quantity), _QUANTITIES[-1])
        pattern = f"{query.prefix.removeprefix(_HOME).removeprefix('+')}*"
        answer = self.ask("GET", f"/available/standard/{size}", query={"pattern": pattern})
        for each in islice(objects(read_json(answer, self.name)), query.quantity):
            number = f"+{each.get('country_code', '')}{each.get('number', '')}"
            if number.startswith(query.prefix):
                charge = as_float(each.get("wholesale_gold_premium"))
                yield Found(number, self.name, carrier_data=each, activation_charge=charge)

    def acquire(self, number: Document) -> Document:
        """Order the number."""
        self.require()
        return self.once(number, "ordered", self._order, self.ordered)

    def disconnect(self, number: Document) -> Document:
        """Return the number."""
        self.require()
        return self.once(number, "returned", self._return, self.returned)

    def verify(self) -> None:
        """Ask for one available number."""
        self.ask("GET", "/available/standard/1", query={"pattern": "*"})

    def _order(self, number: Document, _order: Order) -> Document:
        self.ask("PUT", _allocated(number))
        return number

    def _return(self, number: Document, _order: Order) -> Document:
        self.ask("DELETE", _allocated(number))
        return number

    def holds(self, number: Document) -> bool:
        """Look whether the number is allocated to the account: GET allocated/NUMBER."""
        try:
            self.ask("GET", _allocated(number))
        except CarrierError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True


def _allocated(number: Document) -> str:
    return f"/allocated/{quote(number['_id'].removeprefix('+'), safe='')}"


CARRIER = Simwood
