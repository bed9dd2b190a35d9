"""HAProxy by its stats sockets: what it passes on, to whom, and taking servers out and in.

HAPROXY is the name of a server in the zone's settings, `all`, or an address: unix:/run/haproxy/admin.sock,
tcp://192.0.2.30:9999, /run/haproxy/admin.sock or 192.0.2.30:9999. Without it what only reads asks every HAProxy, and
what changes something takes the only one there is. SERVER is a server of a backend, as CouchDB is. The backend `all` is
every backend, and HOST every server with that name or address. Changes hold until HAProxy is started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kazoo_sup import changes
from kazoo_sup.arguments.haproxy import Host, Name, Weight, read_host
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.haproxy import KIND, connect, orders, patience, statistics
from kazoo_sup.kazoo.haproxy import sessions as captured
from kazoo_sup.kazoo.haproxy.orders import ALL, Order
from kazoo_sup.kazoo.zone.servers import Answers, choose, gather, list_in_turn, means_server
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Listing, Result
from kazoo_sup.settings import Server
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone

LARGEST_LISTING = 2**28
"""Bytes of a listing that comes line by line: a million sessions."""


@command
def status(zone: Zone, haproxy: str | None = None) -> Result:
    """Show the frontends and backends of HAPROXY, and how many servers of each backend are up."""
    return _statistics(zone, haproxy, statistics.PROXIES, statistics.proxies)


@command
def servers(zone: Zone, backend: str | None = None, haproxy: str | None = None) -> Result:
    """Show the servers of BACKEND or of every backend, with their state, weight and check; times are in seconds.

    A single word that names a HAProxy is HAPROXY.
    """
    if haproxy is None and means_server(zone, KIND, backend):
        backend, haproxy = None, backend
    if backend in (None, ALL):
        return _statistics(zone, haproxy, statistics.SERVERS, statistics.servers)
    answers = _read(zone, haproxy)
    orders.check_backend(answers, str(backend))
    return _shown(answers, statistics.SERVERS, lambda stats: statistics.servers(stats, backend))


@command
def counters(zone: Zone, haproxy: str | None = None) -> Result:
    """Show what HAPROXY has counted for each frontend, backend and server since it was started or cleared."""
    return _statistics(zone, haproxy, ("proxy", "server", *statistics.COUNTERS), statistics.counters)


@command
def clear_counters(zone: Zone, haproxy: str | None = None, *, totals: bool = False) -> Result:
    """Clear the maxima that HAPROXY has counted; with --totals everything, bytes and requests too."""
    chosen = choose(zone, KIND, haproxy, reading=False)
    words = ("clear", "counters", *(["all"] if totals else []))
    counted = "all counters" if totals else "maxima"
    answers = changes.act_at(
        zone,
        {name: {f"clear {counted} of {name}": changes.UNKNOWN} for name, _ in chosen},
        lambda: gather(chosen, lambda name, server: connect(zone, name, server).order(*words), patience(zone)),
    )
    if answers is None:
        return Answer(lines=[f"{name}: would clear {counted}" for name, _ in chosen])
    return Answer(
        NO_RETURN if answers.errors else OK, lines=[f"{name}: cleared" for name in answers.given], report=answers.report
    )


@command
def sessions(zone: Zone, haproxy: str | None = None) -> Result:
    """Show who is connected through HAPROXY to which server; sessions of stats sockets are left out."""
    return _listing(zone, haproxy, captured.SESSIONS, captured.SESSION, ("show", "sess"), captured.sessions)


@command
def errors(zone: Zone, haproxy: str | None = None) -> Result:
    """Show the last requests and responses that HAPROXY could not understand, and the line with the error.

    What may be a password or a token in that line is not shown.
    """
    return _listing(zone, haproxy, captured.ERRORS, captured.TOTAL, ("show", "errors"), captured.errors)


@command
def info(zone: Zone, haproxy: str | None = None) -> Result:
    """Show version, uptime, limits and load of HAPROXY itself."""
    return _listing(zone, haproxy, ("name", "value"), r"Name: ", ("show", "info"), statistics.facts)


@command
def drain(zone: Zone, backend: Name, server: Host, haproxy: str | None = None, *, wait: bool = False) -> Result:
    """Give SERVER of BACKEND no new sessions; those there are go on, and --wait ends when the last one has ended.

    With -t SECONDS who waits gives up (exit code 4); the server stays drained. It asks before a backend loses its last
    server that is up; --yes answers.
    """
    return _ordered(zone, backend, server, haproxy, orders.DRAIN, wait=wait)


@command
def maintenance(zone: Zone, backend: Host, server: str | None = None, haproxy: str | None = None) -> Result:
    """Take SERVER of BACKEND out for maintenance; a single word is a HOST, which is taken out of every backend.

    `maintenance HOST all` and `maintenance HOST ADDRESS` name the HAProxy, too; one of the settings is named by
    `maintenance all HOST HAPROXY`. It asks before a backend loses its last server that is up; --yes answers.
    """
    # A server of a backend may well be called like a HAProxy of the settings: two names are backend and server.
    if haproxy is None and server not in zone.settings.haproxy and means_server(zone, KIND, server):
        server, haproxy = None, server
    if server is None:
        return _ordered(zone, ALL, backend, haproxy, orders.MAINTENANCE)
    try:
        return _ordered(zone, backend, read_host(server, zone), haproxy, orders.MAINTENANCE)
    except ValueError as error:
        raise BadArgument(parameter="SERVER", reason=str(error)) from error


@command
def ready(zone: Zone, backend: Name, server: Host, haproxy: str | None = None) -> Result:
    """Put SERVER of BACKEND to work again after drain or maintenance."""
    return _ordered(zone, backend, server, haproxy, orders.READY)


@command
def production(zone: Zone, host: Host, haproxy: str | None = None) -> Result:
    """Put HOST to work again in every backend: the opposite of maintenance HOST."""
    return _ordered(zone, ALL, host, haproxy, orders.READY)


@command
def weight(zone: Zone, backend: Name, server: Host, weight: Weight, haproxy: str | None = None) -> Result:
    """Give SERVER of BACKEND the share WEIGHT of new sessions, from 0 to 256.

    It asks before a backend loses its last server that is up with a weight above 0; --yes answers.
    """
    return _ordered(zone, backend, server, haproxy, Order.weight(weight))


def _statistics(
    zone: Zone,
    haproxy: str | None,
    columns: Sequence[str],
    function: Callable[[Sequence[statistics.Stat]], Iterable[Row]],
) -> Result:
    """Show the rows that FUNCTION makes of each HAProxy's statistics."""
    return _shown(_read(zone, haproxy), columns, function)


def _read(zone: Zone, haproxy: str | None) -> Answers[list[statistics.Stat]]:
    chosen = choose(zone, KIND, haproxy)
    return gather(chosen, lambda name, each: statistics.read(connect(zone, name, each)), patience(zone))


def _shown(
    answers: Answers[list[statistics.Stat]],
    columns: Sequence[str],
    function: Callable[[Sequence[statistics.Stat]], Iterable[Row]],
) -> Listing:
    rows = ({"haproxy": name, **row} for name, stats in answers.given.items() for row in function(stats))
    return Listing(("haproxy", *columns), rows, report=answers.report)


def _listing(
    zone: Zone,
    haproxy: str | None,
    columns: Sequence[str],
    begins: str,
    words: Sequence[str],
    function: Callable[[Iterable[str]], Iterable[Row | SupError]],
) -> Listing:
    """Show the rows that FUNCTION makes of each HAProxy's answer to a command, as they come."""

    def rows(name: str, server: Server) -> Iterable[Row | SupError]:
        return function(connect(zone, name, server).lines(*words, begins=begins, limit=LARGEST_LISTING))

    found = list_in_turn(choose(zone, KIND, haproxy), rows)
    named = (row if isinstance(row, SupError) else {"haproxy": name, **row} for name, row in found)
    return Listing(("haproxy", *columns), named)


def _ordered(zone: Zone, backend: str, server: str, haproxy: str | None, order: Order, *, wait: bool = False) -> Result:
    """Find what is meant, ask before a backend is left without servers, give the order, and tell what came of it."""
    chosen = choose(zone, KIND, haproxy, reading=False)
    found = orders.look_up(zone, chosen, backend, server)
    targets = {name: meant for name, (_, meant) in found.given.items()}
    if order.takes_out:
        emptied = [
            f"{each} of {name}" for name, (stats, meant) in found.given.items() for each in orders.emptied(stats, meant)
        ]
        if emptied:
            zone.run.confirm(f"take the last server that is up out of backend {', '.join(emptied)}")
    done = changes.if_made(zone, lambda: orders.carry_out(zone, chosen, targets, order))
    if done is None:
        orders.foretell(zone, targets, order)
        for name, stat in [(name, stat) for name, meant in targets.items() for stat in meant]:
            if nothing := order.idle(name, stat, before=True):
                zone.run.warn(str(nothing))
        lines = [
            f"{name}: would set {stat['pxname']}/{stat['svname']} to {order}"
            for name, meant in targets.items()
            for stat in meant
        ]
        return Answer(NO_RETURN if found.errors else OK, lines=lines, report=found.report)
    results = [(name, result) for name, (given, _) in done.given.items() for result in given]
    idle = [each for name, result in results if (each := order.idle(name, result.stat))]
    errors = [*found.errors, *done.errors, *(error for _, refused in done.given.values() for error in refused)]
    if wait:
        errors += orders.wait_until_idle(zone, chosen, {name: given for name, (given, _) in done.given.items()})
    return Answer(
        NO_RETURN if errors or idle else OK,
        lines=[f"{name}: {each.backend}/{each.server}: {each.before} -> {each.after}" for name, each in results],
        report=BulkReport(
            {"changed": len(results), "failed": len(errors)} if errors and results else None, [*errors, *idle]
        ),
    )
