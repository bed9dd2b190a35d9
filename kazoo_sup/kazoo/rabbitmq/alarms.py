"""What is wrong with the nodes of a broker: alarms, which block all publishers, and what may soon be one.

A broker says at once which alarms are in effect (`health/checks/alarms`, from 3.8.10 on); its nodes' own fields are
some seconds late, and missing where statistics are left to others (management_agent.disable_metrics_collector). What
neither tells is not known.

Source: RabbitMQ documentation, "Memory and Disk Alarms"; rabbit_mgmt_wm_health_check_alarms.erl.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import objects
from kazoo_sup.types import Row

if TYPE_CHECKING:
    from kazoo_sup.transports.rabbitmq import ManagementAPI

COLUMNS = ("node", "alarm", "detail")

Node = Row
"""A node as the management API describes it."""

_BLOCKING = {"memory": "mem_alarm", "disk": "disk_free_alarm"}
_USAGE = {
    "files": ("fd_used", "fd_total"),
    "sockets": ("sockets_used", "sockets_total"),
    "processes": ("proc_used", "proc_total"),
}
_ALMOST = 0.9


@dataclass(frozen=True, slots=True)
class Alarms:
    """The nodes, what is wrong with them, and in sentences what they do not tell."""

    nodes: Sequence[Node]
    rows: Sequence[Row]
    unknown: Sequence[str] = ()


def read(api: ManagementAPI) -> Alarms:
    """Ask a management API for the nodes and for the alarms in effect."""
    nodes = api.members()
    return judge(nodes, in_effect(api))


def in_effect(api: ManagementAPI) -> list[tuple[str, str]] | None:
    """Return node and resource of the alarms in effect; None where the server has no such check."""
    found = api.check("health", "checks", "alarms")
    if found is None:
        return None
    if found.get("status") == "ok":
        return []
    named = [(str(each.get("node")), str(each.get("resource"))) for each in objects(found.get("alarms"))]
    return named or [("?", str(found.get("reason") or "an alarm"))]


def judge(nodes: Sequence[Node], effective: Sequence[tuple[str, str]] | None) -> Alarms:
    """Return what is wrong with each node, and what is not told; the alarms that are EFFECTIVE, where that is known."""
    rows: list[Row] = []
    unknown: list[str] = []
    names = {str(node.get("name")) for node in nodes}
    for node in nodes:
        name = str(node.get("name"))
        runs = node.get("running") is not False
        if not runs:
            rows.append(_row(name, "down", "the node does not run"))
        if effective is None:
            rows += [_row(name, alarm, _detail(node, alarm)) for alarm, at in _BLOCKING.items() if node.get(at) is True]
            untold = [alarm for alarm, field in _BLOCKING.items() if field not in node]
            if runs and untold:
                unknown.append(f"{name} does not tell of alarms for {' and '.join(untold)}")
        else:
            rows += [_row(name, alarm, _detail(node, alarm)) for where, alarm in effective if where == name]
        if lost := node.get("partitions"):
            named = ", ".join(map(str, lost)) if isinstance(lost, list) else lost
            rows.append(_row(name, "partition", f"it has lost {named}"))
        rows += _almost(name, node)
        if runs and not keeps_statistics(node):
            unknown.append(f"{name} keeps no statistics of its files, sockets and processes, and of nodes it has lost")
    rows += [_row(where, alarm, _detail({}, alarm)) for where, alarm in effective or () if where not in names]
    return Alarms(nodes, rows, unknown)


def keeps_statistics(node: Node) -> bool:
    """Return whether a node counts what it uses, and what its queues hold."""
    return any(used in node for used, _ in _USAGE.values())


def _almost(name: str, node: Node) -> Iterator[Row]:
    """Yield what a node has little left of; the limit of nine tenths is ours."""
    for alarm, (used, limit) in _USAGE.items():
        have, most = node.get(used), node.get(limit)
        if isinstance(have, int) and isinstance(most, int) and have > _ALMOST * most:
            yield _row(name, alarm, f"{have} of {most} in use")


def _detail(node: Node, alarm: str) -> str:
    blocked = "publishers are blocked"
    if alarm == "memory" and "mem_used" in node:
        return f"{node['mem_used']} of {node.get('mem_limit')} bytes in use; {blocked}"
    if alarm == "disk" and "disk_free" in node:
        return f"{node['disk_free']} bytes free, {node.get('disk_free_limit')} needed; {blocked}"
    return blocked if alarm in _BLOCKING else "in effect"


def _row(node: str, alarm: str, detail: str) -> Row:
    return {"node": node, "alarm": alarm, "detail": detail}
