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
    """Return what the first node that knows of a call says of it, None when none does.

    Where no node listens, the FreeSWITCH servers of the zone's settings are asked for the channel of that name.
    """
    try:
        return dict(bus.request(zone, REQUEST, {"Call-ID": call_id, "System-Log-ID": call_id}, seconds=SECONDS))
    except bus.NobodyListens:
        from kazoo_sup.kazoo.calls import switches

        return switches.call_status(zone, call_id) if zone.settings.freeswitch else None
    except bus.NoAnswer:
        return None
