"""Figures of a node's Erlang machine: refused here, with what can be had from outside."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import Outcome

_FIGURES = "`sup -f json kz_nodes list` tells what each node advertises of itself"


@command
def graphite_metrics(account: str, cluster: str, zone: str) -> Outcome:
    """Refused: the figures are known to a node alone, by whatever ACCOUNT, CLUSTER and ZONE they were named."""
    raise refused(f"tell the figures of its machine as {account}.{cluster}.{zone}", _FIGURES)


@command
def json_metrics() -> Outcome:
    """Refused: the figures are known to a node alone."""
    raise refused("tell the figures of its machine", _FIGURES)
