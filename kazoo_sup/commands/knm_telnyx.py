"""Telnyx, a carrier of the number manager: its configuration, orders, reservations and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kazoo_sup import changes
from kazoo_sup.arguments.numbers import E164
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.carriers import configuration
from kazoo_sup.kazoo.carriers.configuration import COLUMNS
from kazoo_sup.kazoo.carriers.knm_telnyx import NUMBER_SETTINGS, Telnyx
from kazoo_sup.results import Listing
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone

_ORDER = ("id", "status", "phone_numbers", "requirements_met", "customer_reference", "created_at")
_RESERVATION = ("id", "status", "phone_numbers", "expired_at", "created_at")
_CONNECTION = ("id", "connection_name", "active", "record_type")
_NUMBER = ("phone_number", "id", "status", *NUMBER_SETTINGS, "emergency_enabled", "cnam_listing_enabled")


@command
def configure(zone: Zone, *settings: str, verify: bool = False) -> Listing:
    """Set SETTINGS, each written KEY=VALUE, or ask for every key; show all of them then, secrets masked.

    It needs api_key, and connection_id so that calls to ordered numbers arrive; see `sup knm_telnyx connections`. user
    and token, of an interface that Telnyx has retired, are used only while there is no api_key.
    `sup knm_carriers info knm_telnyx` lists all keys. KEY= removes a key. The value of a secret is `-`, to be
    asked for or read from standard input, or @FILE. With --verify the carrier is asked whether it accepts all that,
    and has the connection, before anything is stored; without SETTINGS it is asked about what is stored.
    """
    return Listing(COLUMNS, configuration.configure(zone, "knm_telnyx", settings, verify=verify))


@command
def connections(zone: Zone) -> Listing:
    """List the account's connections; the id of one is the setting connection_id."""
    return Listing(_CONNECTION, _rows(_CONNECTION, Telnyx(zone).connections()))


@command
def orders(zone: Zone, status: str = "") -> Listing:
    """List the account's orders: all, or those with STATUS, one of pending, success and failure."""
    if status not in ("", "pending", "success", "failure"):
        raise BadArgument(parameter="STATUS", reason=f"{status!r} is none of pending, success and failure")
    return Listing(_ORDER, _rows(_ORDER, Telnyx(zone).orders(status)))


@command
def order(zone: Zone, order_id: str) -> Listing:
    """Show the order ORDER_ID, as the order_id in a number's carrier data: how far it is, and its numbers."""
    return Listing(_ORDER, _rows(_ORDER, [Telnyx(zone).order(order_id)]))


@command
def number(zone: Zone, number: E164, *settings: str) -> Listing:
    """Set SETTINGS of NUMBER, which must be on the account, each written KEY=VALUE; show the number then.

    They are connection_id, messaging_profile_id, billing_group_id and customer_reference; KEY= takes one away.
    """
    wanted: dict[str, str] = {}
    for word in settings:
        key, separator, said = word.partition("=")
        if key not in NUMBER_SETTINGS or not separator:
            reason = f"{key!r} is not a KEY=VALUE of a number: {', '.join(NUMBER_SETTINGS)}"
            raise BadArgument(parameter="SETTINGS", reason=reason)
        if wanted.setdefault(key, said) != said:
            raise BadArgument(parameter="SETTINGS", reason=f"{key} is there twice, with two values")
    carrier = Telnyx(zone)
    if wanted:
        deed = f"set {', '.join(wanted)} of {number} at {carrier.title}"
        changes.act(zone, deed, lambda: carrier.set_number(number, wanted))
    return Listing(_NUMBER, _rows(_NUMBER, [carrier.number(number)]))


@command
def reserve(zone: Zone, number: E164) -> Listing:
    """Reserve NUMBER for half an hour, so that nobody else can order it meanwhile; not all can be reserved."""
    carrier = Telnyx(zone)
    made = changes.act(zone, f"reserve {number} at {carrier.title}", lambda: carrier.reserve(number))
    return Listing(_RESERVATION, _rows(_RESERVATION, [made] if made else []))


@command
def reservations(zone: Zone) -> Listing:
    """List the account's reservations and when they end."""
    return Listing(_RESERVATION, _rows(_RESERVATION, Telnyx(zone).reservations()))


@command
def extend(zone: Zone, reservation_id: str) -> Listing:
    """Extend the reservation RESERVATION_ID by half an hour."""
    carrier = Telnyx(zone)
    deed = f"extend reservation {reservation_id} at {carrier.title}"
    made = changes.act(zone, deed, lambda: carrier.extend(reservation_id))
    return Listing(_RESERVATION, _rows(_RESERVATION, [made] if made else []))


def _rows(columns: Iterable[str], found: Iterable[Row]) -> Iterable[Row]:
    for each in found:
        numbers = [one for one in each.get("phone_numbers") or [] if isinstance(one, Mapping)]
        plain = {
            "phone_numbers": [one.get("phone_number") for one in numbers],
            "expired_at": next((one.get("expired_at") for one in numbers), None),
        }
        yield {name: plain[name] if numbers and name in plain else each.get(name) for name in columns}
