"""RabbitMQ by its management API: nodes, queues, exchanges, connections, what is lost, and who of Kazoo listens.

SERVER is the name of a management API in the zone's settings, `all`, or an address: http://192.0.2.40:15672 or
192.0.2.40:15672. Without it what only reads asks every one, and what changes something takes the only one there is.
Sizes are in bytes. The listings of what a broker has come as its pages do, so they may be of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.rabbitmq import KIND, connect, listeners, listings, patience
from kazoo_sup.kazoo.rabbitmq import alarms as alarming
from kazoo_sup.kazoo.rabbitmq import vhost as own_vhost
from kazoo_sup.kazoo.rabbitmq.visibility import only_own
from kazoo_sup.kazoo.zone.servers import Answers, choose, first_step, gather, list_in_turn
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Listing, Result
from kazoo_sup.types import Fields, Row
from kazoo_sup.zone import Zone

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.rabbitmq import ManagementAPI

Servers = Sequence[tuple[str, "Server"]]

REASON = "closed by an operator with sup"


class Untold(SupError):
    """{server}: {what}"""

    exit_code = ExitCode.PARTIAL

    server: str
    what: str


class InAlarm(SupError):
    """{count} of RabbitMQ's alarms in effect"""

    exit_code = ExitCode.NOT_OK

    count: int


Found = TypeVar("Found")


@command
def status(zone: Zone, server: str | None = None) -> Result:
    """Show the nodes of SERVER's cluster, with the memory, disk, files and processes they use; uptime is in seconds."""
    return _listing(zone, server, listings.NODES, listings.nodes)


@command
def overview(zone: Zone, server: str | None = None) -> Result:
    """Show the version of SERVER, how much there is of everything, and how many messages pass."""
    return _listing(zone, server, ("name", "value"), listings.overview)


@command
def alarms(zone: Zone, server: str | None = None) -> Listing:
    """Show what is wrong with the nodes of SERVER's cluster; the exit code is 2 when anything is.

    A node whose memory or disk is full blocks all publishers. Nodes that are down, that lost others, and that use more
    than nine tenths of their files, sockets or processes are told, too. What the nodes do not tell is not known: the
    exit code is 5 then, unless something is wrong.
    """
    answers = _gathered(zone, choose(zone, KIND, server), alarming.read)
    rows = [{"server": name, **row} for name, found in answers.given.items() for row in found.rows]
    unknown = [Untold(server=name, what=what) for name, found in answers.given.items() for what in found.unknown]
    report = answers.report
    if rows or unknown:
        alarm = [InAlarm(count=len(rows))] if rows else []
        report = BulkReport(errors=[*alarm, *unknown, *answers.errors])
    return Listing(("server", *alarming.COLUMNS), rows, report=report)


@command
def queues(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Show the queues of SERVER, in VHOST or in all."""
    return _listing(zone, server, listings.QUEUES, lambda api: listings.queues(api, vhost))


@command
def exchanges(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Show the exchanges of SERVER, in VHOST or in all, and how many messages went in and out."""
    return _listing(zone, server, listings.EXCHANGES, lambda api: listings.exchanges(api, vhost))


@command
def bindings(zone: Zone, server: str | None = None, *, vhost: str | None = None, exchange: str | None = None) -> Result:
    """Show what is bound to EXCHANGE or to every exchange of SERVER, in VHOST or in all.

    The nameless exchange, to which every queue is bound, is left out.
    """
    return _listing(zone, server, listings.BINDINGS, lambda api: listings.bindings(api, vhost, exchange))


@command
def connections(zone: Zone, server: str | None = None) -> Result:
    """Show who is connected to SERVER, and since when (UTC)."""
    return _listing(zone, server, listings.CONNECTIONS, listings.connections)


@command
def consumers(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Show which connection consumes which queue of SERVER, in VHOST or in all."""
    return _listing(zone, server, listings.CONSUMERS, lambda api: listings.consumers(api, vhost))


@command
def unroutable(zone: Zone, server: str | None = None) -> Result:
    """Show how many messages SERVER lost because no queue was bound for them, in all and by open channel."""
    return _listing(zone, server, listings.UNROUTABLE, listings.unroutable)


@command
def policies(zone: Zone, server: str | None = None) -> Result:
    """Show the policies of SERVER and those of its operator."""
    return _listing(zone, server, ("kind", *listings.POLICIES), listings.policies)


@command
def shovels(zone: Zone, server: str | None = None) -> Result:
    """Show the shovels of SERVER and how they are; it needs the plugin rabbitmq_shovel_management."""
    return _listing(zone, server, listings.SHOVELS, listings.shovels)


@command
def federation(zone: Zone, server: str | None = None) -> Result:
    """Show the federation links of SERVER and how they are; it needs the plugin rabbitmq_federation_management."""
    return _listing(zone, server, listings.FEDERATION, listings.federation)


@command
def kazoo_queues(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Show which app of which node listens to each queue, what that is bound to, and queues without a consumer.

    VHOST is the one of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)
    return _listing(
        zone,
        server,
        listeners.QUEUE_COLUMNS,
        lambda api: _of_bus(api, host, lambda bus: listeners.queues(bus, listings.queues(api, host))),
    )


@command
def kazoo_exchanges(zone: Zone, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Show which apps listen to each of Kazoo's exchanges, those nobody listens to, and those no node could use.

    `published` and `delivered` are messages; where nothing is delivered, what is published is lost. VHOST is the one
    of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)
    return _listing(
        zone,
        server,
        listeners.EXCHANGE_COLUMNS,
        lambda api: _of_bus(api, host, lambda bus: listeners.exchanges(bus, listings.exchanges(api, host))),
    )


@command
def purge(zone: Zone, queue: str, server: str | None = None, *, vhost: str | None = None) -> Result:
    """Throw away the messages that wait in QUEUE of SERVER; it asks before, --yes answers.

    Messages that a consumer has and did not acknowledge stay. VHOST is the one of the zone's broker when not given.
    """
    host = vhost or own_vhost(zone)

    def purge_it(api: ManagementAPI) -> str:
        api.delete("queues", host, queue, "contents")
        return f"{queue} is purged"

    return _destroy(
        zone,
        server,
        find=lambda api: api.item("queues", host, queue),
        deed=lambda found: f"throw away {_counted(found)} of queue {queue}",
        function=purge_it,
        what=f"queue {queue!r} in virtual host {host!r}",
    )


@command
def close_connection(zone: Zone, connection: str, server: str | None = None) -> Result:
    """Close CONNECTION of SERVER, named as `connections` shows it; a Kazoo node connects again at once."""

    def close(api: ManagementAPI) -> str:
        api.delete("connections", connection, reason=REASON)
        return f"connection {connection} is closed"

    return _destroy(
        zone,
        server,
        find=lambda api: api.item("connections", connection, columns=("name", "user")),
        deed=lambda _found: f"close connection {connection}",
        function=close,
        what=f"connection {connection!r}",
        asks=False,
    )


def _listing(
    zone: Zone, server: str | None, columns: Iterable[str], function: Callable[[ManagementAPI], Iterable[Row]]
) -> Listing:
    """Show the rows that FUNCTION gets from each management API, as they come."""

    def rows(name: str, each: Server) -> Iterator[Row]:
        with connect(zone, name, each) as api:
            yield from function(api)

    found = list_in_turn(choose(zone, KIND, server), rows)
    return Listing(("server", *columns), ({"server": name, **row} for name, row in found))


def _gathered(
    zone: Zone, servers: Servers, function: Callable[[ManagementAPI], Found], seconds: float | None = None
) -> Answers[Found]:
    """Ask the management API of each of SERVERS side by side, each for SECONDS at most."""

    def ask(name: str, each: Server) -> Found:
        with connect(zone, name, each) as api:
            return function(api)

    return gather(servers, ask, patience(zone) if seconds is None else seconds)


def _of_bus(api: ManagementAPI, host: str, rows: Callable[[listeners.Bus], Iterator[Row]]) -> Iterator[Row]:
    """Yield what ROWS makes of the bus; OnlyOwn ends it where the user does not see who consumes."""
    limited = only_own(api, "consumers and connections")
    bindings = listings.bindings(api, host)
    if limited is None:
        yield from rows(listeners.Bus.of(bindings, listings.consumed(api, host), listings.connections(api)))
    else:
        yield from rows(listeners.Bus.of(bindings, None, ()))
        raise limited


def _destroy(
    zone: Zone,
    server: str | None,
    *,
    find: Callable[[ManagementAPI], Fields],
    deed: Callable[[Fields], str],
    function: Callable[[ManagementAPI], str],
    what: str,
    asks: bool = True,
) -> Result:
    """Look WHAT up, ask whether the deed shall be done, and have FUNCTION do it wherever it was found."""
    chosen = choose(zone, KIND, server, reading=False)
    look = first_step(patience(zone))
    found = _gathered(zone, chosen, lambda api: _found(find, api, what), look).in_time()
    deeds = [f"{deed(each)} of {name}" for name, each in found.given.items()]
    there = [each for each in chosen if each[0] in found.given]
    wanted = {name: {told: changes.UNKNOWN} for name, told in zip(found.given, deeds, strict=True)}
    done = changes.act_at(zone, wanted, lambda: _gathered(zone, there, function), confirm=asks)
    if done is None:
        return Answer(NO_RETURN if found.errors else OK, lines=[f"would {each}" for each in deeds], report=found.report)
    lines = [f"{name}: {said}" for name, said in done.given.items()]
    every = Answers(done.given, [*found.errors, *done.errors])
    return Answer(NO_RETURN if every.errors else OK, lines=lines, report=every.report)


def _found(find: Callable[[ManagementAPI], Fields], api: ManagementAPI, what: str) -> Fields:
    try:
        return find(api)
    except NotFound as missing:
        raise NotFound(server=missing.server, what=what) from None


def _counted(queue: Fields) -> str:
    waiting = queue.get("messages_ready")
    return f"the {waiting} messages" if isinstance(waiting, int) else "the messages"
