"""Dispatcher sets: the media, presence and registrar servers among which the proxies share out requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Json, Row

KAZOO_SETS = {
    1: "media",
    2: "media, backup",
    3: "media, classification only",
    10: "presence",
    11: "presence, backup",
    20: "registrar",
    21: "registrar, backup",
    51: "media, alternate network 1",
    52: "media, alternate network 1, backup",
    53: "media, alternate network 2",
    54: "media, alternate network 2, backup",
}
"""What Kazoo's configuration uses a set for (kazoo-configs-kamailio dispatcher-role, KZ_DISPATCHER_*_GROUP)."""

COLUMNS = ("set", "for", "destination", "state", "priority", "attributes", "latency_ms")

_STATES = {"A": "active", "I": "inactive", "D": "disabled", "T": "trying"}

STATES = frozenset(_STATES.values())
"""The states in words."""


def rows(answer: Json) -> Iterator[Row]:
    """Yield the destinations that `dispatcher.list` answers, by set; within one in the order that they are tried."""
    sets = each((answer.get("RECORDS") or {}).get("SET"))
    for found in sorted(sets, key=lambda each: int(each["ID"])):
        for destination in each((found.get("TARGETS") or {}).get("DEST")):
            yield {
                "set": found["ID"],
                "for": KAZOO_SETS.get(found["ID"]),
                "destination": destination["URI"],
                "state": state_in_words(destination["FLAGS"]),
                "priority": destination.get("PRIORITY"),
                "attributes": (destination.get("ATTRS") or {}).get("BODY") or None,
                "latency_ms": _latency(destination.get("LATENCY")),
            }


def settings(priority: int | None, attributes: str | None) -> Fields:
    """Return what a set has of a destination beside its state."""
    return {"priority": priority or 0, "attributes": attributes or ""}


def state_in_words(flags: str) -> str:
    """Read the two letters of a state: `AP` is active and probed (Kamailio dispatcher.c:ds_rpc_print_set)."""
    state = _STATES.get(flags[:1], flags)
    return f"{state}, probing" if flags[1:2] == "P" else state


def state_in_letters(state: str, *, probing: bool) -> str:
    """Return what `dispatcher.set_state` takes for a state in words."""
    return next(letter for letter, word in _STATES.items() if word == state).lower() + ("p" if probing else "")


def _latency(found: Json) -> float | None:
    """Return the average latency of a destination that has ever answered; what it failed to is not part of it."""
    if not found or not (found.get("AVG") or found.get("MAX")):
        return None
    return round(float(found.get("AVG") or 0), 1)
