"""FreeSWITCH servers and their SIP gateways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.freeswitch import event_sockets, questions
from kazoo_sup.kazoo.freeswitch.gateways import Condition, condition
from kazoo_sup.kazoo.zone.health.health import Health, State
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import known
from kazoo_sup.types import Row

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.esl import EventSocket
    from kazoo_sup.zone import Zone

COMPONENT = "freeswitch"
GATEWAYS = "gateways"

_ALMOST = 0.9
_BUSY = 10.0  # percent of a CPU that is idle

Answer = tuple[Row, Sequence[Row]]
"""What the server says of itself, and its gateways."""


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each FreeSWITCH of the settings."""
    return [
        Probe(COMPONENT, name, partial(_ask, zone, name, server), partial(judge, name))
        for name, server in known(zone, COMPONENT).items()
    ]


def judge(name: str, answer: Answer) -> Iterator[Health]:
    """Yield how the server is and, where it has any, how its gateways are."""
    status, gateways = answer
    yield _server(name, status)
    if gateways:
        yield _gateways(name, gateways)


def in_trouble(gateways: Sequence[Row]) -> dict[Condition, list[str]]:
    """Return the gateways to which no calls go, or may not, by why, each with its name and its state."""
    found: dict[Condition, list[str]] = {}
    for row in gateways:
        if (is_so := condition(row)) is not Condition.UP:
            found.setdefault(is_so, []).append(f"{row['gateway'].rpartition('::')[2]} {_state(row)}")
    return found


def _ask(zone: Zone, name: str, server: Server) -> Answer:
    def talk(connected: EventSocket) -> Answer:
        return questions.status(connected), questions.gateway_rows(connected)

    return event_sockets.converse(zone, [(name, server)], talk).given[name]


def _server(name: str, status: Row) -> Health:
    sessions, most = status["sessions"], status["max"]
    idle = float(status["idle_cpu"]) if status["idle_cpu"] else None
    load = (
        "sessions unknown" if sessions is None else f"{sessions} of {most} sessions" if most else f"{sessions} sessions"
    )
    state, wrong = State.OK, ""
    if status["state"].startswith("not ready"):
        state, wrong = State.CRITICAL, "not ready, "
    elif most and sessions is not None and sessions >= most:
        state, wrong = State.CRITICAL, "full, "
    elif status["state"] != "ready":
        state, wrong = State.WARNING, f"{status['state']}, "
    elif most and sessions is not None and sessions >= _ALMOST * most:
        state, wrong = State.WARNING, "almost full, "
    elif idle is not None and idle < _BUSY:
        state, wrong = State.WARNING, f"only {idle:g}% of its CPU idle, "
    elif status.get("unknown"):
        state, wrong = State.UNKNOWN, f"{' and '.join(status['unknown'])} not known, "
    version = str(status["version"] or "").split()[:1]
    about = [*version, *([f"up {status['uptime']}"] if status["uptime"] else []), load]
    return Health(COMPONENT, name, state, wrong + ", ".join(about), status)


def _gateways(name: str, gateways: Sequence[Row]) -> Health:
    troubled = in_trouble(gateways)
    count = sum(map(len, troubled.values()))
    states = {row["gateway"]: _state(row) for row in gateways}
    summary = f"{len(gateways) - count} of {len(gateways)} up"
    if not troubled:
        return Health(GATEWAYS, name, State.OK, summary, states)
    named = ", ".join(each for names in troubled.values() for each in names)
    state = State.WARNING
    if len(troubled.get(Condition.DOWN, [])) == len(gateways):
        state = State.CRITICAL
    elif set(troubled) == {Condition.UNKNOWN}:
        state = State.UNKNOWN
    return Health(GATEWAYS, name, state, f"{summary}; {named}", states)


def _state(row: Row) -> str:
    """Return a gateway's registration, and whether calls go there where that says something else."""
    state, status = str(row.get("state") or "unknown"), row.get("status")
    if condition(row) is Condition.UNKNOWN:
        return f"{state}, whether it answers is not known"
    return f"{state}, {status}" if status == "DOWN" else state
