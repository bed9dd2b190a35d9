"""Figures of a node's Erlang machine, which the node itself tells."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.kazoo.live.refusals import only_there

_FIGURES = "`sup -f json kz_nodes list` tells what each node advertises of itself"


ON_NODE = (
    OnNode(
        "graphite_metrics",
        "ACCOUNT CLUSTER ZONE",
        "Print the figures of the node's machine for Graphite, as ACCOUNT.CLUSTER.ZONE.",
        only_there("tell the figures of its machine as {account}.{cluster}.{zone}", _FIGURES),
    ),
    OnNode(
        "json_metrics",
        "",
        "Print the figures of the node's machine as JSON.",
        only_there("tell the figures of its machine", _FIGURES),
    ),
)
"""What only a running node can do."""
