"""FreeSWITCH servers and their SIP gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.freeswitch import asking, replies
from kazoo_sup.kazoo.zone_health.health import Health, State
from kazoo_sup.kazoo.zone_health.probing import Probe
from kazoo_sup.servers import known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

COMPONENT = "freeswitch"
GATEWAYS = "gateways"

_WELL = ("REGED", "NOREG")
_ON_THE_WAY = ("TRYING", "REGISTER")
"""States of a gateway (FreeSWITCH mod_sofia.h, reg_state_t): registered or not to be, and about to be."""

_ALMOST = 0.9
_BUSY = 10.0  # percent of a CPU that is idle

Answer = tuple[Mapping[str, Any], Sequence[Mapping[str, str]]]
"""What `status` says, and the rows of `sofia status gateway`."""


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each FreeSWITCH of the settings."""
    return [
        Probe(COMPONENT, name, partial(_ask, zone, name, server), partial(judge, name))
        for name, server in known(zone, COMPONENT).items()
    ]


def judge(name: str, answer: Answer) -> Iterator[Health]:
    """Give how the server is and, where it has any, how its gateways are."""
    status, gateways = answer
    yield _server(name, status)
    if gateways:
        yield _gateways(name, gateways)


def down(gateways: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Return name and state of the gateways that neither are well nor about to be."""
    return [(row["gateway"], row["state"]) for row in gateways if row["state"].split()[0] not in (*_WELL, *_ON_THE_WAY)]


def _ask(zone: Zone, name: str, server: Server) -> Answer:
    one = [(name, server)]
    status = asking.read(zone, one, "status", replies.status).given[name]
    return status, asking.read(zone, one, "sofia status gateway", replies.table).given[name]


def _server(name: str, status: Mapping[str, Any]) -> Health:
    sessions, most = status["sessions"] or 0, status["max"] or 0
    idle = float(status["idle_cpu"]) if status["idle_cpu"] else None
    load = f"{sessions} of {most} sessions" if most else f"{sessions} sessions"
    state, wrong = State.OK, ""
    if status["state"] != "ready":
        state, wrong = State.CRITICAL, "not ready, "
    elif most and sessions >= most:
        state, wrong = State.CRITICAL, "full, "
    elif most and sessions >= _ALMOST * most:
        state, wrong = State.WARNING, "almost full, "
    elif idle is not None and idle < _BUSY:
        state, wrong = State.WARNING, f"only {idle:g}% of its CPU idle, "
    version = str(status["version"] or "").split()[:1]
    about = [*version, *([f"up {status['uptime']}"] if status["uptime"] else []), load]
    return Health(COMPONENT, name, state, wrong + ", ".join(about), status)


def _gateways(name: str, gateways: Sequence[Mapping[str, str]]) -> Health:
    troubled = down(gateways)
    states = {row["gateway"]: row["state"] for row in gateways}
    summary = f"{len(gateways) - len(troubled)} of {len(gateways)} up"
    if not troubled:
        return Health(GATEWAYS, name, State.OK, summary, states)
    named = ", ".join(f"{gateway.rpartition('::')[2]} {state}" for gateway, state in troubled)
    state = State.CRITICAL if len(troubled) == len(gateways) else State.WARNING
    return Health(GATEWAYS, name, state, f"{summary}; {named}", states)
