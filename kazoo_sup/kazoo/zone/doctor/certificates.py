"""Certificates of the servers that are spoken to in TLS, and when they expire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State, count
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import KINDS, ask_all, known
from kazoo_sup.transports.net import Tls

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

CHECK = "certificates"

_SOON = timedelta(days=30)
_VERY_SOON = timedelta(days=7)
_PORTS = {"https": 443, "amqps": 5671}
_RENEW = "renew it, and have the server load it"

Expiry = datetime | SupError | None
"""When a certificate expires, why it cannot be trusted or had, or None where it is not to be verified."""


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the certificates; their servers have so many SECONDS."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), partial(judge, datetime.now(UTC)))]


def judge(moment: datetime, expiries: Mapping[str, Expiry]) -> Iterator[Finding]:
    """Yield which certificates have expired, soon do, or are not trusted, as of MOMENT."""
    fine = 0
    for name, expiry in expiries.items():
        if expiry is None:
            found = "it is not verified (verify: false), and so not looked at"
            yield Finding(CHECK, State.UNKNOWN, name, found, "verify: true in the settings, with ca_file for your own")
        elif isinstance(expiry, SupError):
            reason = expiry.reason or str(expiry)
            state = State.CRITICAL if "certificate" in reason else State.UNKNOWN
            yield Finding(CHECK, state, name, reason, _RENEW if state is State.CRITICAL else "")
        elif expiry - moment < _SOON:
            left = expiry - moment
            state = State.CRITICAL if left < _VERY_SOON else State.WARNING
            found = f"it expires in {count(left.days, 'day')}, on {expiry:%Y-%m-%d}"
            yield Finding(CHECK, state, name, found, _RENEW)
        else:
            fine += 1
    if not expiries:
        yield good(CHECK, "no server of the settings is spoken to in TLS")
    elif fine == len(expiries):
        yield good(CHECK, f"{count(fine, 'certificate')} hold for 30 days or more")


def _collect(zone: Zone, seconds: float) -> dict[str, Expiry]:
    from kazoo_sup.transports.certificates import expiry

    asked = dict(_servers(zone))
    limit = zone.settings.timeouts.connect

    def ask(_name: str, server: tuple[str, int, Tls]) -> datetime | None:
        host, port, tls = server
        return expiry(host, port, tls, limit) if tls.verify else None

    answers = dict(ask_all(list(asked.items()), ask, seconds))
    return {name: answers[name] for name in asked}


def _servers(zone: Zone) -> Iterator[tuple[str, tuple[str, int, Tls]]]:
    """Yield host, port and trust of each server whose URL says TLS."""
    settings = zone.settings
    listed: list[tuple[str, Server, Tls]] = [("couchdb", server, settings.couchdb_tls) for server in settings.couchdb]
    listed += [("broker", server, settings.amqp_tls) for server in settings.brokers]
    for kind in KINDS:
        tls = settings.amqp_tls if kind == "rabbitmq_api" else Tls()
        listed += [(kind, server, tls) for server in known(zone, kind).values()]
    for kind, server, tls in listed:
        parts = urlsplit(server.url)
        if parts.scheme in _PORTS and parts.hostname:
            port = parts.port or _PORTS[parts.scheme]
            yield f"{kind} {parts.netloc}", (parts.hostname, port, tls)
