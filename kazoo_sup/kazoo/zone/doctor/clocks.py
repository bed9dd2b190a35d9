"""Clock skew: whose clock is not where the others' are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.errors import ServerRefused, SupError
from kazoo_sup.kazoo.freeswitch import event_sockets
from kazoo_sup.kazoo.freeswitch.replies import Unclear
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State
from kazoo_sup.kazoo.zone.health.probes import Probe, understood
from kazoo_sup.kazoo.zone.servers import ask_all, known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.net import Tls
    from kazoo_sup.zone import Zone

CHECK = "clocks"
HERE = "this host"

_TOLERATED = 2.0
_MUCH = 30.0
"""Seconds: where tokens, records of calls and the order of events get wrong."""

_HALF_A_SECOND = 0.5  # who tells whole seconds is, on average, so much further


class Reading(NamedTuple):
    """How many seconds a clock is ahead of this host's, give or take so many."""

    ahead: float
    uncertain: float


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the clocks of all servers that tell the time; each has so many SECONDS."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(readings: Mapping[str, Reading | SupError]) -> Iterator[Finding]:
    """Yield the clocks that are off from what most of them, this host's too, say, and those that nobody told of."""
    told = {name: each for name, each in readings.items() if isinstance(each, Reading)}
    clocks = {HERE: Reading(0.0, 0.0), **told}
    if not told:
        yield Finding(CHECK, State.UNKNOWN, "", "no server told the time")
        return
    most = median(reading.ahead for reading in clocks.values())
    off = {
        name: reading.ahead - most
        for name, reading in clocks.items()
        if abs(reading.ahead - most) - reading.uncertain > _TOLERATED
    }
    for name, seconds in off.items():
        state = State.CRITICAL if abs(seconds) > _MUCH else State.WARNING
        found = f"its clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the others"
        yield Finding(
            CHECK, state, name, found, "timedatectl set-ntp true there; chronyc tracking shows whether it helps"
        )
    untold = {name: str(each) for name, each in readings.items() if isinstance(each, SupError)}
    for name, reason in untold.items():
        yield Finding(CHECK, State.UNKNOWN, name, f"it did not tell the time: {reason}", "sup zone status")
    if not off and not untold:
        yield good(CHECK, f"{len(clocks)} clocks agree within {_TOLERATED:g} s")


def reading(told: float, before: float, after: float) -> Reading:
    """Return what a server's whole second says that was asked for BEFORE and had AFTER, by this host's clock."""
    return Reading(told + _HALF_A_SECOND - (before + after) / 2, _HALF_A_SECOND + (after - before) / 2)


def epoch(answer: str) -> int:
    """Return what FreeSWITCH's `strepoch` says, seconds since 1970; raises Unclear."""
    if not answer.strip().isdecimal():
        raise Unclear("it is not a number of seconds")
    return int(answer)


def _collect(zone: Zone, seconds: float) -> dict[str, Reading | SupError]:
    coordinators, apis = zone.settings.couchdb_tls, zone.settings.amqp_tls
    asked: list[tuple[str, Callable[[], Reading]]] = [
        (f"couchdb {urlsplit(server.url).netloc}", partial(_date, zone, server, coordinators))
        for server in zone.settings.couchdb
    ]
    asked += [
        (f"rabbitmq {name}", partial(_date, zone, server, apis)) for name, server in known(zone, "rabbitmq_api").items()
    ]
    asked += [
        (f"freeswitch {name}", partial(_epoch, zone, name, server))
        for name, server in known(zone, "freeswitch").items()
    ]
    answers = dict(ask_all(asked, lambda _name, ask: understood(ask), seconds))
    return {name: answers[name] for name, _ in asked}


def _date(zone: Zone, server: Server, tls: Tls) -> Reading:
    """Read the date of an answer (RFC 9110, 6.6.1)."""
    from kazoo_sup.transports.http import HTTP, Place, Timeouts

    times = zone.settings.timeouts
    login = (server.username, server.password or "") if server.username else None
    http = HTTP(
        Place(server.url, "server", login),
        timeouts=Timeouts(times.connect, times.read, retry=0, whole=60.0),
        limits=zone.settings.limits,
        tls=tls,
    )
    before = time.time()
    try:
        answer = http.request("GET", "/")
    finally:
        http.close()
    try:
        told = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        raise ServerRefused(server="server", status=answer.status, request="GET /", reason="it has no date") from None
    return reading(told, before, time.time())


def _epoch(zone: Zone, name: str, server: Server) -> Reading:
    before = time.time()
    told = event_sockets.read(zone, [(name, server)], "strepoch", epoch).given[name]
    return reading(told, before, time.time())
