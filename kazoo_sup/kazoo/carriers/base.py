"""What every carrier module offers, and what can go wrong with one.

Source: Kazoo knm_gen_carrier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import system_config
from kazoo_sup.kazoo.values import is_true

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.documents import Document
    from kazoo_sup.zone import Zone

CATEGORY = "number_manager"
"""The system_config category of the number manager; a carrier's own is `number_manager.<carrier>`."""

DISCOVERY = "discovery"
"""The state of a number that a carrier offers and nobody has acquired yet."""


class CarrierError(SupError):
    """{carrier}: {reason}"""


class NotOffered(CarrierError):
    """{carrier} does not offer this: {reason}"""


class NotConfigured(CarrierError):
    """{carrier} is not configured: {keys} missing in system_config {category}; see sup {carrier} configure"""


class ProvisioningDisabled(CarrierError):
    """{carrier} neither orders nor returns numbers: enable_provisioning is false in system_config {category}"""


class CarrierRefused(CarrierError):
    """{carrier} refused {number}: {reason}"""


class NotAvailable(CarrierError):
    """{carrier} has no {number} to give: {reason}"""


class UnreadableAnswer(CarrierError):
    """{carrier} answered what cannot be read: {reason}"""


class OrderNotPlaced(CarrierError):
    """{carrier}: {reason}; it was asked after that and does not hold {number} for us, so nothing was {done}"""


class OrderUnknown(CarrierError):
    """{carrier}: {reason}; whether {number} was {done} is unknown{lookup}. {check}, before you try again: {forget}"""


@dataclass(frozen=True, slots=True)
class Key:
    """A documented key of a carrier's configuration.

    `type` is text, flag, number, whole (a whole number from 1 on), url, or texts (one text or a list of them). A
    `required` one must be there before the carrier can be asked anything. The value of a `secret` one is never shown.
    """

    name: str
    help: str
    type: str = "text"
    default: Any = ""
    secret: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for.

    prefix: how the numbers begin, `+` and country code included
    quantity: how many to return at most
    country: ISO 3166-1 alpha-2, for carriers that search other countries by name
    account: the id of the account that searches; carriers of stored numbers find none without
    reseller: the id of its reseller
    offset: how many of the first to pass over
    blocks: ask for at most that many blocks of QUANTITY numbers, where the carrier has blocks; 0 for single numbers
    """

    prefix: str
    quantity: int = 1
    country: str = "US"
    account: str | None = None
    reseller: str | None = None
    offset: int = 0
    blocks: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A number that can be acquired; the costs, in the carrier's currency, are None where it names none."""

    number: str
    module_name: str
    state: str = DISCOVERY
    carrier_data: Document = field(default_factory=dict)
    activation_charge: float | None = None
    monthly: float | None = None


class Carrier:
    """A carrier module.

    `is_local`: its numbers are local to this system. `is_billable`: they are billed. `longest_prefix`: the digits of a
    prefix that a search makes use of. `vanishes`: a number is deleted when it is released. `gives_up`: disconnecting
    hands the number back, so that it is nobody's afterwards. `deprecated`: what to use in its place.
    """

    name: str
    is_local: ClassVar[bool] = False
    is_billable: ClassVar[bool] = True
    longest_prefix: ClassVar[int] = 3
    keys: ClassVar[tuple[Key, ...]] = ()
    vanishes: ClassVar[bool] = False
    gives_up: ClassVar[bool] = False
    deprecated: ClassVar[str] = ""

    def __init__(self, zone: Zone, settings: Mapping[str, Any] | None = None) -> None:
        """SETTINGS are laid over what system_config holds for this carrier."""
        self.zone = zone
        self._settings = settings or {}

    @property
    def looks_up_caller_names(self) -> bool:
        """Whether the caller's name is looked up for calls to its numbers."""
        return True

    @property
    def category(self) -> str:
        """The system_config category of its configuration."""
        return f"{CATEGORY}.{self.name.removeprefix('knm_')}"

    def setting(self, name: str) -> Any:
        """Return the value of one of its `keys`, as the zone's node sees it."""
        key = next(each for each in self.keys if each.name == name)
        found = self._settings.get(name, system_config.MISSING)
        if found is system_config.MISSING:
            found = system_config.get(self.zone, self.category, name, key.default)
        # Kazoo reads flags with get_is_true: whatever is not true is false.
        return is_true(found) if key.type == "flag" else found

    @property
    def missing(self) -> list[str]:
        """The names of the required keys that hold nothing."""
        return [key.name for key in self.keys if key.required and not self.setting(key.name)]

    def search(self, query: Query) -> Iterator[Found]:
        """Yield numbers that can be acquired."""
        del query
        return iter(())

    def check(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return what the carrier says of each number: available or what keeps it from being so.

        Raises NotOffered where a carrier cannot be asked that, which is nearly everywhere.
        """
        del numbers
        raise NotOffered(carrier=self.name, reason="it cannot be asked about single numbers")

    def acquire(self, number: Document) -> Document:
        """Get the number (its document) from the carrier; return the document as it shall be stored."""
        return number

    def disconnect(self, number: Document) -> Document:
        """Give the number (its document) back to the carrier; return the document as it shall be stored."""
        return number
