"""To which account an incoming call to a number goes, and what stepswitch is told of the number then.

Source: Kazoo knm_number:lookup_account/1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import shapes, value_at
from kazoo_sup.kazoo.documents.values import is_empty, is_true
from kazoo_sup.kazoo.numbers import phone_number, planning, port_requests
from kazoo_sup.kazoo.numbers.phone_number import LIKE_LOCAL, LOCAL, PhoneNumber
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

NOT_FOUND = Atom("not_found")
UNASSIGNED = Atom("unassigned")

_CATEGORY = "number_manager"
_ROUTED = ("port_in", "in_service", "port_out", "reserved")
_WITH_OWN_CNAM = "knm_vitelity"


class Unrouted(LookupError):
    """Calls to it go to nobody; the argument is the Erlang term that says why."""

    @property
    def reason(self) -> Json:
        """Kazoo's term: an atom, or a tuple of one and an account."""
        return self.args[0]


@dataclass(frozen=True, slots=True)
class Route:
    """The account (an id) that gets the calls to a number, and the number's properties, as Kazoo names them."""

    account: str
    properties: Document


def look_up(zone: Zone, number: str) -> Route:
    """Return where calls to an E.164 number go.

    Raises Unrouted: not_found, unassigned, {not_in_service, Account} or {account_disabled, Account}.
    """
    stored = planning.read(zone, [number]).get(number)
    if stored is None:
        return _by_port(zone, number)
    found = phone_number.read(stored, system_config.read(zone, _CATEGORY, "available_module_name", LOCAL, shapes.TEXT))
    if is_empty(found.assigned_to):
        raise Unrouted(UNASSIGNED)
    account = str(found.assigned_to)
    if found.state not in _ROUTED:
        raise Unrouted((Atom("not_in_service"), account))
    owner = definition(zone, account)
    if owner is None or not is_true(owner.get("enabled", True)):
        raise Unrouted((Atom("account_disabled"), account))
    return Route(account, _properties(zone, found, account))


def _properties(zone: Zone, number: PhoneNumber, account: str) -> Document:
    features = number.features or {}
    prepend = features.get("prepend")
    return {
        "pending_port": number.state == "port_in",
        "local": number.module_name == LOCAL,
        "number": number.number,
        "account_id": account,
        "prepend": _text(prepend, "name") if is_true(value_at(prepend, ["enabled"])) else None,
        "inbound_cnam": bool(features.get("inbound_cnam")) and _looks_up_names(zone, number.module_name),
        "ringback_media": _text(features.get("ringback"), "early"),
        "transfer_media": _text(features.get("ringback"), "transfer"),
        "force_outbound": _is_forced_out(zone, number),
    }


def _by_port(zone: Zone, number: str) -> Route:
    """Return the account whose port request brings the number here."""
    if not is_true(_setting(zone, "fetch_account_from_ports", default=True)):
        raise Unrouted(NOT_FOUND)
    rows = views.rows_if_any(
        zone, port_requests.DATABASE, "port_requests", "port_in_numbers", key=number, include_docs=True
    )
    accounts = [row["doc"]["pvt_account_id"] for row in rows if value_at(row, ["doc", "pvt_account_id"])]
    if len(accounts) != 1:
        raise Unrouted(NOT_FOUND)
    account = accounts[0]
    facts = {"pending_port": True, "local": True, "number": number, "account_id": account}
    return Route(account, {**facts, "inbound_cnam": False, "force_outbound": True})


def _is_forced_out(zone: Zone, number: PhoneNumber) -> bool:
    """Return whether calls to it from inside leave through a carrier first (Kazoo knm_number:is_force_outbound/3)."""
    local = number.module_name in LIKE_LOCAL and is_true(_setting(zone, "force_local_outbound", default=True))
    if number.state in ("port_in", "port_out"):
        return is_true(_setting(zone, f"force_{number.state}_outbound", default=True)) or local
    if number.module_name in LIKE_LOCAL:
        return local
    forced = (number.features or {}).get("force_outbound")
    return is_true(_setting(zone, "default_force_outbound", default=False) if is_empty(forced) else forced)


def _looks_up_names(zone: Zone, module_name: str) -> bool:
    if module_name != _WITH_OWN_CNAM:
        return True
    return is_true(system_config.get(zone, f"{_CATEGORY}.vitelity", "use_stepswitch_cnam", default=False))


def _text(feature: object, key: str) -> Json:
    found = value_at(feature, [key])
    return None if is_empty(found) else found


def _setting(zone: Zone, key: str, *, default: object) -> Json:
    return system_config.get(zone, _CATEGORY, key, default)
