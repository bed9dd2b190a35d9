"""What every carrier module offers, and what can go wrong with one.

Source: Kazoo knm_gen_carrier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from kazoo_sup.errors import Declined, Delivered, SupError
from kazoo_sup.kazoo.carriers import countries
from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers.states import DISCOVERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.types import Document, Fields, Json
    from kazoo_sup.zone import Zone

CATEGORY = "number_manager"
"""The system_config category of the number manager; a carrier's own is `number_manager.<carrier>`."""

IN_SERVICE, AVAILABLE, UNAVAILABLE = "in_service", "available", "unavailable"
"""What carriers say of single numbers: of the account's own, of those that can be had, and of others."""


class CarrierError(SupError):
    """{carrier}: {reason}"""

    carrier: str
    reason: str = ""
    status: int | None = None
    """Of HTTP, where the carrier answered with an error."""
    content: bytes = b""
    """What it answered."""
    delivered: Delivered = Delivered.YES


class CarrierLacks(CarrierError, Declined):
    """{carrier} does not offer this: {reason}"""


class NotConfigured(CarrierError, Declined):
    """{carrier} is not configured: {keys} missing in system_config {category}; see sup {carrier} configure"""

    remedy = "sup {carrier} configure stores what is missing"

    keys: str
    category: str


class ProvisioningDisabled(CarrierError, Declined):
    """{carrier} neither orders nor returns numbers: enable_provisioning is false in system_config {category}"""

    remedy = "sup kapps_config set_default {category} enable_provisioning true"

    category: str


class CarrierRefused(CarrierError):
    """{carrier} refused {number}: {reason}"""

    number: str


class NotAvailable(CarrierError):
    """{carrier} has no {number} to give: {reason}"""

    number: str


class NoSuchOrder(CarrierError):
    """{carrier} knows no order {order} of the account"""

    order: str


class NotOnAccount(CarrierError):
    """{carrier}: {number} is not on the account"""

    number: str


class CarrierUnreadable(CarrierError):
    """{carrier} answered what cannot be read: {reason}"""


class OrderNotPlaced(CarrierError):
    """{carrier}: {reason}; it was asked after that and does not hold {number} for us, so nothing was {done}"""

    number: str
    done: str


class OrderUnknown(CarrierError):
    """{carrier}: {reason}; whether {number} was {done} is unknown{lookup}. {check}, before you try again: {forget}"""

    number: str
    done: str
    lookup: str
    check: str
    forget: str


@dataclass(frozen=True, slots=True)
class Key:
    """A documented key of a carrier's configuration.

    `type` is text, flag, number, whole (a whole number from 1 on), url, or texts (one text or a list of them). A
    `required` one must be there before the carrier can be asked anything. The value of a `secret` one is never shown.
    Where there are `choices` it is one of them.
    """

    name: str
    help: str
    type: str = "text"
    default: Json = ""
    secret: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for.

    prefix: how the numbers begin, `+` and country code included
    quantity: how many to return at most
    country: ISO 3166-1 alpha-2; "" for that of the prefix
    account: the id of the account that searches; carriers of stored numbers find none without
    reseller: the id of its reseller
    offset: how many of the first to pass over
    blocks: ask for at most that many blocks of QUANTITY numbers, where the carrier has blocks; 0 for single numbers
    city, state, rate_center: where the numbers are
    kind: local, toll_free, mobile, national or shared_cost
    features: what the numbers must be capable of
    best_effort: take numbers of neighbouring areas as well
    """

    prefix: str
    quantity: int = 1
    country: str = ""
    account: str | None = None
    reseller: str | None = None
    offset: int = 0
    blocks: int = 0
    city: str = ""
    state: str = ""
    rate_center: str = ""
    kind: str = ""
    features: tuple[str, ...] = ()
    best_effort: bool = False

    @property
    def nation(self) -> str:
        """The country that is searched."""
        return self.country or countries.of_prefix(self.prefix)

    @property
    def criteria(self) -> frozenset[str]:
        """What is asked for that not every carrier can search by."""
        return frozenset(name for name in CRITERIA if getattr(self, name))


CRITERIA = ("city", "state", "rate_center", "kind", "features", "best_effort")


@dataclass(frozen=True, slots=True)
class Found:
    """A number that can be acquired; the costs are None where the carrier names none, the currency is "" then."""

    number: str
    module_name: str
    state: str = DISCOVERY
    carrier_data: Document = field(default_factory=dict)
    activation_charge: float | None = None
    monthly: float | None = None
    currency: str = ""


class Carrier:
    """A carrier module.

    `is_local`: its numbers are local to this system. `is_billable`: they are billed. `longest_prefix`: the digits of a
    prefix that a search makes use of. `vanishes`: a number is deleted when it is released. `gives_up`: disconnecting
    hands the number back, so that it is nobody's afterwards. `deprecated`: what to use in its place.
    `outdated`: what is no longer as its configuration has it, and what to do. `criteria`: what it can search by, of
    `CRITERIA`.
    """

    name: str
    is_local: ClassVar[bool] = False
    is_billable: ClassVar[bool] = True
    longest_prefix: ClassVar[int] = 3
    keys: ClassVar[tuple[Key, ...]] = ()
    vanishes: ClassVar[bool] = False
    gives_up: ClassVar[bool] = False
    deprecated: ClassVar[str] = ""
    outdated: str = ""
    criteria: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, zone: Zone, settings: Fields | None = None) -> None:
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

    def setting(self, name: str) -> Json:
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

    def country_codes(self) -> tuple[str, ...]:
        """Return the country codes, with +, of the numbers that it can search; none where it can search any."""
        return ()

    def refuse_unsearchable(self, query: Query) -> None:
        """Raise CarrierLacks for a search that the carrier cannot make, before it is asked.

        It would answer with numbers that are not those which are looked for.
        """
        if query.country and not countries.begins_with(query.country, query.prefix):
            reason = f"no number of {query.country} begins with {query.prefix}"
            raise CarrierLacks(carrier=self.name, reason=reason)
        codes = self.country_codes()
        if codes and dialcode(query.prefix) not in codes:
            reason = f"it has no numbers that begin with {query.prefix}, only with {', '.join(codes)}"
            raise CarrierLacks(carrier=self.name, reason=reason)
        strange = sorted(query.criteria - self.criteria)
        if strange:
            raise CarrierLacks(carrier=self.name, reason=f"it cannot search by {', '.join(strange)}")

    def search(self, query: Query) -> Iterator[Found]:
        """Yield numbers that can be acquired."""
        del query
        return iter(())

    def check(self, numbers: Sequence[str]) -> dict[str, str]:
        """Return what the carrier says of each number: available or what keeps it from being so.

        Raises CarrierLacks where a carrier cannot be asked that, which is nearly everywhere.
        """
        del numbers
        raise CarrierLacks(carrier=self.name, reason="it cannot be asked about single numbers")

    def acquire(self, number: Document) -> Document:
        """Get the number (its document) from the carrier; return the document as it shall be stored."""
        return number

    def disconnect(self, number: Document) -> Document:
        """Let the number (its document) go when an account releases it; return the document as it shall be stored.

        Some carriers get it back then, as in Kazoo, others keep it on the system's account.
        """
        return number

    def give_back(self, number: Document) -> Document:
        """Give the number back to the carrier, where that can be told; return the document as it shall be stored."""
        return self.disconnect(number)
