"""HAProxy by its stats sockets: what it passes on, to whom, and taking servers out and in.

HAPROXY is the name of a server in the zone's settings, `all`, or an address: unix:/run/haproxy/admin.sock,
tcp://192.0.2.30:9999, /run/haproxy/admin.sock or 192.0.2.30:9999. Without it what only reads asks every HAProxy, and
what changes something takes the only one there is. SERVER is a server of a backend, as CouchDB is. The backend `all` is
every backend, and HOST every server with that name or address. Changes hold until HAProxy is started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.haproxy import connect, orders, patience, statistics
from kazoo_sup.kazoo.haproxy import sessions as captured
from kazoo_sup.kazoo.haproxy.orders import ALL, Host, Name, Order, Weight
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, Row, table, text
from kazoo_sup.servers import choose, gather, list_in_turn, means_server
from kazoo_sup.zone import Zone

KIND = "haproxy"
LARGEST_LISTING = 2**30


@command
def status(zone: Zone, haproxy: str | None = None) -> Outcome:
    """Show the frontends and backends of HAPROXY, and how many servers of each backend are up."""
    return _statistics(zone, haproxy, statistics.PROXIES, statistics.proxies)


@command
def servers(zone: Zone, backend: str | None = None, haproxy: str | None = None) -> Outcome:
    """Show the servers of BACKEND or of every backend, with their state, weight and check; times are in seconds.

    A single word that names a HAProxy is HAPROXY.
    """
    if haproxy is None and means_server(zone, KIND, backend):
        backend, haproxy = None, backend
    wanted = None if backend == ALL else backend
    return _statistics(zone, haproxy, statistics.SERVERS, lambda stats: statistics.servers(stats, wanted))


@command
def counters(zone: Zone, haproxy: str | None = None) -> Outcome:
    """Show what HAPROXY has counted for each frontend, backend and server since it was started or cleared."""
    return _statistics(zone, haproxy, ("proxy", "server", *statistics.COUNTERS), statistics.counters)


@command
def clear_counters(zone: Zone, haproxy: str | None = None, *, totals: bool = False) -> Outcome:
    """Clear the maxima that HAPROXY has counted; with --totals everything, bytes and requests too."""
    chosen = choose(zone, KIND, haproxy, reading=False)
    words = ("clear", "counters", *(["all"] if totals else []))
    if zone.run.dry_run:
        return text([f"{name}: would clear {'all counters' if totals else 'maxima'}" for name, _ in chosen])
    answers = gather(chosen, lambda name, server: connect(zone, name, server).order(*words), patience(zone))
    return text([f"{name}: cleared" for name in answers.given], NO_RETURN if answers.errors else OK, **answers.ending())


@command
def sessions(zone: Zone, haproxy: str | None = None) -> Outcome:
    """Show who is connected through HAPROXY to which server; sessions of stats sockets are left out."""
    return _listing(zone, haproxy, captured.SESSIONS, captured.SESSION, ("show", "sess"), captured.sessions)


@command
def errors(zone: Zone, haproxy: str | None = None) -> Outcome:
    """Show the last requests and responses that HAPROXY could not understand, and the line with the error.

    What may be a password or a token in that line is not shown.
    """
    return _listing(zone, haproxy, captured.ERRORS, captured.TOTAL, ("show", "errors"), captured.errors)


@command
def info(zone: Zone, haproxy: str | None = None) -> Outcome:
    """Show version, uptime, limits and load of HAPROXY itself."""
    return _listing(zone, haproxy, ("name", "value"), r"Name: ", ("show", "info"), statistics.facts)


@command
def drain(zone: Zone, backend: Name, server: Host, haproxy: str | None = None) -> Outcome:
    """Give SERVER of BACKEND no new sessions; those there are go on.

    It asks before a backend loses its last server that is up; --yes answers.
    """
    return _ordered(zone, backend, server, haproxy, orders.DRAIN)


@command
def maintenance(zone: Zone, backend: Host, server: str | None = None, haproxy: str | None = None) -> Outcome:
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
        return _ordered(zone, backend, orders.read_host(server, zone), haproxy, orders.MAINTENANCE)
    except ValueError as error:
        raise BadArgument(parameter="SERVER", reason=str(error)) from error


@command
def ready(zone: Zone, backend: Name, server: Host, haproxy: str | None = None) -> Outcome:
    """Put SERVER of BACKEND to work again after drain or maintenance."""
    return _ordered(zone, backend, server, haproxy, orders.READY)


@command
def production(zone: Zone, host: Host, haproxy: str | None = None) -> Outcome:
    """Put HOST to work again in every backend: the opposite of maintenance HOST."""
    return _ordered(zone, ALL, host, haproxy, orders.READY)


@command
def weight(zone: Zone, backend: Name, server: Host, weight: Weight, haproxy: str | None = None) -> Outcome:
    """Give SERVER of BACKEND the share WEIGHT of new sessions: 0 to 256, or 0% to 100% of the configured one.

    It asks before a backend loses its last server that is up with a weight above 0; --yes answers.
    """
    return _ordered(zone, backend, server, haproxy, Order.weight(weight))


def _statistics(
    zone: Zone,
    haproxy: str | None,
    columns: Sequence[str],
    function: Callable[[Sequence[statistics.Stat]], Iterable[Row]],
) -> Outcome:
    """Show the rows that FUNCTION makes of each HAProxy's statistics."""
    chosen = choose(zone, KIND, haproxy)
    answers = gather(chosen, lambda name, each: statistics.read(connect(zone, name, each)), patience(zone))
    rows = ({"haproxy": name, **row} for name, stats in answers.given.items() for row in function(stats))
    return table(("haproxy", *columns), rows, **answers.ending())


def _listing(
    zone: Zone,
    haproxy: str | None,
    columns: Sequence[str],
    begins: str,
    words: Sequence[str],
    function: Callable[[Iterable[str]], Iterable[Row]],
) -> Outcome:
    """Show the rows that FUNCTION makes of each HAProxy's answer to a command, as they come."""

    def rows(name: str, server: Any) -> Iterable[Row]:
        return function(connect(zone, name, server).lines(*words, begins=begins, limit=LARGEST_LISTING))

    found = list_in_turn(choose(zone, KIND, haproxy), rows)
    return table(("haproxy", *columns), ({"haproxy": name, **row} for name, row in found))


def _ordered(zone: Zone, backend: str, server: str, haproxy: str | None, order: Order) -> Outcome:
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
    if zone.run.dry_run:
        lines = [
            f"{name}: would set {stat['pxname']}/{stat['svname']} to {order}"
            for name, meant in targets.items()
            for stat in meant
        ]
        return text(lines, NO_RETURN if found.errors else OK, **found.ending())
    done = orders.carry_out(zone, chosen, targets, order)
    results = [(name, result) for name, (given, _) in done.given.items() for result in given]
    errors = [*found.errors, *done.errors, *(error for _, refused in done.given.values() for error in refused)]
    return text(
        [f"{name}: {each.backend}/{each.server}: {each.before} -> {each.after}" for name, each in results],
        NO_RETURN if errors else OK,
        errors=errors,
        counts={"changed": len(results), "failed": len(errors)} if errors and results else None,
    )
