"""What the management API lists, as rows: each column by the place in the API's objects where its value is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.changes.masking import without_credentials
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.rabbitmq.visibility import in_every_host, of_everybody

if TYPE_CHECKING:
    from kazoo_sup.transports.rabbitmq import ManagementAPI
    from kazoo_sup.types import Json, Row

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
CONSUMED: Columns = {column: CONSUMERS[column] for column in ("queue", "connection")}
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


class PluginMissing(SupError):
    """RabbitMQ shows no {what}: its plugin {plugin} is not enabled"""

    remedy = "enable it on the hosts of RabbitMQ: rabbitmq-plugins enable {plugin}"

    what: str
    plugin: str


class NoStatistics(SupError):
    """{server} keeps no statistics: {what} is not known"""

    exit_code = ExitCode.PARTIAL

    server: str
    what: str


def row(item: Row, columns: Columns) -> Row:
    """Return the row of one of the API's objects; what is not there is None."""
    return {column: at(item, place) for column, place in columns.items()}


def at(item: object, place: str) -> Json:
    """Return the value at a PLACE of an object, dots leading inside; text without credentials of URLs."""
    for part in place.split("."):
        item = item.get(part) if isinstance(item, Mapping) else None
    return without_credentials(item) if isinstance(item, str) else item


def paged(api: ManagementAPI, columns: Columns, *path: str) -> Iterator[Row]:
    """Give the rows of a list as its pages come."""
    return (row(item, columns) for item in api.pages(*path, columns=tuple(columns.values())))


def whole(api: ManagementAPI, columns: Columns, *path: str) -> Iterator[Row]:
    """Yield the rows of a list that the API does not page."""
    for item in api.whole(*path, columns=tuple(columns.values())):
        yield row(item, columns)


def exchanges_of(api: ManagementAPI, vhost: str | None) -> Iterator[tuple[str, str]]:
    """Yield virtual host and name of every exchange; the nameless one, which has every queue, has no listing."""
    for found in _of_vhost(vhost, paged(api, {"vhost": "vhost", "name": "name"}, *_within("exchanges", vhost))):
        if found["name"]:
            yield str(found["vhost"]), str(found["name"])


def bindings(api: ManagementAPI, vhost: str | None = None, exchange: str | None = None) -> Iterator[Row]:
    """Yield what is bound to EXCHANGE or to each exchange in turn; only one exchange's bindings are held at a time.

    Raises NotFound for an EXCHANGE that is not there.
    """
    there = exchange is None

    def rows() -> Iterator[Row]:
        nonlocal there
        for host, name in exchanges_of(api, vhost):
            if exchange in (None, name):
                there = True
                yield from whole(api, BINDINGS, "exchanges", host, name, "bindings", "source")

    # Where the user may not see all, it is that which ends the listing, not what he does not see.
    yield from in_every_host(api, rows()) if vhost is None else rows()
    if not there:
        raise NotFound(server=api.called, what=f"exchange {exchange!r}")


def queues(api: ManagementAPI, vhost: str | None = None) -> Iterator[Row]:
    """Yield the queues of VHOST or of all."""
    return _all_of(api, vhost, paged(api, QUEUES, *_within("queues", vhost)))


def exchanges(api: ManagementAPI, vhost: str | None = None) -> Iterator[Row]:
    """Yield the exchanges of VHOST or of all."""
    return _all_of(api, vhost, paged(api, EXCHANGES, *_within("exchanges", vhost)))


def consumers(api: ManagementAPI, vhost: str | None = None) -> Iterator[Row]:
    """Yield the consumers of VHOST or of all; the API has no pages for them."""
    rows = whole(api, CONSUMERS, *_within("consumers", vhost))
    return of_everybody(api, "consumers", _of_vhost(vhost, rows))


def consumed(api: ManagementAPI, vhost: str) -> Iterator[Row]:
    """Yield only which connection consumes which queue of VHOST: a fourth of what `consumers` has to hold."""
    return _of_vhost(vhost, whole(api, CONSUMED, "consumers", vhost))


def unroutable(api: ManagementAPI) -> Iterator[Row]:
    """Yield what all channels together lost because no queue was bound for it, then each open channel that did.

    Dropped messages are gone; returned ones went back to their publisher, who had asked for that. Raises NoStatistics
    where nobody counts (management.disable_stats).
    """
    total = api.item("overview", columns=("message_stats",))
    if "message_stats" not in total:
        raise NoStatistics(server=api.called, what="how many messages were lost")
    yield {**row(total, UNROUTABLE), "channel": "all, closed ones too"}
    for found in of_everybody(api, "channels", paged(api, UNROUTABLE, "channels")):
        if found["dropped"] or found["returned"]:
            yield found


def overview(api: ManagementAPI) -> Iterator[Row]:
    """Yield the facts about a broker by name; of what the user may not see it counts nothing, and that is raised."""
    found = row(api.item("overview"), OVERVIEW)
    rows: Iterator[Row] = ({"name": name, "value": value} for name, value in found.items())
    return in_every_host(api, of_everybody(api, "connections and channels", rows))


def policies(api: ManagementAPI) -> Iterator[Row]:
    """Yield the policies, then those of the operator, which limit them."""

    def rows() -> Iterator[Row]:
        for kind, path in (("policy", "policies"), ("operator policy", "operator-policies")):
            yield from ({"kind": kind, **found} for found in whole(api, POLICIES, path))

    return in_every_host(api, rows())


def nodes(api: ManagementAPI) -> Iterator[Row]:
    """Yield the cluster's nodes; sizes are in bytes, `uptime` in seconds."""
    for found in (row(item, NODES) for item in api.members()):
        uptime = found["uptime"]
        yield {**found, "uptime": uptime // 1000 if isinstance(uptime, int) else None}


def connections(api: ManagementAPI) -> Iterator[Row]:
    """Yield the connections, and since when each is there (UTC)."""
    for found in of_everybody(api, "connections", paged(api, CONNECTIONS, "connections")):
        yield {**found, "since": _moment(found["since"])}


def shovels(api: ManagementAPI) -> Iterator[Row]:
    """Yield the shovels; PluginMissing where nobody could have any."""
    return _of_plugin("rabbitmq_shovel_management", "shovels", whole(api, SHOVELS, "shovels"))


def federation(api: ManagementAPI) -> Iterator[Row]:
    """Yield the links to other brokers; PluginMissing where nobody could have any."""
    return _of_plugin("rabbitmq_federation_management", "federation", whole(api, FEDERATION, "federation-links"))


def _moment(milliseconds: Json) -> str | None:
    try:
        return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _of_plugin(plugin: str, what: str, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except NotFound:
        raise PluginMissing(what=what, plugin=plugin) from None


def _of_vhost(vhost: str | None, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except NotFound as missing:
        what = missing.what if vhost is None else f"virtual host {vhost!r}"
        raise missing.replaced(what=what) from None


def _all_of(api: ManagementAPI, vhost: str | None, rows: Iterator[Row]) -> Iterator[Row]:
    found = _of_vhost(vhost, rows)
    return in_every_host(api, found) if vhost is None else found


def _within(path: str, vhost: str | None) -> tuple[str, ...]:
    return (path,) if vhost is None else (path, vhost)
