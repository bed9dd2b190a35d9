"""What the management API lists, as rows: each column by the place in the API's objects where its value is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.masking import without_credentials

if TYPE_CHECKING:
    from kazoo_sup.transports.rabbitmq import ManagementAPI

Columns = Mapping[str, str]

NODES: Columns = {
    "node": "name",
    "running": "running",
    "uptime": "uptime",
    "memory": "mem_used",
    "memory_limit": "mem_limit",
    "disk_free": "disk_free",
    "disk_limit": "disk_free_limit",
    "files": "fd_used",
    "file_limit": "fd_total",
    "sockets": "sockets_used",
    "socket_limit": "sockets_total",
    "processes": "proc_used",
    "process_limit": "proc_total",
    "partitions": "partitions",
}
QUEUES: Columns = {
    "vhost": "vhost",
    "queue": "name",
    "state": "state",
    "messages": "messages",
    "ready": "messages_ready",
    "unacknowledged": "messages_unacknowledged",
    "consumers": "consumers",
    "memory": "memory",
    "node": "node",
    "policy": "policy",
}
EXCHANGES: Columns = {
    "vhost": "vhost",
    "exchange": "name",
    "type": "type",
    "durable": "durable",
    "auto_delete": "auto_delete",
    "published_in": "message_stats.publish_in",
    "published_out": "message_stats.publish_out",
    "policy": "policy",
}
BINDINGS: Columns = {
    "vhost": "vhost",
    "exchange": "source",
    "key": "routing_key",
    "to": "destination_type",
    "destination": "destination",
}
CONNECTIONS: Columns = {
    "connection": "name",
    "user": "user",
    "vhost": "vhost",
    "node": "node",
    "state": "state",
    "channels": "channels",
    "client": "client_properties.product",
    "called": "client_properties.connection_name",
    "tls": "ssl",
    "received": "recv_oct",
    "sent": "send_oct",
    "since": "connected_at",
}
CONSUMERS: Columns = {
    "vhost": "queue.vhost",
    "queue": "queue.name",
    "connection": "channel_details.connection_name",
    "user": "channel_details.user",
    "tag": "consumer_tag",
    "acknowledges": "ack_required",
    "exclusive": "exclusive",
    "prefetch": "prefetch_count",
    "active": "active",
}
UNROUTABLE: Columns = {
    "channel": "name",
    "user": "user",
    "vhost": "vhost",
    "published": "message_stats.publish",
    "dropped": "message_stats.drop_unroutable",
    "returned": "message_stats.return_unroutable",
}
POLICIES: Columns = {
    "vhost": "vhost",
    "policy": "name",
    "pattern": "pattern",
    "applies_to": "apply-to",
    "definition": "definition",
    "priority": "priority",
}
SHOVELS: Columns = {
    "vhost": "vhost",
    "shovel": "name",
    "type": "type",
    "node": "node",
    "state": "state",
    "source": "src_uri",
    "destination": "dest_uri",
    "reason": "reason",
    "since": "timestamp",
}
FEDERATION: Columns = {
    "vhost": "vhost",
    "upstream": "upstream",
    "exchange": "exchange",
    "queue": "queue",
    "node": "node",
    "status": "status",
    "uri": "uri",
    "error": "error",
    "since": "timestamp",
}
OVERVIEW: Columns = {
    "cluster": "cluster_name",
    "node": "node",
    "version": "rabbitmq_version",
    "erlang": "erlang_version",
    "connections": "object_totals.connections",
    "channels": "object_totals.channels",
    "exchanges": "object_totals.exchanges",
    "queues": "object_totals.queues",
    "consumers": "object_totals.consumers",
    "messages": "queue_totals.messages",
    "ready": "queue_totals.messages_ready",
    "unacknowledged": "queue_totals.messages_unacknowledged",
    "published": "message_stats.publish",
    "published_per_second": "message_stats.publish_details.rate",
    "delivered": "message_stats.deliver_get",
    "delivered_per_second": "message_stats.deliver_get_details.rate",
    "dropped": "message_stats.drop_unroutable",
    "returned": "message_stats.return_unroutable",
}

_BLOCKING = {"mem_alarm": "memory", "disk_free_alarm": "disk"}
_USAGE = {"files": ("fd_used", "fd_total"), "sockets": ("sockets_used", "sockets_total")} | {
    "processes": ("proc_used", "proc_total")
}
_ALMOST = 0.9
ALARMS = ("node", "alarm", "detail")


class PluginMissing(SupError):
    """RabbitMQ shows no {what}: its plugin {plugin} is not enabled"""


def row(item: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return the row of one of the API's objects; what is not there is None."""
    return {column: at(item, place) for column, place in columns.items()}


def at(item: Any, place: str) -> Any:
    """Return the value at a PLACE of an object, dots leading inside; text without credentials of URLs."""
    for part in place.split("."):
        item = item.get(part) if isinstance(item, Mapping) else None
    return without_credentials(item) if isinstance(item, str) else item


def paged(api: ManagementAPI, columns: Columns, *path: str) -> Iterator[dict[str, Any]]:
    """Give the rows of a list as its pages come."""
    return (row(item, columns) for item in api.pages(*path, columns=tuple(columns.values())))


def whole(api: ManagementAPI, columns: Columns, *path: str) -> Iterator[dict[str, Any]]:
    """Give the rows of a list that the API does not page."""
    for item in api.whole(*path, columns=tuple(columns.values())):
        yield row(item, columns)


def exchanges_of(api: ManagementAPI, vhost: str | None) -> Iterator[tuple[str, str]]:
    """Give virtual host and name of every exchange; the nameless one, to which every queue is bound, has no listing."""
    for found in _of_vhost(vhost, paged(api, {"vhost": "vhost", "name": "name"}, *_within("exchanges", vhost))):
        if found["name"]:
            yield str(found["vhost"]), str(found["name"])


def bindings(api: ManagementAPI, vhost: str | None = None, exchange: str | None = None) -> Iterator[dict[str, Any]]:
    """Give what is bound to EXCHANGE or to each exchange in turn; only one exchange's bindings are held at a time."""
    for host, name in exchanges_of(api, vhost):
        if exchange in (None, name):
            yield from whole(api, BINDINGS, "exchanges", host, name, "bindings", "source")


def queues(api: ManagementAPI, vhost: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the queues of VHOST or of all."""
    return _of_vhost(vhost, paged(api, QUEUES, *_within("queues", vhost)))


def exchanges(api: ManagementAPI, vhost: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the exchanges of VHOST or of all."""
    return _of_vhost(vhost, paged(api, EXCHANGES, *_within("exchanges", vhost)))


def consumers(api: ManagementAPI, vhost: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the consumers of VHOST or of all; the API has no pages for them."""
    return _of_vhost(vhost, whole(api, CONSUMERS, *_within("consumers", vhost)))


def unroutable(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give what all channels together lost because no queue was bound for it, then each open channel that did.

    Dropped messages are gone; returned ones went back to their publisher, who had asked for that.
    """
    total = api.get("overview", columns=("message_stats",))
    yield row(total if isinstance(total, dict) else {}, UNROUTABLE) | {"channel": "all, closed ones too"}
    for found in paged(api, UNROUTABLE, "channels"):
        if found["dropped"] or found["returned"]:
            yield found


def policies(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give the policies, then those of the operator, which limit them."""
    for kind, path in (("policy", "policies"), ("operator policy", "operator-policies")):
        yield from ({"kind": kind, **found} for found in whole(api, POLICIES, path))


def nodes(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give the cluster's nodes; sizes are in bytes, `uptime` in seconds."""
    for found in whole(api, NODES, "nodes"):
        uptime = found["uptime"]
        yield found | {"uptime": uptime // 1000 if isinstance(uptime, int) else None}


def connections(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give the connections, and since when each is there (UTC)."""
    for found in paged(api, CONNECTIONS, "connections"):
        yield found | {"since": _moment(found["since"])}


def shovels(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give the shovels; PluginMissing where nobody could have any."""
    return _of_plugin("rabbitmq_shovel_management", "shovels", whole(api, SHOVELS, "shovels"))


def federation(api: ManagementAPI) -> Iterator[dict[str, Any]]:
    """Give the links to other brokers; PluginMissing where nobody could have any."""
    return _of_plugin("rabbitmq_federation_management", "federation", whole(api, FEDERATION, "federation-links"))


def alarms(nodes: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give what is wrong with each node: a full memory or disk, which blocks all publishers, or what may soon be.

    Source: RabbitMQ documentation, "Memory and Disk Alarms"; the limit of nine tenths is ours.
    """
    for node in nodes:
        name = node.get("name")
        if node.get("running") is False:
            yield {"node": name, "alarm": "down", "detail": "the node does not run"}
        details = {
            "memory": f"{node.get('mem_used')} of {node.get('mem_limit')} bytes in use; publishers are blocked",
            "disk": f"{node.get('disk_free')} bytes free, {node.get('disk_free_limit')} needed; publishers are blocked",
        }
        for field, alarm in _BLOCKING.items():
            if node.get(field) is True:
                yield {"node": name, "alarm": alarm, "detail": details[alarm]}
        if node.get("partitions"):
            yield {"node": name, "alarm": "partition", "detail": f"it has lost {node['partitions']}"}
        for alarm, (used, limit) in _USAGE.items():
            have, most = node.get(used), node.get(limit)
            if isinstance(have, int) and isinstance(most, int) and have > _ALMOST * most:
                yield {"node": name, "alarm": alarm, "detail": f"{have} of {most} in use"}


def _moment(milliseconds: Any) -> str | None:
    try:
        return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _of_plugin(plugin: str, what: str, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except NotFound:
        raise PluginMissing(what=what, plugin=plugin) from None


def _of_vhost(vhost: str | None, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except NotFound as missing:
        what = missing.facts["what"] if vhost is None else f"virtual host {vhost!r}"
        raise NotFound(**{**missing.facts, "what": what}) from None


def _within(path: str, vhost: str | None) -> tuple[str, ...]:
    return (path,) if vhost is None else (path, vhost)
