"""RabbitMQ, the bus of every Kazoo zone: how its management API is asked, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.servers import called

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.rabbitmq import ManagementAPI
    from kazoo_sup.zone import Zone

KIND = "rabbitmq_api"

_REQUESTS = 3
_SLACK = 5.0


def connect(zone: Zone, name: str, server: Server, *, retry: float = 1.0) -> ManagementAPI:
    """Return the management API of the broker NAME, which spends RETRY seconds on repeats.

    Raises SettingsError when the password cannot be read.
    """
    from kazoo_sup.transports.rabbitmq import ManagementAPI

    times = zone.settings.timeouts
    return ManagementAPI(
        server,
        connect_timeout=times.connect,
        read_timeout=times.read,
        retry=retry,
        limits=zone.settings.limits,
        tls=zone.settings.amqp_tls,
        called=called(KIND, name),
    )


def patience(zone: Zone) -> float:
    """Return the seconds after which a broker that is asked a few things has hung."""
    times = zone.settings.timeouts
    return _REQUESTS * (times.connect + 2 * times.read) + _SLACK


def vhost(zone: Zone) -> str:
    """Return the virtual host that the zone's nodes use, as the address of its first broker says."""
    from kazoo_sup.transports.amqp.link import Broker

    return Broker.parse(zone.settings.brokers[0].url).vhost if zone.settings.brokers else "/"
