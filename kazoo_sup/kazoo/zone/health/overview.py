"""Every component of some zones, asked again as often as somebody wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.health import couchdb, freeswitch, haproxy, health, http, kamailio, nodes, rabbitmq
from kazoo_sup.kazoo.zone.health.probes import run_all

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.zone.health.health import Health
    from kazoo_sup.kazoo.zone.health.probes import Probe
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone


_ORDER = (
    kamailio.COMPONENT,
    kamailio.DISPATCHER,
    freeswitch.COMPONENT,
    freeswitch.GATEWAYS,
    rabbitmq.BROKER,
    rabbitmq.COMPONENT,
    rabbitmq.QUEUES,
    nodes.COMPONENT,
    couchdb.COMPONENT,
    couchdb.MEMBERS,
    haproxy.COMPONENT,
    haproxy.BACKEND,
    http.CROSSBAR,
    http.MONSTER_UI,
)


class Overview:
    """The components of ZONES; between two rounds it may STAY on the bus."""

    def __init__(self, zones: Sequence[Zone], *, stay: bool) -> None:
        """Connect to nothing yet, but load all that it takes: threads that load the same wait for one another."""
        import kazoo_sup.transports.amqp.conversation
        import kazoo_sup.transports.couchdb
        import kazoo_sup.transports.haproxy
        import kazoo_sup.transports.kamailio
        import kazoo_sup.transports.rabbitmq  # noqa: F401

        self._zones = zones
        self._hearings = {zone.name: nodes.Hearing(zone, stay) for zone in zones}

    def rows(self, deadline: float, listening: float) -> list[Row]:
        """Ask everybody once, within DEADLINE seconds, and return how each component is, zone by zone.

        There is LISTENING for the nodes for so many seconds of these.
        """
        asked = [(zone, probe) for zone in self._zones for probe in self._probes(zone, listening)]
        found = run_all(asked, deadline, _failed)
        found.sort(key=lambda each: (self._zones.index(each[0]), _ORDER.index(each[1].component)))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return [{**each.row(zone.name), "at": at} for zone, each in found]

    def close(self) -> None:
        """Let go of every connection."""
        for hearing in self._hearings.values():
            hearing.close()
        for zone in self._zones:
            zone.close()

    def _probes(self, zone: Zone, listening: float) -> list[Probe[Health]]:
        queues = rabbitmq.queues_of(zone)
        return [
            *kamailio.probes(zone),
            *freeswitch.probes(zone),
            *rabbitmq.probes(zone, queues),
            *nodes.probes(zone, self._hearings[zone.name], queues, listening),
            *couchdb.probes(zone),
            *haproxy.probes(zone),
            *http.probes(zone),
        ]


def _failed(probe: Probe[Health], error: SupError) -> Health:
    return health.failed(probe.component, probe.name, error)
