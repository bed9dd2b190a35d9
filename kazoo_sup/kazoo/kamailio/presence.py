"""Presentities: the devices and calls whose states a proxy tells its watchers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.types import Json, Row

COLUMNS = ("user", "domain", "event", "expires", "sender", "etag")


def rows(answer: object) -> Iterator[Row]:
    """Yield what `presence.presentity_list` answers; the times are UTC."""
    for found in each(answer):
        yield {
            "user": found["user"],
            "domain": found["domain"],
            "event": found.get("event"),
            "expires": _time(found.get("expires")),
            "sender": found.get("sender") or None,
            "etag": found.get("etag"),
        }


def _time(seconds: Json) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds")
