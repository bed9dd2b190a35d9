"""What keeps carrier modules from working, now or soon: read off their settings, and from one harmless request each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import Delivered, ServerUnreachable, SupError, TimedOut
from kazoo_sup.kazoo.carriers import ALL, STUBS, of
from kazoo_sup.kazoo.carriers.base import Carrier, CarrierError, CarrierLacks, CarrierUnreadable
from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
from kazoo_sup.kazoo.carriers.knm_bandwidth2 import ENDS as BANDWIDTH_ENDS
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.zone.health.health import State
from kazoo_sup.kazoo.zone.servers import ask_all

if TYPE_CHECKING:
    from kazoo_sup.types import Json
    from kazoo_sup.zone import Zone

_SERVER_ERROR, _TOO_MANY = 500, 429

_FOR_ORDERS = {
    "knm_bandwidth": ("endpoints",),
    "knm_bandwidth2": ("site_id", "sip_peer"),
    "knm_other": ("endpoints",),
    "knm_telnyx": ("connection_id",),
    "knm_vitelity": ("routesip",),
    "knm_voip_innovations": ("endpoint_group",),
}
"""The settings that say where calls to ordered numbers go."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a module, how bad it is, and a command that helps."""

    state: State
    found: str
    do: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A module, what is said of it where nothing is wrong, and what is wrong."""

    module: str
    good: str
    complaints: tuple[Complaint, ...] = ()


def verify(zone: Zone, modules: Sequence[str], enabled: Sequence[str], seconds: float) -> list[Verified]:
    """Return, for each of MODULES, what is wrong with it; those that can be asked are asked, for SECONDS at most.

    Nothing is wrong with one that has no settings and is not among the ENABLED. Unknown names are reported.
    """
    # Carriers warn of some of this themselves, of each request; here it is a finding.
    quiet = zone.with_run(zone.run._replace(warn=lambda sentence: None))
    found: dict[str, Verified] = {}
    asked: list[tuple[str, HttpCarrier]] = []
    for name in modules:
        carrier = of(quiet, name) if name in ALL and name not in STUBS else None
        found[name] = _by_settings(name, carrier, is_enabled=name in enabled)
        if isinstance(carrier, HttpCarrier) and not carrier.missing and not _no_addresses(carrier):
            asked.append((name, carrier))
    for name, answer in ask_all(asked, lambda _name, carrier: _asked(carrier), seconds):
        complaint = _of_error(name, answer) if isinstance(answer, SupError) else answer
        if complaint is not None:
            found[name] = replace(found[name], complaints=(*found[name].complaints, complaint))
    return list(found.values())


def _by_settings(name: str, carrier: Carrier | None, *, is_enabled: bool) -> Verified:
    if carrier is None:
        reason = "is only a name" if name in STUBS else "there is no such carrier module"
        if name in STUBS and not is_enabled:
            return Verified(name, "it is only a name, as in Kazoo, and is not enabled")
        return Verified(name, "", (Complaint(State.WARNING, f"it is enabled, and {reason}", _disable(name)),))
    if not isinstance(carrier, HttpCarrier):
        good = "its numbers are this system's own" if carrier.is_local else "its numbers are stored here"
        old = (Complaint(State.WARNING, carrier.outdated, _disable(name)),) if carrier.outdated else ()
        return Verified(name, good, old if is_enabled else ())
    if carrier.missing and not is_enabled:
        return Verified(name, "it has no settings, and is not enabled")
    return Verified(name, "it answers, and takes the settings", tuple(_complaints(name, carrier)))


def _complaints(name: str, carrier: HttpCarrier) -> Iterator[Complaint]:
    if carrier.missing:
        found = f"it is without {', '.join(carrier.missing)}: every search asks it in vain"
        yield Complaint(State.WARNING, found, f"sup {name} configure, or {_disable(name)}")
    if carrier.deprecated:
        found = f"its interface is outdated, {carrier.deprecated} takes its place"
        yield Complaint(State.WARNING, found, f"sup {carrier.deprecated} configure, then {_disable(name)}")
    if carrier.outdated:
        found, _, do = carrier.outdated.partition(": ")
        over = name == "knm_bandwidth2" and _today() >= BANDWIDTH_ENDS
        yield Complaint(State.CRITICAL if over else State.WARNING, found, do)
    if not carrier.missing:
        yield from _without_destination(name, carrier)
    yield from _in_a_sandbox(name, carrier)
    for key in _no_addresses(carrier):
        found = f"{key} is no address: it must read http://host/path or https://host/path"
        yield Complaint(State.CRITICAL, found, f"sup {name} configure {key}=https://…")
    yield from _in_the_open(name, carrier)


def _without_destination(name: str, carrier: HttpCarrier) -> Iterator[Complaint]:
    unset = [key for key in _FOR_ORDERS.get(name, ()) if not _stored(carrier, key)]
    if unset:
        found = (
            f"{' and '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set: calls to ordered numbers go nowhere"
        )
        yield Complaint(State.WARNING, found, f"sup {name} configure")


def _in_a_sandbox(name: str, carrier: HttpCarrier) -> Iterator[Complaint]:
    keys = {key.name for key in carrier.keys}
    if "sandbox_provisioning" not in keys or not carrier.setting("sandbox_provisioning"):
        return
    if name == "knm_voip_innovations":
        found = "sandbox_provisioning is on: it speaks to the carrier's sandbox, whose numbers are not real"
    elif not carrier.setting("enable_provisioning"):
        found = "sandbox_provisioning is on, and enable_provisioning off: orders only seem to succeed"
    else:
        return
    off = "enable_provisioning=true sandbox_provisioning=false"
    yield Complaint(State.WARNING, found, f"sup {name} configure {off}")


def _in_the_open(name: str, carrier: HttpCarrier) -> Iterator[Complaint]:
    """Complain of an address without TLS that is not this machine's own."""
    if carrier.missing or not carrier.url().startswith("http://"):
        return
    for key, address in _addresses(carrier).items():
        host = _host(address)
        if address.startswith("http://") and host and not (host in ("localhost", "::1") or host.startswith("127.")):
            found = f"{key} is an address without TLS: anybody on the way can read along"
            do = f"sup {name} configure {key}=https{address.removeprefix('http')}"
            yield Complaint(State.WARNING, found, do)


def _no_addresses(carrier: HttpCarrier) -> list[str]:
    """Return the keys whose value shall be a URL and is none; whoever edits the document by hand may store any."""
    return [key for key, address in _addresses(carrier).items() if not _host(address)]


def _addresses(carrier: HttpCarrier) -> dict[str, str]:
    found = {key.name: carrier.setting(key.name) for key in carrier.keys if key.type == "url"}
    return {key: str(value) for key, value in found.items() if value}


def _host(address: str) -> str:
    """Return the host of a URL; nothing where it is none."""
    try:
        parts = urlsplit(address)
        _port = parts.port  # read only now: it may be no number
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in ("http", "https") else ""


def _asked(carrier: HttpCarrier) -> Complaint | None:
    try:
        carrier.verify()
    except CarrierLacks:
        return None
    except SupError as error:
        return _of_error(carrier.name, error)
    return None


def _of_error(name: str, error: SupError) -> Complaint:
    """Tell a refusal, which a setting mends, from what only leaves open how it is."""
    status = error.status if isinstance(error, CarrierError) else None
    down = isinstance(status, int) and (status >= _SERVER_ERROR or status == _TOO_MANY)
    unclear = isinstance(error, TimedOut | CarrierUnreadable) or isinstance(
        error.__cause__, ServerUnreachable | TimedOut
    )
    reason = error.reason or str(error)
    if down or unclear or error.delivered is Delivered.MAYBE:
        return Complaint(
            State.UNKNOWN, f"its state could not be found out: {reason}", f"sup knm_carriers verify {name}"
        )
    return Complaint(State.CRITICAL, f"it refuses to be asked: {reason}", f"sup {name} configure --verify")


def _stored(carrier: Carrier, key: str) -> Json:
    return system_config.get(carrier.zone, carrier.category, key, None)


def _disable(name: str) -> str:
    return f"sup knm_carriers disable {name}"


def _today() -> date:
    return datetime.now(UTC).date()
