"""What goes through a proxy: dialogs, TLS connections, and the addresses that pike counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.types import Json, Row

DIALOGS = ("id", "call_id", "from", "to", "state", "duration", "caller", "callee")
TLS = ("id", "source", "destination", "state", "cipher", "timeout")
PIKE = ("address", "status", "hits_before", "hits_now", "expires")

_STATES = {1: "unconfirmed", 2: "early", 3: "confirmed, no ACK", 4: "confirmed", 5: "ended"}
"""The states of a dialog (Kamailio src/modules/dialog/dlg_hash.h, DLG_STATE_*)."""


def dialogs(answer: object) -> Iterator[Row]:
    """Yield the dialogs that `dlg.list` answers, the oldest first; their ids are what `dlg.end_dlg` takes."""
    for dialog in sorted(each(answer), key=lambda found: int(found.get("init_ts") or 0)):
        yield {
            "id": f"{dialog['h_entry']}:{dialog['h_id']}",
            "call_id": dialog["call-id"],
            "from": dialog.get("from_uri"),
            "to": dialog.get("to_uri"),
            "state": _STATES.get(dialog["state"], dialog["state"]),
            # Of a call that was never answered Kamailio gives the seconds since 1970.
            "duration": dialog.get("duration") if dialog.get("start_ts", True) else None,
            "caller": (dialog.get("caller") or {}).get("contact") or None,
            "callee": (dialog.get("callee") or {}).get("contact") or None,
        }


def tls(answer: object) -> Iterator[Row]:
    """Yield the connections that `tls.list` answers."""
    for connection in each(answer):
        yield {
            "id": connection["id"],
            "source": f"{connection['src_ip']}:{connection['src_port']}",
            "destination": f"{connection['dst_ip']}:{connection['dst_port']}",
            "state": connection.get("state"),
            "cipher": " ".join(str(connection.get("cipher") or "").split()) or None,
            "timeout": connection.get("timeout"),
        }


def pike(answer: Json) -> Iterator[Row]:
    """Yield the addresses that `pike.list` answers, those with the most requests first."""
    for found in sorted(each(answer["list"]), key=lambda found: -int(found.get("leaf_hits_curr") or 0)):
        yield {
            "address": found["ip_addr"],
            "status": found.get("status"),
            "hits_before": found.get("leaf_hits_prev"),
            "hits_now": found.get("leaf_hits_curr"),
            "expires": found.get("expires"),
        }
