"""A node's own connections to RabbitMQ: refused here, with what shows them as RabbitMQ sees them."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import Outcome

_STORED = "what it connects to when it starts stands in [amqp] of its config.ini"


@command
def add_broker(broker: str, zone: str = "local") -> Outcome:
    """Refused: to which BROKER of ZONE a node connects is kept in its memory."""
    raise refused(f"connect to another broker for zone {zone}", _STORED)


@command
def add_connection(broker: str, zone: str = "local") -> Outcome:
    """Refused: how many connections to BROKER of ZONE a node has is kept in its memory."""
    raise refused(f"open one more connection to a broker of zone {zone}", _STORED)


@command
def remove_broker(broker: str) -> Outcome:
    """Refused: to which BROKER a node connects is kept in its memory."""
    raise refused("leave a broker", f"`sup rabbitmq close_connection` closes one from RabbitMQ's side; {_STORED}")


@command
def broker_summary() -> Outcome:
    """Refused: which brokers a node knows is kept in its memory."""
    raise refused("list the brokers that it knows", "`sup kz_nodes status` shows which each node uses")


@command
def primary_broker() -> Outcome:
    """Refused: which broker a node uses is kept in its memory."""
    raise refused("name the broker that it uses", "`sup kz_nodes status` shows the one of each node")


@command
def channel_summary() -> Outcome:
    """Refused: for what a node uses its channels is kept in its memory."""
    raise refused("list its channels", "`sup rabbitmq connections` shows how many each connection has")


@command
def connection_summary() -> Outcome:
    """Refused: how a node uses its connections is kept in its memory."""
    raise refused("list its connections", "`sup rabbitmq connections` lists them as RabbitMQ sees them")


@command
def consumer_details(number: str = "", upper: str = "", lower: str = "") -> Outcome:
    """Refused: the processes that use channels are a node's own; NUMBER UPPER LOWER name one."""
    process = ".".join(each for each in (number, upper, lower) if each)
    shown = f"process {process}" if process else "the processes"
    instead = "`sup rabbitmq kazoo_queues` shows which application listens to what"
    raise refused(f"show {shown} behind its channels", instead)


@command
def gc_pool(pool: str) -> Outcome:
    """Refused: the garbage of POOL is a node's own."""
    raise refused(f"collect the garbage of {pool}")


@command
def gc_pools() -> Outcome:
    """Refused: the garbage of the pools is a node's own."""
    raise refused("collect the garbage of its pools")


@command
def validate_assignments() -> Outcome:
    """Refused: which process has which channel is kept in the memory of a node."""
    raise refused("check which of its processes has which channel")
