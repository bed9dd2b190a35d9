"""Taking servers out of HAProxy's backends and putting them back: which ones are meant, what it would leave, doing it.

Source: HAProxy management guide, "set server <backend>/<server> state" and "… weight".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

from kazoo_sup.command import Reads
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.haproxy import connect, patience, statistics
from kazoo_sup.servers import Answers, gather

if TYPE_CHECKING:
    from kazoo_sup.kazoo.haproxy.statistics import Stat
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

ALL = "all"
"""The backend that stands for every backend."""

HEAVIEST = 256

_NAME = re.compile(r"[A-Za-z0-9_:.-]{1,255}")
_WEIGHT = re.compile(r"[0-9]{1,3}%?")


class NoSuchServer(SupError):
    """no HAProxy that was asked has {what}{hint}"""


def read_name(text: str, _zone: Zone) -> str:
    """Read the name of a backend or server; ValueError for one that no configuration can have."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name that HAProxy takes: letters, digits and - _ . : only")
    return text


def read_host(text: str, zone: Zone) -> str:
    """Read a server's name or address; an IPv6 address may stand in brackets."""
    return read_name(_bare(text), zone)


def read_weight(text: str, _zone: Zone) -> str:
    """Read a weight from 0 to 256, or a percentage of the configured one up to 100%."""
    if not _WEIGHT.fullmatch(text) or int(text.rstrip("%")) > (100 if text.endswith("%") else HEAVIEST):
        raise ValueError(f"{text!r} is neither from 0 to {HEAVIEST} nor from 0% to 100%")
    return text


Name = Annotated[str, Reads(read_name)]
Host = Annotated[str, Reads(read_host)]
Weight = Annotated[str, Reads(read_weight)]


@dataclass(frozen=True, slots=True)
class Order:
    """What is done to servers: `words` follow `set server BACKEND/SERVER`; `takes_out` when they lose all sessions."""

    words: tuple[str, str]
    takes_out: bool = False

    @classmethod
    def weight(cls, weight: str) -> Order:
        """Return the order to give servers another weight; without any they get no new sessions."""
        return cls(("weight", weight), takes_out=int(weight.rstrip("%")) == 0)

    def __str__(self) -> str:
        """Return the end of a sentence that begins with "set backend/server to"."""
        return " ".join(self.words) if self.words[0] == "weight" else self.words[1]


DRAIN = Order(("state", "drain"), takes_out=True)
MAINTENANCE = Order(("state", "maint"), takes_out=True)
READY = Order(("state", "ready"))

Servers = Sequence[tuple[str, "Server"]]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one server of a backend: its status before and after."""

    backend: str
    server: str
    before: str
    after: str


def meant(stats: Sequence[Stat], backend: str, server: str) -> list[Stat]:
    """Return the servers of BACKEND, or of all, whose name or address is SERVER."""
    return [
        stat
        for stat in stats
        if stat["type"] == statistics.SERVER
        and backend in (ALL, stat["pxname"])
        and (stat["svname"] == server or (backend == ALL and _is_at(stat, server)))
    ]


def emptied(stats: Sequence[Stat], taken: Sequence[Stat]) -> list[str]:
    """Return the backends that have servers up now and would have none without those TAKEN."""
    out = {(stat["pxname"], stat["svname"]) for stat in taken}
    before, after = set[str](), set[str]()
    for stat in stats:
        if stat["type"] == statistics.SERVER and statistics.is_up(stat):
            before.add(stat["pxname"])
            if (stat["pxname"], stat["svname"]) not in out:
                after.add(stat["pxname"])
    return sorted(before - after)


def look_up(zone: Zone, servers: Servers, backend: str, server: str) -> Answers[tuple[list[Stat], list[Stat]]]:
    """Return what each HAProxy tells of everything, and of the servers that BACKEND and SERVER mean.

    Raises NoSuchServer when all answer and none has such a server; the warning names those without, when some have it.
    """
    answers = gather(servers, lambda name, each: statistics.read(connect(zone, name, each)), patience(zone))
    found = {name: (stats, meant(stats, backend, server)) for name, stats in answers.given.items()}
    if not any(targets for _, targets in found.values()) and not answers.errors:
        what = f"a server {server!r}" if backend == ALL else f"a server {server!r} in a backend {backend!r}"
        raise NoSuchServer(what=what, hint=_hint(backend, [stat for stats, _ in found.values() for stat in stats]))
    for name in [name for name, (_, targets) in found.items() if not targets]:
        zone.run.warn(f"HAProxy {name} has no such server, nothing is done there")
    return Answers(found, answers.errors)


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
                stats_socket.order("set", "server", f"{target['pxname']}/{target['svname']}", *order.words)
            except SupError as error:
                errors.append(error)
            else:
                done.append(target)
        if not done:
            return [], errors
        after = {(stat["pxname"], stat["svname"]): stat for stat in statistics.read(stats_socket)}
        return [_result(stat, after.get((stat["pxname"], stat["svname"]), stat)) for stat in done], errors

    commands = 1 + max(map(len, targets.values()), default=0)
    return gather([each for each in servers if targets.get(each[0])], one, patience(zone, commands))


def _result(before: Stat, after: Stat) -> Result:
    return Result(before["pxname"], before["svname"], _state(before), _state(after))


def _state(stat: Stat) -> str:
    weight = stat.get("weight") or "?"
    return f"{stat['status']}, weight {weight}"


def _is_at(stat: Stat, host: str) -> bool:
    address = stat.get("addr") or ""
    if not address:
        return False
    name, _, _port = address.rpartition(":")
    return host == _bare(address) or _same(_bare(name), host)


def _bare(address: str) -> str:
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
