"""What Kazoo prints of websockets. Source: Kazoo blackhole_maintenance:print_sessions/1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.bus.nodes import elapsed
from kazoo_sup.kazoo.documents import now
from kazoo_sup.terms.columns import shown

if TYPE_CHECKING:
    from kazoo_sup.kazoo.bus.websockets import Session

_WIDTHS = (22, 10, 12, 32)


def session_table(found: Sequence[Session]) -> Iterator[str]:
    """Yield the lines of Kazoo's list of sessions."""
    if not found:
        yield "no active sessions"
        return
    yield "Active websocket connections:"
    yield _line("Peer", "Uptime", "PID", "Account-ID", "Bindings")
    time_now = now()
    for each in found:
        since, bindings = each.get("timestamp"), each.get("bindings")
        yield _line(
            each.get("websocket_session_id"),
            elapsed(max(0, time_now - since)) if isinstance(since, int) else "",
            "",
            each["account_id"],
            ", ".join(map(str, bindings)) if isinstance(bindings, list) else "",
        )


def _line(*cells: object) -> str:
    *narrow, bindings = cells
    padded = [shown(cell)[:width].rjust(width) for cell, width in zip(narrow, _WIDTHS, strict=True)]
    return " | ".join([*padded, str(bindings)])
