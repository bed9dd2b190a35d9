"""Acquiring stored numbers from their carriers and giving them back, and storing what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.carriers import choice, known, of
from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now, without_revision
from kazoo_sup.kazoo.numbers import phone_number
from kazoo_sup.kazoo.numbers.states import AVAILABLE, DISCOVERY, RELEASED
from kazoo_sup.messages.names import number_database, plain

if TYPE_CHECKING:
    from kazoo_sup.changes import Tally
    from kazoo_sup.kazoo.carriers.base import Carrier
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_OF_THE_CARRIER = ("pvt_module_name", "pvt_carrier_data")


class NotToAcquire(SupError):
    """{number} is {state} already, of {carrier}: only numbers in discovery or not stored yet are acquired"""

    number: str
    state: str
    carrier: str


class NotToDisconnect(SupError):
    """{number} is not disconnected: {reason}"""

    number: str
    reason: str


class NotStored(SupError):
    """{number} was {done} at {carrier}, but its document was not saved: {reason}; do not have it {done} again"""

    number: str
    done: str
    carrier: str
    reason: str


def acquire(zone: Zone, number: str, module_name: str | None) -> Tally:
    """Get a number from its carrier and store it as available, to be had by every account.

    module_name: the carrier of a number that is not stored yet; without one, the default carrier

    Raises NotToAcquire for a number that is here already, a CarrierError when the carrier does not give it.
    """
    database = _database(number)
    stored = zone.couchdb.get(plain(database), number)
    if stored is not None and stored.get("pvt_state") != DISCOVERY:
        carrier_name, state = stored.get("pvt_module_name", "knm_local"), stored.get("pvt_state", "stored")
        raise NotToAcquire(number=number, state=state, carrier=carrier_name)
    name = known(module_name) if module_name else (stored or {}).get("pvt_module_name") or choice.default(zone)
    carrier = of(zone, name)
    if isinstance(carrier, HttpCarrier):
        zone.run.confirm(f"order {number} from {carrier.title}, which may cost something")
    acquired = carrier.acquire(_available(stored, number, carrier))

    def updated(found: Document | None) -> Document:
        if found is None or found.get("pvt_state") == DISCOVERY:
            return {**(found or {}), **without_revision(acquired)}
        # Somebody has taken it meanwhile: it stays theirs.
        return {**found, **{name: acquired[name] for name in _OF_THE_CARRIER if name in acquired}}

    return _store(zone, Change(database, acquired, stored, updated), carrier, "acquired")


def disconnect(zone: Zone, number: str) -> Tally:
    """Give a number that nobody has back to its carrier.

    One that vanishes when released is deleted; one whose carrier took it back becomes `released`; any other stays as
    the carrier module leaves it. Raises NotToDisconnect for a number that is assigned, reserved or not stored, a
    CarrierError when the carrier does not take it.
    """
    database = _database(number)
    stored = zone.couchdb.get(plain(database), number)
    if stored is None:
        raise NotToDisconnect(number=number, reason=f"it is not in {plain(database)}")
    if stored.get("pvt_assigned_to"):
        reason = f"it is assigned to account {stored['pvt_assigned_to']}, which has to release it first"
        raise NotToDisconnect(number=number, reason=reason)
    carrier = of(zone, stored.get("pvt_module_name", "knm_local"))
    zone.run.confirm(f"give {number} back to {carrier.name}")
    left = carrier.give_back(stored)
    if not (carrier.gives_up or carrier.vanishes) and isinstance(carrier, HttpCarrier):
        zone.run.warn(f"{carrier.name} is not told: {carrier.title} keeps {number} on your account")

    def updated(found: Document | None) -> Document:
        if found is None or found.get("pvt_assigned_to"):
            raise NotToDisconnect(number=number, reason="somebody deleted or acquired it meanwhile")
        return {**found, "pvt_state": RELEASED, "pvt_modified": now()} if carrier.gives_up else found

    if carrier.vanishes:
        return _store(zone, Change(database, None, stored), carrier, "returned")
    if carrier.gives_up:
        left = {**left, "pvt_state": RELEASED, "pvt_modified": now()}
    return _store(zone, Change(database, left, stored, updated), carrier, "returned")


def _store(zone: Zone, change: Change, carrier: Carrier, done: str) -> Tally:
    """Save what became of a number; that it happened at the carrier must not get lost when that fails."""
    try:
        views.ensure_database(zone, change.database)
        tally = changes.apply(zone, [change])
        if tally.errors and isinstance(carrier, HttpCarrier):
            raise tally.errors[0]
    except SupError as error:
        if not isinstance(carrier, HttpCarrier):
            raise
        raise NotStored(number=change.id, done=done, carrier=carrier.title, reason=str(error)) from error
    return tally


def _database(number: str) -> str:
    database = number_database(number)
    if database is None:
        raise NotToAcquire(number=number, state="too short", carrier="no carrier")
    return database


def _available(stored: Document | None, number: str, carrier: Carrier) -> Document:
    """Return the number as an available one of its carrier."""
    found = phone_number.read(stored) if stored else phone_number.new(number, AVAILABLE, carrier.name)
    return found.carried_by(carrier.name).changed(state=AVAILABLE).document()
