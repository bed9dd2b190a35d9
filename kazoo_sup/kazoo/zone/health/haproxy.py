"""HAProxy servers and their backends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.haproxy import connect, statistics
from kazoo_sup.kazoo.zone.health.health import Health, State, count
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

COMPONENT = "haproxy"
BACKEND = "backend"


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each HAProxy of the settings."""
    return [
        Probe(COMPONENT, name, partial(_ask, zone, name, server), partial(judge, name))
        for name, server in known(zone, COMPONENT).items()
    ]


def judge(name: str, stats: Sequence[statistics.Stat]) -> Iterator[Health]:
    """Yield how the server itself is, by its frontends, and how each of its backends is."""
    proxies = list(statistics.proxies(stats))
    frontends = [row for row in proxies if row["kind"] == "frontend"]
    closed = [row["proxy"] for row in frontends if row["status"] != "OPEN"]
    full = [row["proxy"] for row in frontends if row["limit"] and (row["sessions"] or 0) >= row["limit"]]
    sessions = sum(row["sessions"] or 0 for row in frontends)
    troubles = [f"{proxy} does not listen" for proxy in closed] + [f"{proxy} is full" for proxy in full]
    untold = [
        f"{row['proxy']} does not tell its sessions and their limit"
        for row in frontends
        if row["sessions"] is None or row["limit"] is None
    ]
    summary = ", ".join([count(len(frontends), "frontend"), count(sessions, "session"), *troubles, *untold])
    state = State.WARNING if troubles else State.UNKNOWN if untold else State.OK
    yield Health(COMPONENT, name, state, summary, {"sessions": sessions})
    for row in proxies:
        if row["kind"] == "backend" and row["servers"]:
            yield _backend(name, row["proxy"], [stat for stat in stats if _is_server_of(stat, row["proxy"])])


def _ask(zone: Zone, name: str, server: Server) -> list[statistics.Stat]:
    return statistics.read(connect(zone, name, server))


def _is_server_of(stat: statistics.Stat, backend: str) -> bool:
    return stat["type"] == statistics.SERVER and stat["pxname"] == backend


def _backend(name: str, backend: str, servers: Sequence[statistics.Stat]) -> Health:
    down = [stat for stat in servers if not statistics.is_up(stat)]
    summary = f"{len(servers) - len(down)} of {len(servers)} servers up"
    state = State.OK
    if down:
        summary += "; " + ", ".join(map(_told, down))
        state = State.CRITICAL if len(down) == len(servers) else State.WARNING
    return Health(BACKEND, f"{name}/{backend}", state, summary, {stat["svname"]: stat["status"] for stat in servers})


def _told(stat: statistics.Stat) -> str:
    """Return the state of a server that gets nothing; where that is up, its weight is the reason."""
    weightless = ", weight 0" if stat.get("weight") == "0" else ""
    return f"{stat['svname']} {stat['status']}{weightless}"
