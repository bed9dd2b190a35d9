"""What the services of features have in common: what goes wrong with one, who calls, and the address in force."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, Delivered, ExitCode, SupError
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierUnreadable, NotConfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

NAMELESS = "Valued Customer"
"""Who calls where neither the address nor the account has a name (Kazoo ?E911_NAME_DEFAULT)."""

_SHORTEST_NAME = 3


class FeatureNotChanged(Declined):
    """{number}: {provider} did not change {feature}: {reason}"""

    number: str
    provider: str
    feature: str
    reason: str


class FeatureUnknown(SupError):
    """{number}: whether {provider} changed {feature} is not known: {reason}; the same command tells it once more"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it tells the service once more"

    number: str
    provider: str
    feature: str
    reason: str


@contextmanager
def telling(provider: str, number: PhoneNumber, feature: str) -> Iterator[None]:
    """Make of what a carrier's interface raises an error that names the number and says whether it is clear.

    Raises FeatureNotChanged or FeatureUnknown; NotConfigured stays as it is.
    """
    try:
        yield
    except NotConfigured:
        raise
    except CarrierError as error:
        unclear = error.delivered is Delivered.MAYBE or isinstance(error, CarrierUnreadable)
        reason = error.reason or str(error)
        kind = FeatureUnknown if unclear else FeatureNotChanged
        raise kind(number=number.number, provider=provider, feature=feature, reason=reason) from error


def address_of(number: PhoneNumber) -> Document | None:
    """Return the emergency address that shall be in force for a number, None for none."""
    found: Json = (number.features or {}).get("e911")
    return found if isinstance(found, dict) and found else None


def with_address(number: PhoneNumber, address: Document) -> PhoneNumber:
    """Return the number with an address as its service has it, which its account sees as well."""
    return number.with_feature("e911", address).changed(public={**(number.public or {}), "e911": address})


def caller_name(zone: Zone, number: PhoneNumber, address: Document) -> str:
    """Return who calls from a number: the address says so, else its account.

    Source: Kazoo knm_providers:e911_caller_name/2.
    """
    if address.get("caller_name"):
        return str(address["caller_name"])
    name = (definition(zone, number.assigned_to) or {}).get("name") if number.assigned_to else None
    return str(name).ljust(_SHORTEST_NAME) if name else NAMELESS
