"""Porting to Vitelity: checkPortability of version 2 of its interface (JSON), with the settings of knm_vitelity.

Documented is the question; the answer is read in every shape that says of a number, by name, whether it is portable.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from kazoo_sup.kazoo.carriers import nanp
from kazoo_sup.kazoo.carriers.base import CarrierLacks
from kazoo_sup.kazoo.carriers.knm_vitelity import Vitelity
from kazoo_sup.kazoo.carriers.porting import Portability
from kazoo_sup.kazoo.carriers.replies import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
    from kazoo_sup.kazoo.carriers.porting import PortOrder
    from kazoo_sup.types import Document, Json

_NAMES = ("number", "did", "tn", "phoneNumber")
_SAYING = ("portable", "isPortable", "portability")
_YES, _NO = ("true", "yes", "1", "portable"), ("false", "no", "0", "not portable", "notportable")


class VitelityV2(Vitelity):
    """Version 2, at the same server, with HTTP's own authentication."""

    def url(self) -> str:
        """Return the address of version 2."""
        address = super().url()
        try:
            parts = urlsplit(address)
        except ValueError:
            return address  # what asks there refuses it
        return f"{parts.scheme}://{parts.netloc}/2.0"

    def login(self) -> tuple[str, str] | None:
        """Return the user and password of the API."""
        return str(self.setting("login")), str(self.setting("pass"))


class VitelityPorting:
    """Porting to Vitelity."""

    at_once: ClassVar[int] = 50

    def __init__(self, carrier: HttpCarrier) -> None:
        """Take the carrier."""
        self.carrier = VitelityV2(carrier.zone)

    def check(self, numbers: Sequence[str]) -> Iterator[Portability]:
        """Ask about all numbers, local and toll-free, in one request."""
        body = json.dumps({"numbers": [nanp.national(number) for number in numbers]}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = self.carrier.ask("POST", "/lnp/checkPortability", body=body, headers=headers, only_reads=True)
        said: Document = dict(_said(read_json(answer, self.carrier.name)))
        for number in numbers:
            portable = _yes_or_no(said.get(number))
            yield Portability(number, portable, "" if portable is not None else "Vitelity says nothing that is known")

    def orders(self, _number: str, _request: Document) -> Iterator[PortOrder]:
        """Refuse: no interface for orders is documented."""
        raise CarrierLacks(carrier=self.carrier.name, reason="it cannot be asked about port orders; see its portal")


def _said(found: object) -> Iterator[tuple[str, Json]]:
    """Yield, from wherever they stand, numbers and what is said of them."""
    if isinstance(found, list):
        for each in found:
            yield from _said(each)
    elif isinstance(found, dict):
        named = next((found[name] for name in _NAMES if found.get(name)), None)
        verdict = next((found[name] for name in _SAYING if name in found), None)
        if named is not None and verdict is not None:
            yield nanp.e164(str(named)), verdict
            return
        for key, value in found.items():
            number = nanp.e164(key) if key.strip("+").isdigit() else ""
            if number and not isinstance(value, dict | list):
                yield number, value
            elif number and isinstance(value, dict):
                yield number, next((value[name] for name in _SAYING if name in value), None)
            elif key.lower() in ("portable", "notportable", "not_portable") and isinstance(value, list):
                yield from ((nanp.e164(str(each)), key.lower() == "portable") for each in value)
            else:
                yield from _said(value)


def _yes_or_no(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


PORTING = VitelityPorting
