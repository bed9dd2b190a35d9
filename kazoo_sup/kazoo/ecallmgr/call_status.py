"""Asking the cluster whether a call is alive. Source: Kazoo kapps_maintenance:call_id_status/1,2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo import bus

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
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


def told(answer: Fields, *, verbose: bool) -> str:
    """Return in one line what an answer says of a call: its status, with VERBOSE all of it."""
    shown = SHOWN if verbose else {"Status": "Status"}
    return ", ".join(f"{title}: {answer[header]}" for title, header in shown.items() if header in answer)


def ask(zone: Zone, call_id: str) -> Document | None:
    """Return what the first node that knows of a call says of it, None when none does.

    Where no node listens, the FreeSWITCH servers of the zone's settings are asked for the channel of that name. Where
    there are none either, that is told, and the answer is Kazoo's: that nobody knows of the call.
    """
    try:
        return dict(bus.request(zone, REQUEST, {"Call-ID": call_id, "System-Log-ID": call_id}, seconds=SECONDS))
    except bus.NobodyListens:
        from kazoo_sup.kazoo.ecallmgr import switches

        if zone.settings.freeswitch:
            return switches.call_status(zone, call_id)
        zone.run.warn(str(bus.NobodyThere(app=bus.ECALLMGR, zone=zone.name, what=f"call {call_id}")))
        return None
    except bus.NoAnswer:
        return None
