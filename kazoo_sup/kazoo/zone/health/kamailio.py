"""Kamailio servers and the dispatcher sets among which they share out requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.kamailio import Ask, dispatcher, each_server, health, optional
from kazoo_sup.kazoo.zone.health.health import Health, State
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import known
from kazoo_sup.transports.kamailio.failures import KamailioRefused
from kazoo_sup.types import Fields, Row

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

COMPONENT = "kamailio"
DISPATCHER = "dispatcher"

_FULL = 90  # percent of the shared memory
_IN_USE = ("active", "trying")

Answer = tuple[Fields, Sequence[Row] | None]
"""The row of `health.status`, and the dispatcher's destinations; None where there is no dispatcher."""


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each Kamailio of the settings."""
    return [Probe(COMPONENT, name, partial(_ask, zone, name), partial(judge, name)) for name in known(zone, COMPONENT)]


def judge(name: str, answer: Answer) -> Iterator[Health]:
    """Give how the server is and how each set of its dispatcher is."""
    status, destinations = answer
    used = int(str(status["shared_memory_used"]).rstrip("%"))
    registered = status["registered"]
    about = [str(status["version"]), f"up {status['uptime']}", f"{used}% of shared memory"]
    about += [] if registered is None else [f"{registered} users"]
    state = State.WARNING if used >= _FULL else State.OK
    if destinations is not None and not destinations:
        state, about = State.WARNING, [*about, "its dispatcher has no destination"]
    yield Health(COMPONENT, name, state, ", ".join(about), status)
    for number, found in groupby(destinations or (), key=lambda row: row["set"]):
        yield _set(name, number, list(found))


def _ask(zone: Zone, name: str) -> Answer:
    def both(ask: Ask) -> Answer:
        return health.status(ask), _destinations(ask)

    return each_server(zone, name, both).given[name]


def _destinations(ask: Ask) -> list[Row] | None:
    try:
        listed = optional(ask, "dispatcher.list")
    except KamailioRefused:  # it has no set
        return []
    return None if listed is None else list(dispatcher.rows(listed))


def _set(name: str, number: int, destinations: Sequence[Row]) -> Health:
    """Judge a set: without a destination in use it is critical, unless it only backs another one up."""
    role = dispatcher.KAZOO_SETS.get(number)
    unused = [row for row in destinations if not str(row["state"]).startswith(_IN_USE)]
    summary = f"{len(destinations) - len(unused)} of {len(destinations)} {role or 'destinations'} in use"
    state = State.OK
    if unused:
        state = State.WARNING
        summary += "; " + ", ".join(f"{row['destination']} {row['state']}" for row in unused)
    if len(unused) == len(destinations) and "backup" not in (role or ""):
        state = State.CRITICAL
    states = {str(row["destination"]): row["state"] for row in destinations}
    return Health(DISPATCHER, f"{name} set {number}", state, summary, states)
