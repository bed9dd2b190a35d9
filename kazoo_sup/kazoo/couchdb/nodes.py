"""The nodes of a CouchDB cluster: which there are, how they are, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import ExitCode, NotAuthorised, SupError
from kazoo_sup.transports.couchdb_admin import Administration, NotOffered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kazoo_sup.outcome import Row

UP, DOWN, STRANGER, UNKNOWN = "up", "down", "not a member", "unknown"
COLUMNS = ("node", "state", "uptime", "memory_mb", "processes", "open_databases", "errors_500", "backlog", "wrong")
LONG_QUEUE = 1000
"""Messages in the inbox of an Erlang process: from here on it cannot keep up."""


class ClusterTroubled(SupError):
    """something is wrong with {troubled} of {total} nodes: {reason}"""

    exit_code = ExitCode.NOT_OK


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes: `connected` with the one that answers, and `members`; both empty where the server does not say."""

    connected: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Every node that is known."""
        return sorted({*self.connected, *self.members})

    @property
    def down(self) -> list[str]:
        """The members that are not connected."""
        return [each for each in self.members if each not in self.connected]

    def state(self, node: str) -> str:
        """Return what can be said of a node without asking it."""
        if node not in self.connected:
            return DOWN
        return UP if node in self.members else STRANGER


def cluster(admin: Administration) -> Cluster:
    """Return the nodes; none where the server, which then is alone, knows no clusters."""
    try:
        connected, members = admin.membership()
    except NotOffered:
        return Cluster()
    return Cluster(tuple(connected), tuple(members))


def status(admin: Administration) -> tuple[list[str], list[Row], list[SupError], dict[str, Any]]:
    """Return what is to say of the server that answers, a row per node, the errors, and all that as facts."""
    up = _up(admin)
    found = cluster(admin)
    rows = [_row(admin, found, node) for node in found.names]
    members = len(found.members)
    here = len(found.members) - len(found.down)
    lines = [f"{admin.product} answers{f', {here} of {members} nodes are connected' if members else ''}"]
    errors: list[SupError] = []
    if up not in ("ok", UNKNOWN):
        lines.append(f"the node that answers is in the state {up} and wants no requests")
        errors.append(ClusterTroubled(troubled=1, total=max(members, 1), reason=f"the one that answers is {up}"))
    troubled = [row for row in rows if row["wrong"]]
    if troubled:
        reason = "; ".join(f"{row['node']}: {row['wrong']}" for row in troubled)
        errors.append(ClusterTroubled(troubled=len(troubled), total=len(rows), reason=reason))
    facts = {
        "product": admin.product,
        "up": up,
        "features": admin.greeting.get("features", []),
        "connected": list(found.connected),
        "members": list(found.members),
    }
    return lines, rows, errors, facts


def _up(admin: Administration) -> str:
    try:
        return admin.up()
    except NotOffered:  # BigCouch: it has answered, and that is all there is to know
        return UNKNOWN


def _row(admin: Administration, found: Cluster, node: str) -> Row:
    state = found.state(node)
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), "node": node, "state": state}
    if state == DOWN:
        return {**row, "wrong": "not connected with the node that answers"}
    wrong = ["does not belong to the cluster"] if state == STRANGER else []
    try:
        system = admin.node(node, "_system")
        statistics = admin.node(node, "_stats", "couchdb")
        maintenance = admin.setting(node, "couchdb", "maintenance_mode")
    except NotOffered:
        return {**row, "wrong": "; ".join(wrong) or None}
    except NotAuthorised:
        raise
    except SupError as error:
        return {**row, "wrong": "; ".join([*wrong, f"does not tell how it is: {error}"])}
    if maintenance not in (None, "", "false"):
        wrong.append(f"maintenance_mode is {maintenance}")
    wrong += _long_queues(system)
    memory = system.get("memory") or {}
    seconds = system.get("uptime")
    return {
        **row,
        "uptime": None if seconds is None else str(timedelta(seconds=round(seconds))),
        "memory_mb": round(sum(each for each in memory.values() if isinstance(each, int | float)) / 1e6) or None,
        "processes": system.get("process_count"),
        "open_databases": _value(statistics, "open_databases"),
        "errors_500": _value(statistics, "httpd_status_codes", "500"),
        "backlog": system.get("internal_replication_jobs"),
        "wrong": "; ".join(wrong) or None,
    }


def _long_queues(system: dict[str, Any]) -> list[str]:
    queues = system.get("message_queues") or {}
    lengths = {name: each.get("max", 0) if isinstance(each, dict) else each for name, each in queues.items()}
    return [f"{length} messages wait in {name}" for name, length in lengths.items() if length >= LONG_QUEUE]


def _value(statistics: Any, *path: str) -> Any:
    """Return a counter of _stats: {"value": …, "type": "counter"} at its place."""
    for key in path:
        statistics = statistics.get(key) if isinstance(statistics, dict) else None
    return statistics.get("value") if isinstance(statistics, dict) else None


def without(nodes: Sequence[str], found: Cluster) -> list[str]:
    """Return those of NODES that are down; nothing is known to be where the server names no nodes."""
    return sorted(set(nodes) & set(found.down))
