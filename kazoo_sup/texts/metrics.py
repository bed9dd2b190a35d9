"""How a zone is as Prometheus reads it: its text format 0.0.4, for the node exporter's textfile collector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.health.health import State

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Row

Labels = tuple[tuple[str, str], ...]

_BY_BADNESS = {str(state): number for number, state in enumerate(State)}
_FACT = "kazoo_component_fact"
_METRICS = {
    "kazoo_component_state": "How a component is: 1 for the state that it is in, 0 for the others.",
    _FACT: "A number that a component tells of itself.",
    "kazoo_zone_components": "How many components of a zone are in a state.",
    "kazoo_zone_state": "How the worst component of a zone is: 0 ok, 1 unknown, 2 warning, 3 critical.",
    "kazoo_status_time_seconds": "When this was found out, in seconds since 1970.",
}


def lines(rows: Iterable[Row], now: float) -> Iterator[str]:
    """Yield the lines that tell of ROWS, one component each, as they were NOW seconds after 1970.

    No two lines are about the same: of components that have their kind and name in common the worst is told.
    """
    found: dict[Labels, Row] = {}
    for row in rows:
        labels = _labels(row)
        if labels not in found or _badness(row) > _badness(found[labels]):
            found[labels] = row
    samples = {
        "kazoo_component_state": _states(found),
        _FACT: _facts(found),
        "kazoo_zone_components": _counts(found),
        "kazoo_zone_state": _worst(found),
        "kazoo_status_time_seconds": [((), now)],
    }
    for name, told in _METRICS.items():
        yield f"# HELP {name} {told}"
        yield f"# TYPE {name} gauge"
        for labels, value in samples[name]:
            yield f"{name}{_braces(labels)} {value:.15g}"


def _labels(row: Row) -> Labels:
    return tuple((name, str(row.get(name, ""))) for name in ("zone", "component", "name"))


def _badness(row: Row) -> int:
    return _BY_BADNESS.get(str(row.get("state")), _BY_BADNESS[State.UNKNOWN])


def _states(found: Mapping[Labels, Row]) -> Iterator[tuple[Labels, float]]:
    for labels, row in found.items():
        for state, badness in _BY_BADNESS.items():
            yield (*labels, ("state", state)), float(_badness(row) == badness)


def _facts(found: Mapping[Labels, Row]) -> Iterator[tuple[Labels, float]]:
    for labels, row in found.items():
        for name, fact in _numbers(row.get("details") or {}):
            yield (*labels, ("fact", name)), fact


def _numbers(details: Fields) -> Iterator[tuple[str, float]]:
    for name, fact in details.items():
        if isinstance(fact, bool | int | float):
            yield name, _float(fact)
        elif isinstance(fact, list | tuple):
            yield name, float(len(fact))


def _float(fact: float) -> float:
    try:
        return float(fact)
    except OverflowError:
        return math.inf if fact > 0 else -math.inf


def _counts(found: Mapping[Labels, Row]) -> Iterator[tuple[Labels, float]]:
    for zone in _zones(found):
        badness = [_badness(row) for labels, row in found.items() if labels[0][1] == zone]
        for state, number in _BY_BADNESS.items():
            yield (("zone", zone), ("state", state)), float(badness.count(number))


def _worst(found: Mapping[Labels, Row]) -> Iterator[tuple[Labels, float]]:
    for zone in _zones(found):
        yield (("zone", zone),), float(max(_badness(row) for labels, row in found.items() if labels[0][1] == zone))


def _zones(found: Mapping[Labels, Row]) -> list[str]:
    return list(dict.fromkeys(labels[0][1] for labels in found))


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    # What is no character in UTF-8 would have the collector refuse all of the file.
    value = value.encode(errors="backslashreplace").decode()
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
