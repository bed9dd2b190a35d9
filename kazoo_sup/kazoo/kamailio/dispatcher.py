"""Dispatcher sets: the media, presence and registrar servers among which the proxies share out requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.kazoo.kamailio.arguments import fitting
from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row

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


def rows(answer: Any) -> Iterator[Row]:
    """Yield the destinations that `dispatcher.list` answers, by set; within one in the order that they are tried."""
    sets = each((answer.get("RECORDS") or {}).get("SET"))
    for found in sorted(sets, key=lambda each: int(each["ID"])):
        for destination in each((found.get("TARGETS") or {}).get("DEST")):
            yield {
                "set": found["ID"],
                "for": KAZOO_SETS.get(found["ID"]),
                "destination": destination["URI"],
                "state": state_in_words(destination["FLAGS"]),
                "priority": destination["PRIORITY"],
                "attributes": (destination.get("ATTRS") or {}).get("BODY") or None,
                "latency_ms": _latency(destination.get("LATENCY")),
            }


def state_in_words(flags: str) -> str:
    """Read the two letters of a state: `AP` is active and probed (Kamailio dispatcher.c:ds_rpc_print_set)."""
    state = _STATES.get(flags[:1], flags)
    return f"{state}, probing" if flags[1:2] == "P" else state


def state_in_letters(state: str, *, probing: bool) -> str:
    """Return what `dispatcher.set_state` takes for a state in words."""
    return next(letter for letter, word in _STATES.items() if word == state).lower() + ("p" if probing else "")


def _latency(found: Any) -> float | None:
    """Return the average latency, of a destination that has ever answered or failed to."""
    if not found or not (found["AVG"] or found["MAX"] or found["TIMEOUT"]):
        return None
    return round(float(found["AVG"]), 1)


def _read_destination(text: str, _zone: Any) -> str:
    uri = text if text.partition(":")[0] in ("sip", "sips") else f"sip:{text}"
    if not uri.partition(":")[2] or any(letter.isspace() for letter in uri):
        raise ValueError(f"{text!r} is no SIP address like sip:192.0.2.1:11000")
    return uri


def _read_set(text: str, _zone: Any) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no set: those have numbers, 1 is the media servers")
    return fitting(int(text))


Destination = Annotated[str, Reads(_read_destination, "DESTINATION")]

SetId = Annotated[int, Reads(_read_set, "SET")]
