"""HAProxy, which stands before CouchDB on every Kazoo node: how it is asked, and what its answers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.servers import called

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.haproxy import StatsSocket
    from kazoo_sup.zone import Zone

KIND = "haproxy"

_SLACK = 5.0


def connect(zone: Zone, name: str, server: Server) -> StatsSocket:
    """Return the stats socket of one server, which connects for each command again."""
    from kazoo_sup.transports.haproxy import StatsSocket

    times = zone.settings.timeouts
    return StatsSocket(called(KIND, name), server.url, times.connect, times.read, zone.settings.limits)


def patience(zone: Zone, commands: int = 1) -> float:
    """Return the seconds after which a server that is asked so many COMMANDS has hung."""
    times = zone.settings.timeouts
    return commands * (times.connect + times.read) + _SLACK
