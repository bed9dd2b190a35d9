"""RabbitMQ: the brokers that a zone's nodes connect to, and what their management APIs tell of alarms and queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from kazoo_sup.kazoo.rabbitmq import connect, listings, vhost
from kazoo_sup.kazoo.rabbitmq.listeners import listener
from kazoo_sup.kazoo.zone_health.health import Health, State, count
from kazoo_sup.kazoo.zone_health.probing import Once, Probe
from kazoo_sup.servers import known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

BROKER = "broker"
COMPONENT = "rabbitmq"
QUEUES = "queues"
KIND = "rabbitmq_api"

_COLUMNS = {"queue": "name", "consumers": "consumers", "messages": "messages", "state": "state"}
_BROKEN = ("down", "crashed", "stopped", "minority")
_MINOR = ("files", "sockets", "processes")
_NAMED = 3

Queue = Mapping[str, Any]
"""A queue with its consumers, messages and state."""


def probes(zone: Zone, queues: Mapping[str, Once[list[Queue]]]) -> list[Probe[Health]]:
    """Return a probe for each broker and each management API; QUEUES are the listings of the APIs, by their names."""
    named = {_name(broker): broker for broker in zone.settings.brokers}
    brokers = [
        Probe(BROKER, name, partial(_connect, zone, broker), partial(judge_broker, name))
        for name, broker in named.items()
    ]
    alarms = [
        Probe(COMPONENT, name, partial(_nodes, zone, server), partial(judge_nodes, name))
        for name, server in known(zone, KIND).items()
    ]
    listed: list[Probe[Health]] = [
        Probe(QUEUES, name, queues[name], partial(judge_queues, name)) for name in known(zone, KIND)
    ]
    return [*brokers, *alarms, *listed]


def queues_of(zone: Zone) -> dict[str, Once[list[Queue]]]:
    """Return the listing of queues that each management API of the zone gives when it is asked for."""

    def fetching(server: Server) -> Callable[[], list[Queue]]:
        def fetch() -> list[Queue]:
            with connect(zone, server, retry=0) as api:
                return list(listings.paged(api, _COLUMNS, "queues", vhost(zone)))

        return fetch

    return {name: Once(fetching(server)) for name, server in known(zone, KIND).items()}


def judge_broker(name: str, seconds: float) -> Iterator[Health]:
    """Give how a broker is that took a connection and a queue within so many SECONDS."""
    yield Health(BROKER, name, State.OK, f"takes connections, {seconds * 1000:.0f} ms", {"seconds": seconds})


def judge_nodes(name: str, nodes: Sequence[Mapping[str, Any]]) -> Iterator[Health]:
    """Give how a cluster is by its nodes: an alarm blocks all who publish."""
    found = list(listings.alarms(nodes))
    running = sum(node.get("running") is not False for node in nodes)
    summary = f"{running} of {len(nodes)} nodes run"
    if not found:
        yield Health(COMPONENT, name, State.OK, f"{summary}, no alarm", {"nodes": len(nodes)})
        return
    state = State.WARNING if all(row["alarm"] in _MINOR for row in found) else State.CRITICAL
    told = "; ".join(f"{row['node']} {row['alarm']}: {row['detail']}" for row in found)
    yield Health(COMPONENT, name, state, f"{summary}; {told}", {"alarms": found})


def judge_queues(name: str, queues: Sequence[Queue]) -> Iterator[Health]:
    """Give whether every queue works and has somebody who listens."""
    broken = [queue["queue"] for queue in queues if queue["state"] in _BROKEN]
    unheard = [queue for queue in queues if queue["consumers"] == 0]
    waiting = sum(queue["messages"] or 0 for queue in unheard)
    summary = count(len(queues), "queue")
    details = {"queues": len(queues), "broken": broken, "without_consumers": [queue["queue"] for queue in unheard]}
    if broken:
        yield Health(QUEUES, name, State.CRITICAL, f"{summary}; out of order: {_some(broken)}", details)
    elif unheard:
        named = _some([_who(queue) for queue in unheard])
        summary += f"; {len(unheard)} without consumers: {named}; {waiting} messages wait there"
        yield Health(QUEUES, name, State.WARNING, summary, details)
    else:
        yield Health(QUEUES, name, State.OK, f"{summary}, all with consumers", details)


def _name(broker: Server) -> str:
    """Return host, port and, unless it is the usual one, virtual host."""
    parts = urlsplit(broker.url)
    return parts.netloc + unquote(parts.path).rstrip("/")


def _connect(zone: Zone, broker: Server) -> float:
    import time

    from kazoo_sup.transports.amqp_ask import Conversation

    started = time.monotonic()
    limit = zone.settings.timeouts.connect
    with Conversation([broker.uri], (), name=zone.own_node, timeout=limit, tls=zone.settings.amqp_tls):
        return round(time.monotonic() - started, 3)


def _nodes(zone: Zone, server: Server) -> list[dict[str, Any]]:
    with connect(zone, server, retry=0) as api:
        return api.whole("nodes")


def _who(queue: Queue) -> str:
    """Name a queue, with the app that should listen where its name tells."""
    app = listener(str(queue["queue"])).app
    return f"{queue['queue']} ({app})" if app and app not in str(queue["queue"]) else str(queue["queue"])


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
