"""knm_vitelity: Vitelity (https://api.vitelity.net/api.php, commands as form fields, answers in XML).

Source: Kazoo knm_vitelity, knm_vitelity_util. Better than there: login and password are sent in the body, not in the
URL, where proxies and servers log them, and over TLS; a toll-free prefix searches among toll-free numbers.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks, CarrierRefused, CarrierUnreadable, Found, Key
from kazoo_sup.kazoo.carriers.http_carrier import HoldsNumbers
from kazoo_sup.kazoo.carriers.replies import local_name, read_xml, text, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.kazoo.carriers.open_orders import Order
    from kazoo_sup.types import Document, Json

_URL = "https://api.vitelity.net/api.php"
_KAZOOS_URL = "http://api.vitelity.net/api.php"
"""Kazoo's default, which it may have stored; login and password are not sent there."""

_AREA_CODE = 3
_READING = frozenset({"listtollfree", "listnpa", "listnpanxx", "listdids", "balance"})
_NONE = frozenset({"none", "unavailable", "no numbers"})


class Vitelity(HoldsNumbers):
    """Numbers of Vitelity, of North America only."""

    name = "knm_vitelity"
    title = "Vitelity"
    check_by = "See https://portal.vitelity.net, My DIDs"
    only_north_america = True
    gives_up = True
    keys = (
        Key("login", "user of the API", required=True),
        Key("pass", "password of the API", secret=True, required=True),
        Key(
            "routesip", "where calls to acquired numbers go: a SIP address or a list, of which the first", type="texts"
        ),
        Key("api_uri", "address of the API", type="url", default=_URL),
        Key("use_stepswitch_cnam", "look up the names of callers", type="flag", default=False),
        Key("cnam", "yes or no: find only numbers with caller names"),
        Key("provider", "find only numbers of this provider"),
        Key("type", "find only numbers of this type: perminute, unlimited or pri"),
        Key("withrates", "yes or no: have the costs with the numbers"),
    )

    @property
    def looks_up_caller_names(self) -> bool:
        """Only where use_stepswitch_cnam is set."""
        return bool(self.setting("use_stepswitch_cnam"))

    def url(self) -> str:
        """Return the address of the API."""
        address = str(self.setting("api_uri"))
        return _URL if address == _KAZOOS_URL else address

    def search(self, query: Query) -> Iterator[Found]:
        """Search by area code, by area code and exchange, or among the toll-free numbers."""
        prefix = nanp.national(query.prefix)
        if prefix == query.prefix or len(prefix) < _AREA_CODE:
            raise CarrierLacks(carrier=self.name, reason="it takes an area code of North America, +1 and three digits")
        wishes = {name: self.setting(name) for name in ("withrates", "type", "provider", "cnam")}
        if prefix[:_AREA_CODE] in nanp.TOLL_FREE:
            root = self.command("listtollfree", limit=query.quantity)
        elif len(prefix) == _AREA_CODE:
            root = self.command("listnpa", npa=prefix, **wishes)
        else:
            root = self.command("listnpanxx", npanxx=prefix, **wishes)
        matching = (found for found in self._numbers(root) if found.number.startswith(query.prefix))
        yield from islice(matching, query.quantity)

    def acquire(self, number: Document) -> Document:
        """Order the number."""
        self.require("routesip")
        return self.once(number, "ordered", self._order, self.ordered)

    def disconnect(self, number: Document) -> Document:
        """Return the number."""
        self.require()
        return self.once(number, "returned", self._return, self.returned)

    def verify(self) -> None:
        """Ask for the account's balance."""
        self.command("balance")

    def _order(self, number: Document, _order: Order) -> Document:
        digits, route = nanp.national(number["_id"]), self.setting("routesip")
        command = "gettollfree" if digits[:_AREA_CODE] in nanp.TOLL_FREE else "getlocaldid"
        confirm(number["_id"], self.command(command, did=digits, routesip=route[0] if _is_list(route) else route))
        return number

    def _return(self, number: Document, _order: Order) -> Document:
        confirm(number["_id"], self.command("removedid", did=nanp.national(number["_id"])))
        return number

    def holds(self, number: Document) -> bool:
        """Look whether the number is on the account: listdids."""
        root = self.command("listdids")
        return any(found.number == number["_id"] for found in self._numbers(root))

    def command(self, command: str, **fields: Json) -> Element:
        """Send a command and return its answer.

        Raises CarrierRefused when its status is fail.
        """
        self.require()
        form = without_empty(
            {"cmd": command, "xml": "yes", "login": self.setting("login"), "pass": self.setting("pass"), **fields}
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reads = command in _READING
        root = read_xml(self.ask("POST", body=urlencode(form).encode(), headers=headers, only_reads=reads), self.name)
        if local_name(root) != "content":
            raise CarrierUnreadable(carrier=self.name, reason=f"it answers with <{local_name(root)}>, not <content>")
        if text(root, "status") == "fail":
            reason = self.masked(text(root, "error") or text(root, "response") or "no reason given")
            if "did" in fields:
                raise CarrierRefused(carrier=self.name, number=fields["did"], reason=reason)
            raise CarrierError(carrier=self.name, reason=reason)
        return root

    def _numbers(self, root: Element) -> Iterator[Found]:
        """Yield the numbers of a listing: <did> elements, with the number alone or with fields."""
        listed = root.find("{*}numbers")
        for element in listed if listed is not None else ():
            if local_name(element) == "response":
                reason = (element.text or "").strip()
                if reason.lower() in _NONE:
                    return
                raise CarrierError(carrier=self.name, reason=self.masked(reason))
            data = fields_of(element) if len(element) else {"number": nanp.e164(element.text or "")}
            if data.get("number"):
                yield Found(str(data["number"]), self.name, carrier_data=data)


def confirm(number: str, root: Element) -> None:
    """Raise CarrierUnreadable unless an answer says ok, and for this number where it names one."""
    status, named = text(root, "status"), text(root, "did") or text(root, "number")
    if status != "ok":
        raise CarrierUnreadable(carrier=Vitelity.name, reason=f"its status is neither ok nor fail: {status!r}")
    if named and nanp.e164(named) != number:
        raise CarrierUnreadable(carrier=Vitelity.name, reason=f"it answers for {named}, not for {number}")


def fields_of(element: Element) -> Document:
    """Return an element's children as an object; the number goes by either of two names."""
    fields: Document = {}
    for child in element:
        name, said = local_name(child), (child.text or "").strip()
        if name in ("did", "number"):
            fields["number"] = nanp.e164(said)
        else:
            fields[name] = fields_of(child) if len(child) else said
    return without_empty(fields)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value)


CARRIER = Vitelity
