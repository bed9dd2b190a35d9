"""What `show stat` and `show info` tell: proxies, their servers, and their counters.

Source: HAProxy management guide, "Statistics and monitoring", "CSV format".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.transports.haproxy import StatsSocket
    from kazoo_sup.types import Row

Stat = Mapping[str, str]
"""A line of `show stat` by the names of its fields."""

FRONTEND, BACKEND, SERVER, LISTENER = "0", "1", "2", "3"
"""The field `type`."""

ADMIN = "admin"
"""The state that somebody gave a server: a field of ours."""

_MAINT, _DRAIN = 1, 8
"""Of srv_admin_state (HAProxy management guide, "show servers state"): forced into maintenance, into drain."""

_NEEDED = {"pxname", "svname", "status", "type"}

_KINDS = {FRONTEND: "frontend", BACKEND: "backend"}
_NAMES = {FRONTEND: "FRONTEND", BACKEND: "BACKEND"}
_UP = re.compile(r"UP(?: \d+/\d+)?|no check")
_OUT = re.compile(r"(?:DOWN|NOLB|DRAIN|MAINT)\b")

PROXIES = ("proxy", "kind", "status", "servers", "sessions", "limit", "queue", "rate", "denied", "errors")
SERVERS = (
    "backend",
    "server",
    "address",
    "status",
    "check",
    "weight",
    "backup",
    "sessions",
    "queue",
    "unchanged",
    "downtime",
)
COUNTERS = {
    "sessions": "stot",
    "max_sessions": "smax",
    "requests": "req_tot",
    "bytes_in": "bin",
    "bytes_out": "bout",
    "2xx": "hrsp_2xx",
    "4xx": "hrsp_4xx",
    "5xx": "hrsp_5xx",
    "denied": "dreq",
    "request_errors": "ereq",
    "connection_errors": "econ",
    "response_errors": "eresp",
    "retries": "wretr",
    "redispatches": "wredis",
    "failed_checks": "chkfail",
}
"""The fields of `show stat` by the names of columns."""

_NUMBERS = frozenset({"scur", "slim", "qcur", "rate", "weight", "uweight", "lastchg", "downtime", *COUNTERS.values()})
"""Fields that hold a number, or nothing."""


def read(stats_socket: StatsSocket) -> list[Stat]:
    """Return the statistics of every proxy and server; the errors are those of `StatsSocket.lines`."""
    from kazoo_sup.transports.haproxy import HAProxyUnreadable

    try:
        return parse(stats_socket.lines("show", "stat", begins=r"# pxname,svname,"))
    except ValueError as error:
        raise HAProxyUnreadable(
            server=stats_socket.name, address=stats_socket.address, command="show stat", reason=str(error)
        ) from None


def parse(lines: Iterable[str]) -> list[Stat]:
    """Return the lines of an answer by the names in its first one; ValueError when they are no such lines."""
    reader = csv.reader(lines)
    try:
        names = [name.removeprefix("# ") for name in next(reader, [])]
        if missing := _NEEDED - set(names):
            raise ValueError(f"it has no {', '.join(sorted(missing))}")
        found: list[Stat] = []
        width = None
        for values in reader:
            if not values:
                continue
            # Before 2.0 the first line has a comma more than all the others.
            if abs(len(values) - len(names)) > 1 or len(values) != (width := width or len(values)):
                raise ValueError("a line has not as many fields as the others")
            stat = dict(zip(names, values, strict=False))
            if not stat.keys() >= _NEEDED:
                raise ValueError("a line breaks off")
            _check(stat)
            found.append(stat)
    except csv.Error as error:
        raise ValueError(f"it is not CSV: {error}") from None
    return found


def administered(stats_socket: StatsSocket, stats: Sequence[Stat]) -> list[Stat]:
    """Return the statistics of servers, each with the state that somebody gave it as ADMIN, where HAProxy tells it.

    That is ready, drain or maint. The status hides it while a server is DOWN, and DRAIN may come of a weight of 0.
    """
    from kazoo_sup.transports.haproxy import HAProxyRefused, HAProxyUnreadable

    if not stats:
        return []
    try:
        _version, names, *lines = stats_socket.lines("show", "servers", "state", begins=r"1$")
        columns = [names.removeprefix("# ").split().index(name) for name in ("be_name", "srv_name", "srv_admin_state")]
        found = [[line.split()[each] for each in columns] for line in lines]
        states = {(backend, server): int(flags) for backend, server, flags in found}
    except (HAProxyRefused, HAProxyUnreadable, ValueError, IndexError):
        return list(stats)
    given = [states.get((stat["pxname"], stat["svname"])) for stat in stats]
    return [stat if flags is None else {**stat, ADMIN: _given(flags)} for stat, flags in zip(stats, given, strict=True)]


def _given(flags: int) -> str:
    return "maint" if flags & _MAINT else "drain" if flags & _DRAIN else "ready"


def _check(stat: Stat) -> None:
    """Raise ValueError for a line that says what HAProxy never says: what is missing then must not be good news."""
    kind, named = stat["type"], f"{stat['pxname']}/{stat['svname']}"
    if kind not in (FRONTEND, BACKEND, SERVER, LISTENER):
        raise ValueError(f"the type of {named} is {kind!r}")
    if stat["svname"] != _NAMES.get(kind, stat["svname"]) or (kind == SERVER and stat["svname"] in _NAMES.values()):
        raise ValueError(f"the type of {named} is {kind}")
    wrong = next((name for name in sorted(_NUMBERS & stat.keys()) if stat[name] and number(stat, name) is None), None)
    if wrong:
        raise ValueError(f"{wrong} of {named} is {stat[wrong]!r}")
    if not stat["pxname"] or not stat["svname"] or (kind == SERVER and number(stat, "weight") is None):
        raise ValueError(f"it does not tell the name or the weight of {named}")


def takes_sessions(status: str) -> bool:
    """Return whether a server with STATUS takes new sessions, as far as its weight lets it."""
    return _UP.fullmatch(status) is not None


def is_up(stat: Stat) -> bool:
    """Return whether a server takes new sessions now."""
    return takes_sessions(stat["status"]) and number(stat, "weight") != 0


def may_be_up(stat: Stat) -> bool:
    """Return whether a server takes new sessions, or has a status that nobody knows."""
    return _OUT.match(stat["status"]) is None and number(stat, "weight") != 0


def proxies(stats: Iterable[Stat]) -> Iterator[Row]:
    """Yield one row for each frontend and backend; `servers` is how many of all are up, `rate` sessions per second."""
    up: dict[str, list[bool]] = {}
    lines = list(stats)
    for stat in lines:
        if stat["type"] == SERVER:
            up.setdefault(stat["pxname"], []).append(is_up(stat))
    for stat in lines:
        if stat["type"] not in _KINDS:
            continue
        servers = up.get(stat["pxname"], []) if stat["type"] == BACKEND else []
        yield {
            "proxy": stat["pxname"],
            "kind": _KINDS[stat["type"]],
            "status": stat["status"],
            "servers": f"{sum(servers)}/{len(servers)}" if servers else None,
            "sessions": number(stat, "scur"),
            "limit": number(stat, "slim"),
            "queue": number(stat, "qcur"),
            "rate": number(stat, "rate"),
            "denied": number(stat, "dreq"),
            "errors": _sum(stat, "ereq", "econ", "eresp"),
        }


def servers(stats: Iterable[Stat], backend: str | None = None) -> Iterator[Row]:
    """Yield one row for each server, of BACKEND or of all; `unchanged` and `downtime` are in seconds."""
    for stat in stats:
        if stat["type"] == SERVER and backend in (None, stat["pxname"]):
            check = f"{stat.get('check_status', '')} {stat.get('last_chk', '')}".strip()
            yield {
                "backend": stat["pxname"],
                "server": stat["svname"],
                "address": stat.get("addr") or None,
                "status": stat["status"],
                "check": check or None,
                "weight": number(stat, "weight"),
                "backup": stat.get("bck") == "1",
                "sessions": number(stat, "scur"),
                "queue": number(stat, "qcur"),
                "unchanged": number(stat, "lastchg"),
                "downtime": number(stat, "downtime"),
            }


def counters(stats: Iterable[Stat]) -> Iterator[Row]:
    """Yield one row with the totals of each frontend, backend (so named as server) and server."""
    for stat in stats:
        row = {"proxy": stat["pxname"], "server": stat["svname"]}
        yield row | {column: number(stat, name) for column, name in COUNTERS.items()}


def facts(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the name and value of every line of `show info`."""
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            yield {"name": name.strip(), "value": value.strip()}


def _sum(stat: Stat, *names: str) -> int | None:
    told = [each for each in (number(stat, name) for name in names) if each is not None]
    return sum(told) if told else None


def number(stat: Stat, name: str) -> int | None:
    """Return the number in a field, or None where there is none."""
    text = stat.get(name) or ""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 25 else None  # noqa: PLR2004
