"""RabbitMQ, the bus of every Kazoo zone: how its management API is asked, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.rabbitmq import ManagementAPI
    from kazoo_sup.zone import Zone

_REQUESTS = 3
_SLACK = 5.0


def connect(zone: Zone, server: Server, *, retry: float = 1.0) -> ManagementAPI:
    """Return one broker's management API, which spends RETRY seconds on repeats.

    Raises SettingsError when the password cannot be read.
    """
    from kazoo_sup.transports.rabbitmq import ManagementAPI

    times = zone.settings.timeouts
    return ManagementAPI(
        server.url,
        server.username,
        server.password,
        connect_timeout=times.connect,
        read_timeout=times.read,
        retry=retry,
        tls=zone.settings.amqp_tls,
    )


def patience(zone: Zone) -> float:
    """Return the seconds after which a broker that is asked a few things has hung."""
    times = zone.settings.timeouts
    return _REQUESTS * (times.connect + 2 * times.read) + _SLACK


def vhost(zone: Zone) -> str:
    """Return the virtual host that the zone's nodes use, as the address of its first broker says."""
    from kazoo_sup.transports.amqp_link import Broker

    return Broker.parse(zone.settings.brokers[0].url).vhost if zone.settings.brokers else "/"
