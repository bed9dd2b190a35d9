"""Asking the cluster whether a call is alive. Source: Kazoo kapps_maintenance:call_id_status/1,2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import bus

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

REQUEST = "call.channel_status_req"
SECONDS = 2
"""How long Kazoo waits for an answer."""

SHOWN = {
    "Status": "Status",
    "Media Server": "Switch-Hostname",
    "Responding App": "App-Name",
    "Responding Node": "Node",
}


def ask(zone: Zone, call_id: str) -> dict[str, Any] | None:
    """Return what the first node that knows of a call says of it, None when none does."""
    try:
        return dict(bus.request(zone, REQUEST, {"Call-ID": call_id, "System-Log-ID": call_id}, seconds=SECONDS))
    except (bus.NobodyListens, bus.NoAnswer):
        return None
