"""The nodes that a zone's settings and its bus tell of, and how to get to one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kazoo_sup.errors import UsageError
from kazoo_sup.kazoo.live import target
from kazoo_sup.settings.sources import exposed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kazoo_sup.transports.erlang.connection import Node
    from kazoo_sup.zone import Zone

_KAMAILIO = "kamailio"


class NoSuchNodes(UsageError):
    """no node of zone {zone} is named like {pattern}; there is {known}"""

    zone: str
    pattern: str
    known: str


def node_meant(zone: Zone) -> str:
    """Return the full name of the node that the run is meant for. Raises SeveralNodes."""
    return target.node_named(zone.asked_node, host=zone.host, known=zone.settings.kazoo_nodes)


def nodes_meant(zone: Zone, pattern: str) -> list[str]:
    """Return the nodes that PATTERN means: of those that the settings list, else of those that are heard on the bus.

    Raises NoSuchNodes where there is none, and what the bus raises.
    """
    known = sorted(zone.settings.kazoo_nodes or _heard(zone))
    found = target.matching(pattern, known)
    if not found:
        raise NoSuchNodes(zone=zone.name, pattern=pattern or "''", known=", ".join(known))
    return found


def _heard(zone: Zone) -> list[str]:
    """Return the nodes that advertise themselves and are Erlang's: Kamailio's do so, too."""
    from kazoo_sup.kazoo.bus import nodes, roster

    adverts, _errors = roster.everybody([zone])
    return [name for name, advert in adverts.items() if set(nodes.apps(advert)) != {_KAMAILIO}]


def cookie(zone: Zone, given: str | None, environ: Mapping[str, str] = os.environ) -> target.Cookie:
    """Return the cookie of the zone's nodes; GIVEN is what the command line says.

    Of one in Erlang's file for it that others can read is warned, which Erlang itself would not take.
    """
    source = zone.origin("cookie")
    settings = target.Cookie(zone.settings.cookie, source) if source else None
    found = target.cookie(given, settings, environ)
    if found.file and (reason := exposed(found.file)):
        zone.run.warn(f"{found.file} {reason}")
    return found


def connection(zone: Zone, name: str, given: target.Cookie) -> Node:
    """Return the way to a node, not connected yet."""
    from kazoo_sup.transports.erlang.connection import Endpoint, Node

    host, port = zone.settings.erlang_tunnels.get(name, ("", None))
    there = Endpoint(
        name=name,
        cookie=given.text,
        cookie_source=given.source,
        host=host,
        port=port,
        epmd_port=zone.settings.epmd_port,
        tls=zone.settings.erlang_tls,
    )
    limits = zone.settings
    return Node(there, own_host=zone.host, connect_timeout=limits.timeouts.connect, largest=limits.limits.size)
