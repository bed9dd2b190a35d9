"""The nodes of a CouchDB cluster: which there are, how they are, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, NotAuthorised, SupError
from kazoo_sup.kazoo.zone.servers import ask_all
from kazoo_sup.transports.couchdb.admin import NotOffered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kazoo_sup.transports.couchdb import Administration
    from kazoo_sup.types import Document, Json, Row
    from kazoo_sup.zone import Zone

UP, DOWN, STRANGER, UNKNOWN = "up", "down", "not a member", "unknown"
COLUMNS = ("node", "state", "uptime", "memory_mb", "processes", "open_databases", "errors_500", "backlog", "wrong")
_REQUESTS = 3
_SLACK = 5.0

LONG_QUEUE = 1000
"""Messages in the inbox of an Erlang process: from here on it cannot keep up."""


class ClusterTroubled(SupError):
    """something is wrong with {troubled} of {total} nodes: {reason}"""

    exit_code = ExitCode.NOT_OK

    troubled: int
    total: int
    reason: str


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


@dataclass(frozen=True, slots=True)
class Status:
    """How a cluster is: the product that answers, whether it takes requests, its features, and a row per node."""

    product: str
    up: str
    features: list[Json]
    cluster: Cluster
    rows: list[Row]

    @property
    def takes_requests(self) -> bool:
        """Whether the server that answers takes requests, as far as it says."""
        return self.up in ("ok", UNKNOWN)

    @property
    def errors(self) -> list[SupError]:
        """What is wrong with the server that answers, and with nodes."""
        found: list[SupError] = []
        if not self.takes_requests:
            total = max(len(self.cluster.members), 1)
            found.append(ClusterTroubled(troubled=1, total=total, reason=f"the one that answers is {self.up}"))
        troubled = [row for row in self.rows if row["wrong"]]
        if troubled:
            reason = "; ".join(f"{row['node']}: {row['wrong']}" for row in troubled)
            found.append(ClusterTroubled(troubled=len(troubled), total=len(self.rows), reason=reason))
        return found

    def as_data(self) -> Document:
        """Return what machine formats have beside the rows."""
        return {
            "product": self.product,
            "up": self.up,
            "features": self.features,
            "connected": list(self.cluster.connected),
            "members": list(self.cluster.members),
        }


def status(admin: Administration, patience: float) -> Status:
    """Return how the server that answers and the nodes are.

    The nodes are asked at once; one that has not answered after PATIENCE seconds does not keep the others back.
    """
    up = _up(admin)
    found = cluster(admin)
    rows = _rows(admin, found, patience)
    return Status(admin.product, up, admin.greeting.get("features", []), found, rows)


def _up(admin: Administration) -> str:
    try:
        return admin.up()
    except NotOffered:  # BigCouch: it has answered, and that is all there is to know
        return UNKNOWN


def patience(zone: Zone) -> float:
    """Return the seconds after which a node that is asked for what `status` shows has hung."""
    times = zone.settings.timeouts
    return _REQUESTS * (times.connect + times.read) + _SLACK


def _rows(admin: Administration, found: Cluster, patience: float) -> list[Row]:
    """Return a row per node; raises the error of a node that refuses the credentials, which the others will as well."""
    answers = dict(ask_all([(node, node) for node in found.names], lambda _, node: _row(admin, found, node), patience))
    rows: list[Row] = []
    for node in found.names:
        answer = answers[node]
        if isinstance(answer, NotAuthorised):
            raise answer
        if isinstance(answer, SupError):
            row = {**dict.fromkeys(COLUMNS), "node": node, "state": found.state(node)}
            answer = {**row, "wrong": f"does not report its state: {answer}"}
        rows.append(answer)
    return rows


def _row(admin: Administration, found: Cluster, node: str) -> Row:
    state = found.state(node)
    row: Document = {**dict.fromkeys(COLUMNS), "node": node, "state": state}
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
        return {**row, "wrong": "; ".join([*wrong, f"does not report its state: {error}"])}
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


def _long_queues(system: Document) -> list[str]:
    queues = system.get("message_queues") or {}
    lengths = {name: each.get("max", 0) if isinstance(each, dict) else each for name, each in queues.items()}
    return [f"{length} messages wait in {name}" for name, length in lengths.items() if length >= LONG_QUEUE]


def _value(statistics: object, *path: str) -> Json:
    """Return a counter of _stats: {"value": …, "type": "counter"} at its place."""
    for key in path:
        statistics = statistics.get(key) if isinstance(statistics, dict) else None
    return statistics.get("value") if isinstance(statistics, dict) else None


def without(nodes: Sequence[str], found: Cluster) -> list[str]:
    """Return those of NODES that are down; nothing is known to be where the server names no nodes."""
    return sorted(set(nodes) & set(found.down))
