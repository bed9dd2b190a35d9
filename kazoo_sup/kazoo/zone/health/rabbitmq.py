"""RabbitMQ: the brokers that a zone's nodes connect to, and what their management APIs tell of alarms and queues."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.rabbitmq import KIND, alarms, connect, listings, vhost
from kazoo_sup.kazoo.rabbitmq.listeners import listener
from kazoo_sup.kazoo.zone.health.health import Health, State, count
from kazoo_sup.kazoo.zone.health.probes import Once, Probe
from kazoo_sup.kazoo.zone.servers import known
from kazoo_sup.types import Fields

if TYPE_CHECKING:
    from kazoo_sup.kazoo.rabbitmq.alarms import Alarms
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.rabbitmq import ManagementAPI
    from kazoo_sup.zone import Zone

BROKER = "broker"
COMPONENT = "rabbitmq"
QUEUES = "queues"

_COLUMNS = {"queue": "name", "consumers": "consumers", "messages": "messages", "state": "state", "node": "node"}
_BROKEN = ("down", "crashed", "stopped", "minority")
_MINOR = ("files", "sockets", "processes")
_NAMED = 3
_OWN = re.compile(r"sup@.+-[0-9a-f]{16}")
"""The queues of runs of `sup`, this one's too: they come and go (transports.amqp.Conversation)."""

Queue = Fields
"""A queue with its consumers, messages, state and node; `new` when it has only just been declared."""


def probes(zone: Zone, queues: Mapping[str, Once[list[Queue]]]) -> list[Probe[Health]]:
    """Return a probe for each broker and each management API; QUEUES are the listings of the APIs, by their names."""
    named = {_name(broker): broker for broker in zone.settings.brokers}
    brokers = [
        Probe(BROKER, name, partial(_connect, zone, broker), partial(judge_broker, name))
        for name, broker in named.items()
    ]
    nodes = [
        Probe(COMPONENT, name, partial(_nodes, zone, name, server), partial(judge_nodes, name))
        for name, server in known(zone, KIND).items()
    ]
    listed: list[Probe[Health]] = [
        Probe(QUEUES, name, queues[name], partial(judge_queues, name)) for name in known(zone, KIND)
    ]
    return [*brokers, *nodes, *listed]


def queues_of(zone: Zone) -> dict[str, Once[list[Queue]]]:
    """Return the listing of queues that each management API of the zone gives when it is asked for."""

    def fetching(name: str, server: Server) -> Callable[[], list[Queue]]:
        def fetch() -> list[Queue]:
            with connect(zone, name, server, retry=0) as api:
                listed = listings.paged(api, _COLUMNS, "queues", vhost(zone))
                found = [queue for queue in listed if not _OWN.fullmatch(str(queue["queue"]))]
                telling = _telling(api) if any(queue["consumers"] is None for queue in found) else ()
                return [{**queue, "new": queue["node"] in telling} for queue in found]

        return fetch

    return {name: Once(fetching(name, server)) for name, server in known(zone, KIND).items()}


def judge_broker(name: str, seconds: float) -> Iterator[Health]:
    """Yield how a broker is that took a connection and a queue within so many SECONDS."""
    yield Health(BROKER, name, State.OK, f"takes connections, {seconds * 1000:.0f} ms", {"seconds": seconds})


def judge_nodes(name: str, answer: Alarms) -> Iterator[Health]:
    """Give how a cluster is by its nodes: an alarm blocks all who publish."""
    nodes, found = answer.nodes, answer.rows
    running = sum(node.get("running") is not False for node in nodes)
    summary = f"{running} of {len(nodes)} nodes run"
    if not found and answer.unknown:
        details = {"nodes": len(nodes), "unknown": list(answer.unknown)}
        yield Health(COMPONENT, name, State.UNKNOWN, f"{summary}; {'; '.join(answer.unknown)}", details)
        return
    if not found:
        yield Health(COMPONENT, name, State.OK, f"{summary}, no alarm", {"nodes": len(nodes)})
        return
    state = State.WARNING if all(row["alarm"] in _MINOR for row in found) else State.CRITICAL
    told = "; ".join(f"{row['node']} {row['alarm']}: {row['detail']}" for row in found)
    yield Health(COMPONENT, name, state, f"{summary}; {told}", {"alarms": list(found)})


def judge_queues(name: str, queues: Sequence[Queue]) -> Iterator[Health]:
    """Yield whether every queue works and has somebody who listens."""
    broken = [queue["queue"] for queue in queues if queue["state"] in _BROKEN]
    unheard = [queue for queue in queues if queue["consumers"] == 0]
    waiting = sum(queue["messages"] or 0 for queue in unheard)
    summary = count(len(queues), "queue")
    untold = [str(queue["queue"]) for queue in unknown_consumers(queues)]
    details = {"queues": len(queues), "broken": broken, "without_consumers": [queue["queue"] for queue in unheard]}
    details["consumers_unknown"] = untold
    if len(untold) > _NAMED:  # that is no matter of single queues: whoever keeps statistics is not there
        summary += f"; whether {len(untold)} of them have consumers is not known"
    elif untold:
        summary += f"; whether {_some(untold)} has consumers is not known"
    if broken:
        yield Health(QUEUES, name, State.CRITICAL, f"{summary}; out of order: {_some(broken)}", details)
    elif unheard:
        named = _some([_who(queue) for queue in unheard])
        summary += f"; {len(unheard)} without consumers: {named}; {waiting} messages wait there"
        yield Health(QUEUES, name, State.WARNING, summary, details)
    elif untold:
        yield Health(QUEUES, name, State.UNKNOWN, summary, details)
    else:
        yield Health(QUEUES, name, State.OK, f"{summary}, all with consumers", details)


def unknown_consumers(queues: Sequence[Queue]) -> list[Queue]:
    """Return the queues of which nobody tells whether they have consumers.

    A queue that is new on a node that keeps statistics has none yet: it counts for nothing.
    """
    return [queue for queue in queues if queue["consumers"] is None and not queue.get("new")]


def _telling(api: ManagementAPI) -> set[str]:
    """Return the nodes that keep statistics; none where the user may not see that."""
    try:
        nodes = api.members()
    except SupError:
        return set()
    return {str(node.get("name")) for node in nodes if alarms.keeps_statistics(node)}


def _name(broker: Server) -> str:
    """Return host, port and, unless it is the usual one, virtual host."""
    parts = urlsplit(broker.url)
    return parts.netloc + unquote(parts.path).rstrip("/")


def _connect(zone: Zone, broker: Server) -> float:
    import time

    from kazoo_sup.transports.amqp import Conversation

    started = time.monotonic()
    limit = zone.settings.timeouts.connect
    with Conversation([broker.uri], (), name=zone.own_node, timeout=limit, tls=zone.settings.amqp_tls):
        return round(time.monotonic() - started, 3)


def _nodes(zone: Zone, name: str, server: Server) -> Alarms:
    with connect(zone, name, server, retry=0) as api:
        return alarms.read(api)


def _who(queue: Queue) -> str:
    """Name a queue, with the app that should listen where its name tells."""
    app = listener(str(queue["queue"])).app
    return f"{queue['queue']} ({app})" if app and app not in str(queue["queue"]) else str(queue["queue"])


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
