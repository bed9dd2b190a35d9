"""Presentities: the devices and calls whose states a proxy tells its watchers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row

COLUMNS = ("user", "domain", "event", "expires", "sender", "etag")


def rows(answer: Any) -> Iterator[Row]:
    """Yield what `presence.presentity_list` answers; the times are UTC."""
    for found in each(answer):
        yield {
            "user": found["user"],
            "domain": found["domain"],
            "event": found["event"],
            "expires": datetime.fromtimestamp(found["expires"], UTC).isoformat(" ", "seconds"),
            "sender": found.get("sender") or None,
            "etag": found["etag"],
        }
