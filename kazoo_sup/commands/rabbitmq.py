"""RabbitMQ by its management API: nodes, queues, exchanges, connections, what is lost, and who of Kazoo listens.

SERVER is the name of a management API in the zone's settings, `all`, or an address: http://192.0.2.40:15672 or
192.0.2.40:15672. Without it what only reads asks every one, and what changes something takes the only one there is.
Sizes are in bytes. The listings of what a broker has come as its pages do, so they may be of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.command import command
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.rabbitmq import connect, listeners, listings, patience
from kazoo_sup.kazoo.rabbitmq import vhost as own_vhost
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, Row, table, text
from kazoo_sup.servers import Answers, choose, gather, list_in_turn
from kazoo_sup.zone import Zone

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.rabbitmq import ManagementAPI

Servers = Sequence[tuple[str, "Server"]]

KIND = "rabbitmq_api"
REASON = "closed by an operator with sup"


class InAlarm(SupError):
    """{count} of RabbitMQ's alarms in effect"""

    exit_code = ExitCode.NOT_OK


@command
def status(zone: Zone, server: str | None = None) -> Outcome:
    """Show the nodes of SERVER's cluster, with the memory, disk, files and processes they use; uptime is in seconds."""
    return _listing(zone, server, listings.NODES, listings.nodes)


@command
def overview(zone: Zone, server: str | None = None) -> Outcome:
    """Show the version of SERVER, how much there is of everything, and how many messages pass."""

    def facts(api: ManagementAPI) -> Iterator[Row]:
        found = listings.row(api.get("overview"), listings.OVERVIEW)
        return ({"name": name, "value": value} for name, value in found.items())

    return _listing(zone, server, ("name", "value"), facts)


@command
def alarms(zone: Zone, server: str | None = None) -> Outcome:
    """Show what is wrong with the nodes of SERVER's cluster; the exit code is 2 when anything is.

    A node whose memory or disk is full blocks all publishers. Nodes that are down, that lost others, and that use more
    than nine tenths of their files, sockets or processes are told, too.
    """
    answers = _gathered(zone, choose(zone, KIND, server), lambda api: list(listings.alarms(api.whole("nodes"))))
    rows = [{"server": name, **row} for name, found in answers.given.items() for row in found]
    told = answers.ending()
    if rows:
        told = {"errors": [*answers.errors, InAlarm(count=len(rows))]}
    return table(("server", *listings.ALARMS), rows, **told)


@command
def queues(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Show the queues of SERVER, in --vhost or in all."""
    return _listing(zone, server, listings.QUEUES, lambda api: listings.queues(api, vhost))


@command
def exchanges(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Show the exchanges of SERVER, in --vhost or in all, and how many messages went in and out."""
    return _listing(zone, server, listings.EXCHANGES, lambda api: listings.exchanges(api, vhost))


@command
def bindings(
    zone: Zone, server: str | None = None, *, vhost: str | None = None, exchange: str | None = None
) -> Outcome:
    """Show what is bound to --exchange or to every exchange of SERVER; the nameless one, which has all, is left out."""
    return _listing(zone, server, listings.BINDINGS, lambda api: listings.bindings(api, vhost, exchange))


@command
def connections(zone: Zone, server: str | None = None) -> Outcome:
    """Show who is connected to SERVER, and since when (UTC)."""
    return _listing(zone, server, listings.CONNECTIONS, listings.connections)


@command
def consumers(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Show which connection consumes which queue of SERVER, in --vhost or in all."""
    return _listing(zone, server, listings.CONSUMERS, lambda api: listings.consumers(api, vhost))


@command
def unroutable(zone: Zone, server: str | None = None) -> Outcome:
    """Show how many messages SERVER lost because no queue was bound for them, in all and by open channel."""
    return _listing(zone, server, listings.UNROUTABLE, listings.unroutable)


@command
def policies(zone: Zone, server: str | None = None) -> Outcome:
    """Show the policies of SERVER and those of its operator."""
    return _listing(zone, server, ("kind", *listings.POLICIES), listings.policies)


@command
def shovels(zone: Zone, server: str | None = None) -> Outcome:
    """Show the shovels of SERVER and how they are; it needs the plugin rabbitmq_shovel_management."""
    return _listing(zone, server, listings.SHOVELS, listings.shovels)


@command
def federation(zone: Zone, server: str | None = None) -> Outcome:
    """Show the federation links of SERVER and how they are; it needs the plugin rabbitmq_federation_management."""
    return _listing(zone, server, listings.FEDERATION, listings.federation)


@command
def kazoo_queues(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Show which app of which node listens to each queue, what that is bound to, and queues without a consumer.

    --vhost is the one of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)
    return _listing(
        zone,
        server,
        listeners.QUEUE_COLUMNS,
        lambda api: listeners.queues(_bus(api, host), listings.queues(api, host)),
    )


@command
def kazoo_exchanges(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Show which apps listen to each of Kazoo's exchanges, those nobody listens to, and those no node could use.

    `published` and `delivered` are messages; where nothing is delivered, what is published is lost. --vhost is the one
    of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)
    return _listing(
        zone,
        server,
        listeners.EXCHANGE_COLUMNS,
        lambda api: listeners.exchanges(_bus(api, host), listings.exchanges(api, host)),
    )


@command
def purge(zone: Zone, queue: str, server: str | None = None, *, vhost: str | None = None) -> Outcome:
    """Throw away the messages that wait in QUEUE of SERVER; it asks before, --yes answers.

    Messages that a consumer has and did not acknowledge stay. --vhost is the one of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)

    def purge_it(api: ManagementAPI) -> str:
        api.delete("queues", host, queue, "contents")
        return f"{queue} is purged"

    return _destroy(
        zone,
        server,
        find=lambda api: api.get("queues", host, queue),
        deed=lambda found: f"throw away {_counted(found)} of queue {queue}",
        function=purge_it,
        what=f"queue {queue!r} in virtual host {host!r}",
    )


@command
def close_connection(zone: Zone, connection: str, server: str | None = None) -> Outcome:
    """Close CONNECTION of SERVER, named as `connections` shows it; a Kazoo node connects again at once."""

    def close(api: ManagementAPI) -> str:
        api.delete("connections", connection, reason=REASON)
        return f"connection {connection} is closed"

    return _destroy(
        zone,
        server,
        find=lambda api: api.get("connections", connection, columns=("name", "user")),
        deed=lambda _found: f"close connection {connection}",
        function=close,
        what=f"connection {connection!r}",
        asks=False,
    )


def _listing(
    zone: Zone, server: str | None, columns: Iterable[str], function: Callable[[ManagementAPI], Iterable[Row]]
) -> Outcome:
    """Show the rows that FUNCTION gets from each management API, as they come."""

    def rows(_name: str, each: Server) -> Iterator[Row]:
        with connect(zone, each) as api:
            yield from function(api)

    found = list_in_turn(choose(zone, KIND, server), rows)
    return table(("server", *columns), ({"server": name, **row} for name, row in found))


def _gathered(zone: Zone, servers: Servers, function: Callable[[ManagementAPI], Any]) -> Answers[Any]:
    """Ask the management API of each of SERVERS side by side."""

    def ask(_name: str, each: Server) -> Any:
        with connect(zone, each) as api:
            return function(api)

    return gather(servers, ask, patience(zone))


def _bus(api: ManagementAPI, host: str) -> listeners.Bus:
    return listeners.Bus.of(
        listings.bindings(api, host),
        listings.consumers(api, host),
        listings.connections(api),
    )


def _destroy(
    zone: Zone,
    server: str | None,
    *,
    find: Callable[[ManagementAPI], Any],
    deed: Callable[[Any], str],
    function: Callable[[ManagementAPI], str],
    what: str,
    asks: bool = True,
) -> Outcome:
    """Look WHAT up, ask whether the deed shall be done, and have FUNCTION do it wherever it was found."""
    chosen = choose(zone, KIND, server, reading=False)
    found = _gathered(zone, chosen, lambda api: _found(find, api, what))
    deeds = [f"{deed(each)} of {name}" for name, each in found.given.items()]
    if deeds and asks:
        zone.run.confirm(" and ".join(deeds))
    if zone.run.dry_run:
        return text([f"would {each}" for each in deeds], NO_RETURN if found.errors else OK, **found.ending())
    done = _gathered(zone, [each for each in chosen if each[0] in found.given], function)
    lines = [f"{name}: {said}" for name, said in done.given.items()]
    every = Answers(done.given, [*found.errors, *done.errors])
    return text(lines, NO_RETURN if every.errors else OK, **every.ending())


def _found(find: Callable[[ManagementAPI], Any], api: ManagementAPI, what: str) -> Any:
    try:
        return find(api)
    except NotFound:
        raise NotFound(server="RabbitMQ", what=what) from None


def _counted(queue: Mapping[str, Any]) -> str:
    waiting = queue.get("messages_ready") if isinstance(queue, Mapping) else None
    return f"the {waiting} messages" if isinstance(waiting, int) else "the messages"
