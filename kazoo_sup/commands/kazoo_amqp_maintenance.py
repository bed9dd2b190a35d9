"""A node's own connections to RabbitMQ, as the node sees them."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.kazoo.live.refusals import only_there

_STORED = "what it connects to when it starts is in [amqp] of its config.ini"


ON_NODE = (
    OnNode(
        "add_broker",
        "BROKER [ZONE]",
        "Have the node connect to BROKER for ZONE.",
        only_there("connect to another broker for a zone", _STORED),
        "changes",
    ),
    OnNode(
        "add_connection",
        "BROKER [ZONE]",
        "Have the node open one more connection to BROKER of ZONE.",
        only_there("open one more connection to a broker", _STORED),
        "changes",
    ),
    OnNode(
        "remove_broker",
        "BROKER",
        "Have the node leave BROKER.",
        only_there("leave a broker", f"`sup rabbitmq close_connection` closes one from RabbitMQ's side; {_STORED}"),
        "disrupts",
    ),
    OnNode(
        "broker_summary",
        "",
        "Show the brokers that the node knows.",
        only_there("list the brokers that it knows", "`sup kz_nodes status` shows which each node uses"),
    ),
    OnNode(
        "primary_broker",
        "",
        "Show the broker that the node uses.",
        only_there("name the broker that it uses", "`sup kz_nodes status` shows the one of each node"),
    ),
    OnNode(
        "channel_summary",
        "",
        "Show for what the node uses its channels.",
        only_there("list its channels", "`sup rabbitmq connections` shows how many each connection has"),
    ),
    OnNode(
        "connection_summary",
        "",
        "Show the node's connections.",
        only_there("list its connections", "`sup rabbitmq connections` lists them as RabbitMQ sees them"),
    ),
    OnNode(
        "consumer_details",
        "[NUMBER] [UPPER] [LOWER]",
        "Show the processes that use channels, or the one that NUMBER UPPER LOWER name.",
        only_there(
            "show the processes behind its channels",
            "`sup rabbitmq kazoo_queues` shows which application listens to what",
        ),
    ),
    OnNode("gc_pool", "POOL", "Collect the garbage of POOL.", only_there("collect the garbage of {pool}"), "changes"),
    OnNode(
        "gc_pools", "", "Collect the garbage of the pools.", only_there("collect the garbage of its pools"), "changes"
    ),
    OnNode(
        "validate_assignments",
        "",
        "Check which process has which channel.",
        only_there("check which of its processes has which channel"),
    ),
)
"""What only a running node can do."""
