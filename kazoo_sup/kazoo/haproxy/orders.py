"""Taking servers out of HAProxy's backends and putting them back: which ones are meant, what it would leave, doing it.

Source: HAProxy management guide, "set server <backend>/<server> state" and "… weight".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo.haproxy import connect, patience, statistics
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.kazoo.zone.servers import Answers, first_step, gather

if TYPE_CHECKING:
    from kazoo_sup.kazoo.haproxy.statistics import Stat
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.haproxy import StatsSocket
    from kazoo_sup.zone import Zone

ALL = "all"
"""The backend that stands for every backend."""

HEAVIEST = 256

_OF_BACKEND = (statistics.BACKEND, statistics.SERVER)


class NoSuchBackend(SupError):
    """no HAProxy that was asked has a backend {backend!r}{hint}"""

    remedy = "sup haproxy servers lists them"

    backend: str
    hint: str


class Idle(SupError):
    """{backend}/{server} of {haproxy} gets no new sessions{why}"""

    exit_code = ExitCode.NOT_OK

    backend: str
    server: str
    haproxy: str
    why: str


class NoSuchServer(SupError):
    """no HAProxy that was asked has {what}{hint}"""

    remedy = "sup haproxy servers lists them"

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is done to servers: `words` follow `set server BACKEND/SERVER`; `takes_out` when they lose all sessions."""

    words: tuple[str, str]
    takes_out: bool = False

    @classmethod
    def weight(cls, weight: str) -> Order:
        """Return the order to give servers another weight; without any they get no new sessions."""
        return cls(("weight", weight), takes_out=int(weight) == 0)

    def of(self, stat: Stat, haproxy: str) -> tuple[str, ...]:
        """Return the words of the command that gives this order for a server."""
        verb, *value = _COMMANDS.get(self.words, self.words)
        return ("haproxy", verb, stat["pxname"], stat["svname"], *value, haproxy)

    def idle(self, haproxy: str, stat: Stat, *, before: bool = False) -> Idle | None:
        """Return the error of a server that gets nothing although this order puts it to work; STAT is how it is after.

        With BEFORE it is how it is before the order is given.
        """
        if self.takes_out:
            return None
        status, weight = stat["status"], stat.get("uweight") or stat.get("weight")
        if before and self.words[0] == "weight":
            weight = self.words[1]
        elif before:
            status = "UP"
        if weight == "0":
            why = f": its weight is 0, see sup haproxy weight {stat['pxname']} {stat['svname']}"
        elif not statistics.takes_sessions(status):
            why = f": it is {status}"
        else:
            return None
        return Idle(backend=stat["pxname"], server=stat["svname"], haproxy=haproxy, why=why)

    def __str__(self) -> str:
        """Return the end of a sentence that begins with "set backend/server to"."""
        return " ".join(self.words) if self.words[0] == "weight" else self.words[1]


DRAIN = Order(("state", "drain"), takes_out=True)
MAINTENANCE = Order(("state", "maint"), takes_out=True)
READY = Order(("state", "ready"))

_COMMANDS = {("state", "drain"): ("drain",), ("state", "maint"): ("maintenance",), ("state", "ready"): ("ready",)}
"""The commands that give orders, where these have other words."""

Servers = Sequence[tuple[str, "Server"]]

EVERY = 1.0
"""Seconds between two looks at the sessions that are left."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one server of a backend: its status before and after, and all that is told of it now."""

    backend: str
    server: str
    before: str
    after: str
    stat: Stat


def meant(stats: Sequence[Stat], backend: str, server: str) -> list[Stat]:
    """Return the servers of BACKEND, or of all, whose name or address is SERVER."""
    return [
        stat
        for stat in stats
        if stat["type"] == statistics.SERVER
        and backend in (ALL, stat["pxname"])
        and (stat["svname"] == server or (backend == ALL and _is_at(stat, server)))
    ]


def check_backend(answers: Answers[list[Stat]], backend: str) -> None:
    """Raise NoSuchBackend when all HAProxies answer and none has BACKEND."""
    there = {stat["pxname"]: None for stats in answers.given.values() for stat in stats if stat["type"] in _OF_BACKEND}
    if backend not in there and not answers.errors:
        raise NoSuchBackend(backend=backend, hint=f"; there is {', '.join(list(there)[:10])}" if there else "")


def emptied(stats: Sequence[Stat], taken: Sequence[Stat]) -> list[str]:
    """Return the backends that have servers up now and would have none without those TAKEN.

    A server whose status nobody knows may be the only one that is up, and is none that is left.
    """
    out = {(stat["pxname"], stat["svname"]) for stat in taken}
    before, after = set[str](), set[str]()
    for stat in stats:
        if stat["type"] == statistics.SERVER and statistics.may_be_up(stat):
            before.add(stat["pxname"])
            if statistics.is_up(stat) and (stat["pxname"], stat["svname"]) not in out:
                after.add(stat["pxname"])
    return sorted(before - after)


def look_up(zone: Zone, servers: Servers, backend: str, server: str) -> Answers[tuple[list[Stat], list[Stat]]]:
    """Return what each HAProxy tells of everything, and of the servers that BACKEND and SERVER mean.

    Raises NoSuchServer when all answer and none has such a server; the warning names those without, when some have it.
    """
    patient = first_step(patience(zone, 2))

    def one(name: str, each: Server) -> tuple[list[Stat], list[Stat]]:
        stats_socket = connect(zone, name, each)
        stats = statistics.read(stats_socket)
        return stats, statistics.administered(stats_socket, meant(stats, backend, server))

    answers = gather(servers, one, patient).in_time()
    found = answers.given
    if not any(targets for _, targets in found.values()) and not answers.errors:
        what = f"a server {server!r}" if backend == ALL else f"a server {server!r} in a backend {backend!r}"
        raise NoSuchServer(what=what, hint=_hint(backend, [stat for stats, _ in found.values() for stat in stats]))
    for name in [name for name, (_, targets) in found.items() if not targets]:
        zone.run.warn(f"HAProxy {name} has no such server, nothing is done there")
    return answers


def carry_out(
    zone: Zone, servers: Servers, targets: Mapping[str, Sequence[Stat]], order: Order
) -> Answers[tuple[list[Result], list[SupError]]]:
    """Give ORDER for each target; return what became of each, and the errors of those for which it was refused."""

    def one(name: str, server: Server) -> tuple[list[Result], list[SupError]]:
        stats_socket = connect(zone, name, server)
        errors: list[SupError] = []
        done: list[Stat] = []
        for target in targets[name]:
            try:
                _give(zone, stats_socket, name, target, order)
            except SupError as error:
                errors.append(error)
            else:
                done.append(target)
        if not done:
            return [], errors
        after = {(stat["pxname"], stat["svname"]): stat for stat in statistics.read(stats_socket)}
        told = [(stat, after.get((stat["pxname"], stat["svname"]))) for stat in done]
        errors += [_untold(stats_socket, before["pxname"], before["svname"]) for before, now in told if now is None]
        return [_result(before, now) for before, now in told if now is not None], errors

    commands = 1 + max(map(len, targets.values()), default=0)
    return gather([each for each in servers if targets.get(each[0])], one, patience(zone, commands))


def wait_until_idle(zone: Zone, servers: Servers, results: Mapping[str, Sequence[Result]]) -> Sequence[SupError]:
    """Wait until none of the servers in RESULTS has a session; return the errors of HAProxies that told no more."""
    left = [each for each in servers if results.get(each[0])]
    errors: list[SupError] = []

    def sessions() -> int:
        nonlocal left
        answers = gather(left, lambda name, each: _sessions(connect(zone, name, each), results[name]), patience(zone))
        errors.extend(answers.errors)
        left = [each for each in left if answers.given.get(each[0])]
        return sum(answers.given.values())

    goes_on = "the sessions that are left go on, and no new ones come; sup haproxy servers shows them"
    if left:
        awaited.until_none(zone.run, sessions, label="sessions ending", goes_on=goes_on, every=EVERY)
    return errors


def _sessions(stats_socket: StatsSocket, results: Sequence[Result]) -> int:
    """Count the sessions of the servers in RESULTS; raises HAProxyUnreadable where those of one are not told."""
    told = {(stat["pxname"], stat["svname"]): stat for stat in statistics.read(stats_socket)}
    count = 0
    for each in results:
        found = statistics.number(told.get((each.backend, each.server), {}), "scur")
        if found is None:
            raise _untold(stats_socket, each.backend, each.server)
        count += found
    return count


def _untold(stats_socket: StatsSocket, backend: str, server: str) -> SupError:
    from kazoo_sup.transports.haproxy import HAProxyUnreadable

    return HAProxyUnreadable(
        server=stats_socket.name,
        address=stats_socket.address,
        command="show stat",
        reason=f"it tells nothing of {backend}/{server}",
    )


def foretell(zone: Zone, targets: Mapping[str, Sequence[Stat]], order: Order) -> None:
    """Tell a run that only shows it what the order would change."""
    for haproxy, stats in targets.items():
        for stat in stats:
            was = _was(stat, order, haproxy)
            changes.act(zone, _deed(stat, haproxy, order), lambda: None, was=was, shown=lambda: None)


def _deed(stat: Stat, haproxy: str, order: Order) -> str:
    return f"set {stat['pxname']}/{stat['svname']} of {haproxy} to {order}"


def _give(zone: Zone, stats_socket: StatsSocket, haproxy: str, stat: Stat, order: Order) -> None:
    changes.act(
        zone,
        _deed(stat, haproxy, order),
        lambda: stats_socket.order("set", "server", f"{stat['pxname']}/{stat['svname']}", *order.words),
        was=_was(stat, order, haproxy),
    )


def _was(stat: Stat, order: Order, haproxy: str) -> changes.Was:
    """Return what an order replaces: the weight, or the state that somebody gave the server."""
    kind, left = order.words
    before = stat.get("uweight") or stat.get("weight") if kind == "weight" else stat.get(statistics.ADMIN)
    return changes.Was(before, Order((kind, before)).of(stat, haproxy), left) if before else changes.UNKNOWN


def _result(before: Stat, after: Stat) -> Result:
    return Result(before["pxname"], before["svname"], _state(before), _state(after), after)


def _state(stat: Stat) -> str:
    weight = stat.get("weight") or "?"
    return f"{stat['status']}, weight {weight}"


def _is_at(stat: Stat, host: str) -> bool:
    address = stat.get("addr") or ""
    if not address:
        return False
    name, _, _port = address.rpartition(":")
    return host == bare(address) or _same(bare(name), host)


def bare(address: str) -> str:
    return address.removeprefix("[").replace("]", "", 1)


def _same(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return one == other


def _hint(backend: str, stats: Sequence[Stat]) -> str:
    known = {
        stat["svname"]: None for stat in stats if stat["type"] == statistics.SERVER and backend in (ALL, stat["pxname"])
    }
    if known:
        return f"; there is {', '.join(list(known)[:10])}"
    backends = {stat["pxname"]: None for stat in stats if stat["type"] == statistics.BACKEND}
    return f"; its backends are {', '.join(list(backends)[:10])}" if backends else ""
