"""Porting at carriers: whether a number can be brought to one, and how the order stands that brings it.

One file a carrier, named like its module, with a class PORTING; only what a carrier documents is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Protocol

from kazoo_sup.kazoo.carriers import of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

MODULES = ("knm_bandwidth2", "knm_telnyx", "knm_vitelity", "knm_voip_innovations")
"""The carrier modules whose interface has something about porting."""

DONE, SCHEDULED, STUCK, CANCELED = "done", "scheduled", "stuck", "canceled"
"""What the state of an order means, where it means one of these."""


@dataclass(frozen=True, slots=True)
class Portability:
    """What a carrier says of a number: it can be brought there, it cannot, or (None) that is not known."""

    number: str
    portable: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PortOrder:
    """An order that brings a number to a carrier: its id, the carrier's word for its state and what that means.

    due: when the number is to be, or was, brought over, as the carrier writes it
    """

    order: str
    state: str
    meaning: str = ""
    due: str = ""
    detail: str = ""


class Porting(Protocol):
    """What a carrier can be asked about porting; `at_once` is how many numbers are asked about in one request."""

    at_once: ClassVar[int]
    carrier: HttpCarrier

    def __init__(self, carrier: HttpCarrier) -> None:
        """Take the carrier, which has its settings."""

    def check(self, numbers: Sequence[str]) -> Iterator[Portability]:
        """Yield what the carrier says of each number. Raises CarrierError, CarrierLacks."""
        ...

    def orders(self, number: str, request: Document) -> Iterator[PortOrder]:
        """Yield the orders that bring a number, which REQUEST is about. Raises CarrierError, CarrierLacks."""
        ...


def check(porting: Porting, numbers: Sequence[str]) -> Iterator[Portability]:
    """Yield what a carrier says of each number; of those that it cannot have it is not asked.

    Raises CarrierError, CarrierLacks.
    """
    foreign = [number for number in numbers if porting.carrier.is_foreign(number)]
    for number in foreign:
        yield Portability(number, False, "it has numbers of North America only")
    if others := [number for number in numbers if number not in foreign]:
        yield from porting.check(others)


def at(zone: Zone, module_name: str) -> Porting | None:
    """Return what MODULE_NAME can be asked about porting; None where it has no settings, or nothing of the kind."""
    if module_name not in MODULES:
        return None
    carrier = of(zone, module_name)
    if carrier.missing:
        return None
    found: type[Porting] = import_module(f"{__name__}.{module_name}").PORTING
    return found(carrier)  # type: ignore[arg-type]
