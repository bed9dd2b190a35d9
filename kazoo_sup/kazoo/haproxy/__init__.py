"""HAProxy, which stands before CouchDB on every Kazoo node: how it is asked, and what its answers say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.haproxy import StatsSocket
    from kazoo_sup.zone import Zone

_SLACK = 5.0


def connect(zone: Zone, name: str, server: Server) -> StatsSocket:
    """Return the stats socket of one server, which connects for each command anew."""
    from kazoo_sup.transports.haproxy import StatsSocket

    called = "HAProxy" if urlsplit(name).scheme in ("tcp", "unix") else f"HAProxy {name}"
    times = zone.settings.timeouts
    return StatsSocket(called, server.url, times.connect, times.read)


def patience(zone: Zone, commands: int = 1) -> float:
    """Return the seconds after which a server that is asked so many COMMANDS has hung."""
    times = zone.settings.timeouts
    return commands * (times.connect + times.read) + _SLACK
