"""The cluster's nodes as they advertise themselves. Source: Kazoo kz_nodes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, as_object
from kazoo_sup.transports.server import MASK, WELL_KNOWN

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Payload

EXPIRES_AFTER = 1.25
"""A node is taken for dead after this many times the period it advertised (kz_nodes.erl, FUDGE_FACTOR)."""

_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):([^@/\s]*)@")
_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def apps(advert: Payload) -> dict[str, Document]:
    """Return the applications that a node runs, by name and sorted, with what it says of each."""
    found = advert.get("WhApps") or {}
    if isinstance(found, list):
        return {name: {} for name in sorted(map(str, found))}
    return {name: as_object(found[name]) for name in sorted(found)}


def media_servers(adverts: Iterable[Payload]) -> dict[str, Document]:
    """Return the FreeSWITCH nodes that ecallmgr nodes are connected to, by name, with what is said of each."""
    found: dict[str, Document] = {}
    for advert in adverts:
        for name, facts in (advert.get("Media-Servers") or {}).items():
            found.setdefault(name, as_object(facts))
    return {name: found[name] for name in sorted(found)}


def uptime(app: str, facts: Fields, now: int) -> int | None:
    """Return for how many seconds an application or a FreeSWITCH has been up; Kamailio counts from 1970."""
    started = facts.get("Startup")
    if not isinstance(started, int | float):
        return None
    return max(0, now - int(started) - (GREGORIAN_EPOCH if app == "kamailio" else 0))


def elapsed(seconds: int) -> str:
    """Return a span as Kazoo writes it: 7m55s (kz_time:pretty_print_elapsed_s/1)."""
    parts = []
    for size, unit in _UNITS:
        if count := seconds // size:
            parts.append(f"{count}{unit}")
            seconds -= count * size
    return "".join(parts) or "0s"


def is_alive(advert: Payload, heard: float) -> bool:
    """Return whether a node whose advertisement was HEARD then (time.monotonic) has not been silent for too long."""
    expires = advert.get("Expires")
    return not isinstance(expires, int | float) or time.monotonic() - heard <= expires / 1000 * EXPIRES_AFTER


def without_passwords(text: str) -> str:
    """Hide the passwords of URLs in a text."""
    return _PASSWORD.sub(lambda found: found[0] if found[2] in WELL_KNOWN else f"{found[1]}:{MASK}@", text)
