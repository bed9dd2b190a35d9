"""Kazoo's own view of the bus: which app of which node listens to which queue, and which exchange nobody listens to.

A queue's name tells its node and the module that listens, NODE-MODULE-<PID>-HEX8, or is one that all nodes of an app
share, `callflow_listener`. All listeners of a node share its connections, so one queue with a node in its name tells
whose the connection is, and so who else consumes a shared queue.

Source: Kazoo kz_amqp_util:new_queue_name/0,1, gen_listener:maybe_set_queue_name/2, ?QUEUE_NAME of each listener;
kz_amqp.hrl, kapi_switch, kapi_fax, kapi_im, kapi_globals, kapi_omnipresence for the exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.types import Row

TOPIC, DIRECT, FANOUT = "topic", "direct", "fanout"

EXCHANGES: Mapping[str, str] = dict.fromkeys(
    (
        "bookkeepers",
        "callevt",
        "callmgr",
        "conference",
        "configuration",
        "faxes",
        "globals",
        "im",
        "kapps",
        "leader",
        "monitor",
        "notifications",
        "omnipresence",
        "presence",
        "registrar",
        "resources",
        "switch",
        "sysconf",
        "tasks",
    ),
    TOPIC,
) | {"callctl": DIRECT, "targeted": DIRECT, "nodes": FANOUT}
"""Kazoo's exchanges and their types; all are neither durable nor deleted when unused (kz_amqp_util:new_exchange/3)."""

CORE = "core"
"""The app of what every node runs: caches, node and global names, hooks, workers."""

_NAME = re.compile(
    r"(?P<node>[\w.-]+@[A-Za-z0-9.:-]+?)"
    # No host has an underscore in its name, and every module that listens has one.
    r"(?:-(?P<module>[a-z][a-z0-9]*_[a-z0-9_]+))?"
    r"(?P<pid>-<[\d.]+>-[0-9a-f]{8})?"
)
_FREESWITCH = "ecallmgr_fs_node"
_CONTROLLER = "conference_controller_"

# The first word of a module's or a shared queue's name, where that is not the app's own name.
_WORDS = {
    "amqp": CORE,
    "cb": "crossbar",
    "cf": "callflow",
    "ci": "call_inspector",
    "conf": "conference",
    "endpoint": CORE,
    "fs": "ecallmgr",
    "hooks": CORE,
    "im": CORE,
    "j5": "jonny5",
    "knm": CORE,
    "kz": CORE,
    "kzc": CORE,
    "listener": CORE,
    "media": "media_mgr",
    "omnip": "omnipresence",
    "resource": "crossbar",
    "smsc": "doodle",
    "statistics": "stats",
    "tf": "doodle",
    "ts": "trunkstore",
}
_APPS = frozenset(
    (
        "acdc",
        "ananke",
        "blackhole",
        "braintree",
        "callflow",
        "camper",
        "cccp",
        "cdr",
        "conference",
        "crossbar",
        "doodle",
        "ecallmgr",
        "fax",
        "frontier",
        "hangups",
        "hotornot",
        "jonny5",
        "konami",
        "milliwatt",
        "notify",
        "omnipresence",
        "pivot",
        "pusher",
        "registrar",
        "reorder",
        "skel",
        "spyvsspy",
        "stats",
        "stepswitch",
        "sysconf",
        "tasks",
        "teletype",
        "trunkstore",
        "webhooks",
    )
)

QUEUE_COLUMNS = ("queue", "app", "module", "nodes", "exchanges", "messages", "consumers", "note")
EXCHANGE_COLUMNS = ("exchange", "type", "queues", "bindings", "consumers", "apps", "published", "delivered", "note")


@dataclass(frozen=True, slots=True)
class Listener:
    """Who a queue's name says listens to it; None where it does not say."""

    app: str | None = None
    module: str | None = None
    node: str | None = None


def listener(queue: str) -> Listener:
    """Return who listens to a queue, as far as its name tells."""
    found = _NAME.fullmatch(queue)
    if found and (found["module"] or found["pid"]):
        module = found["module"]
        # These queues have the name of the FreeSWITCH that they are for, not that of the node.
        node = None if module == _FREESWITCH else found["node"]
        return Listener(_app(module) if module else None, module, node)
    if queue.startswith(_CONTROLLER):
        return Listener("ecallmgr", "ecallmgr_conference_control")
    app = _app(queue)
    return Listener(app, queue if app and "_" in queue else None)


@dataclass(slots=True)
class Bus:
    """What is known of a virtual host: by queue, what it is bound to and over which connections it is consumed.

    Who consumes is not always known (`knows_consumers`): a user of few rights does not see it.
    """

    exchanges_of: dict[str, dict[str, int]] = field(default_factory=dict)
    consumers_of: dict[str, list[str]] = field(default_factory=dict)
    queues_of: dict[str, set[str]] = field(default_factory=dict)
    passed_on: set[str] = field(default_factory=set)
    nodes: dict[str, str] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    knows_consumers: bool = True

    @classmethod
    def of(
        cls,
        bindings: Iterable[Row],
        consumers: Iterable[Row] | None,
        connections: Iterable[Row],
    ) -> Bus:
        """Put the rows of the three listings together; memory grows with the number of queues and consumers.

        CONSUMERS are None where the user does not see them.
        """
        clients = {str(each["connection"]): str(each["client"]) for each in connections if each["client"]}
        bus = cls(clients=clients, knows_consumers=consumers is not None)
        for binding in bindings:
            exchange, destination = str(binding["exchange"]), str(binding["destination"])
            if binding["to"] == "exchange":
                bus.passed_on.add(exchange)
                continue
            counted = bus.exchanges_of.setdefault(destination, {})
            counted[exchange] = counted.get(exchange, 0) + 1
            bus.queues_of.setdefault(exchange, set()).add(destination)
        for consumer in consumers or ():
            queue, connection = str(consumer["queue"]), str(consumer["connection"])
            bus.consumers_of.setdefault(queue, []).append(connection)
            if node := listener(queue).node:
                bus.nodes.setdefault(connection, node)
        return bus

    def app(self, queue: str) -> str | None:
        """Return the app that listens to a queue, else what its consumers call their client."""
        named = listener(queue)
        if named.app or named.node:
            return named.app
        clients = {self.clients[each] for each in self.consumers_of.get(queue, ()) if each in self.clients}
        return ", ".join(sorted(clients)) or None

    def nodes_of(self, queue: str) -> list[str]:
        """Return the nodes that consume a queue; a connection that is not a node's by the connection's name."""
        named = listener(queue)
        if named.node:
            return [named.node]
        return sorted({self.nodes.get(each, each) for each in self.consumers_of.get(queue, ())})


def queues(bus: Bus, listed: Iterable[Row]) -> Iterator[Row]:
    """Yield who listens to each queue of those LISTED; the nameless exchange, to which all are bound, is left out.

    Where it is not known who consumes, what the queue itself counts of consumers is shown.
    """
    for each in listed:
        name = str(each["queue"])
        consumers = len(bus.consumers_of.get(name, ())) if bus.knows_consumers else each["consumers"]
        bound = bus.exchanges_of.get(name, {})
        notes = ["no consumer"] if consumers == 0 else []
        if not bound:
            notes.append("bound to nothing")
        yield {
            "queue": name,
            "app": bus.app(name),
            "module": listener(name).module,
            "nodes": ", ".join(bus.nodes_of(name)) or None,
            "exchanges": ", ".join(sorted(bound)) or None,
            "messages": each["messages"],
            "consumers": consumers,
            "note": ", ".join(notes) or None,
        }


def exchanges(bus: Bus, listed: Iterable[Row]) -> Iterator[Row]:
    """Yield who listens to each exchange of Kazoo's and of those LISTED; RabbitMQ's own are left out."""
    declared = {str(each["exchange"]): each for each in listed}
    for name in sorted({*EXCHANGES, *(each for each in declared if each and not each.startswith("amq."))}):
        each = declared.get(name)
        bound = bus.queues_of.get(name, set())
        heard = [queue for queue in bound if bus.consumers_of.get(queue)]
        listened_to = bool(heard if bus.knows_consumers else bound) or name in bus.passed_on
        yield {
            "exchange": name,
            "type": each["type"] if each else None,
            "queues": len(bound),
            "bindings": sum(bus.exchanges_of[queue][name] for queue in bound),
            "consumers": sum(len(bus.consumers_of[queue]) for queue in heard) if bus.knows_consumers else None,
            "apps": ", ".join(sorted({bus.app(queue) or _kind(bus.nodes_of(queue)) for queue in heard})) or None,
            "published": each["published_in"] if each else None,
            "delivered": each["published_out"] if each else None,
            "note": _note(name, each, listened_to=listened_to),
        }


def _note(name: str, declared: Row | None, *, listened_to: bool) -> str | None:
    if declared is None:
        return "not declared: none of its apps runs"
    notes = [] if listened_to else ["nobody listens"]
    wanted = EXCHANGES.get(name)
    if wanted and declared["type"] != wanted:
        notes.append(f"its type is not {wanted}: no node can use it")
    elif wanted and (declared["durable"] or declared["auto_delete"]):
        notes.append("durable or deleted when unused: no node can use it")
    return ", ".join(notes) or None


def _kind(nodes: list[str]) -> str:
    """Return the names of nodes without their hosts."""
    return "/".join(sorted({node.partition("@")[0] for node in nodes}))


def _app(name: str) -> str | None:
    word = re.split(r"[._-]", name, maxsplit=1)[0]
    return word if word in _APPS else _WORDS.get(word)
