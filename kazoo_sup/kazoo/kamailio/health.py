"""How a proxy is: its version, age, memory, processes and statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.kamailio import Ask, optional
from kazoo_sup.transports.kamailio import each
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from kazoo_sup.types import Json, Row

STATUS = ("version", "uptime", "shared_memory_used", "registered", "destinations", "active")
UPTIME = ("up_since", "uptime", "seconds")
MEMORY = ("memory", "total", "used", "free", "most_used", "fragments")
PROCESSES = ("index", "pid", "process", "used", "free", "fragments")


def status(ask: Ask) -> Row:
    """Return the state of a server in one row; what its configuration does not have is None."""
    shared = ask("core.shmmem")
    states = [destination["FLAGS"] for destination in _destinations(ask)]
    registered = dict(statistics(optional(ask, "stats.get_statistics", ["usrloc:"])))
    return {
        "version": str(ask("core.version")).split("(")[0].strip(),
        "uptime": _age(ask("core.uptime")["uptime"]),
        "shared_memory_used": f"{100 * shared['real_used'] / shared['total']:.0f}%",
        "registered": registered.get("usrloc:registered_users"),
        "destinations": len(states),
        "active": sum(flags.startswith("A") for flags in states),
    }


def uptime(ask: Ask) -> Row:
    """Return since when a server runs."""
    found = ask("core.uptime")
    return {"up_since": found.get("up_since"), "uptime": _age(found["uptime"]), "seconds": found["uptime"]}


def memory(ask: Ask) -> Iterator[Row]:
    """Yield the shared memory, and the sum of what the processes have for themselves; in bytes."""
    shared = ask("core.shmmem")
    yield {
        "memory": "shared",
        "total": shared["total"],
        "used": shared["real_used"],
        "free": shared.get("free"),
        "most_used": shared.get("max_used"),
        "fragments": shared.get("fragments"),
    }
    private = each(optional(ask, "pkg.stats"))
    if private:
        yield {
            "memory": "private, all processes",
            "total": _sum(private, "total_size"),
            "used": _sum(private, "real_used"),
            "free": _sum(private, "free"),
            "most_used": None,
            "fragments": _sum(private, "total_frags"),
        }


def processes(ask: Ask) -> Iterator[Row]:
    """Yield the processes with their private memory, in bytes where the module kex reports it."""
    private = {process.get("pid"): process for process in each(optional(ask, "pkg.stats"))}
    for process in each(ask("core.psx")):
        own = private.get(process["PID"], {})
        yield {
            "index": process.get("IDX"),
            "pid": process["PID"],
            "process": process.get("DSC"),
            "used": own.get("real_used"),
            "free": own.get("free"),
            "fragments": own.get("total_frags"),
        }


def statistics_of(ask: Ask, group: str) -> Iterator[Row]:
    """Yield the statistics of a GROUP, one statistic, or all; NotFound when there is none of that name.

    They are asked for line by line: as one struct they would pass the limit of BINRPC, and be cut without a word.
    """
    inside, _, single = group.partition(":")
    wanted = single or ("all" if group == "all" else f"{inside}:")
    found = list(statistics(ask("stats.get_statistics", [wanted])))
    if not found:
        found = list(statistics(ask("stats.get_statistics", [group])))
    rows = [{"statistic": name, "value": value} for name, value in found if not single or name == group]
    if not rows:
        raise ask.without(f"statistics {group!r}")
    yield from rows


def statistics(lines: object) -> Iterator[tuple[str, int]]:
    """Read the lines that `stats.get_statistics` answers: `core:drop_requests = 0`."""
    for line in each(lines):
        name, _, value = str(line).partition(" = ")
        yield name, int(value)


def _destinations(ask: Ask) -> list[Json]:
    """Return the dispatcher's destinations; none when there is no dispatcher or no set."""
    try:
        listed = optional(ask, "dispatcher.list") or {}
    except KamailioRefused:
        return []
    sets = each((listed.get("RECORDS") or {}).get("SET"))
    return [destination for found in sets for destination in each((found.get("TARGETS") or {}).get("DEST"))]


def _sum(processes: list[Json], name: str) -> int | None:
    """Return what all processes have together; None where one does not tell."""
    numbers = [process.get(name) for process in processes]
    return None if None in numbers else sum(numbers)


def _age(seconds: int) -> str:
    return str(timedelta(seconds=seconds))
