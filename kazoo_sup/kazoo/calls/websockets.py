"""Websockets to blackhole: who is connected, from where, and what is listened for.

Source: Kazoo blackhole_maintenance:print_sessions/1, blackhole_tracking. Nodes tell of the sessions of one account at a
time, and do not tell their processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.collecting import Collecting, Reach
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.nodes import elapsed
from kazoo_sup.terms.columns import shown

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError

_WIDTHS = (22, 10, 12, 32)

Session = Mapping[str, Any]


def sessions(reach: Reach, accounts: Sequence[str]) -> tuple[list[Session], list[SupError]]:
    """Return the sessions of accounts (ids), each with its `account_id` and `node`, and what went wrong on the way."""
    asked = Collecting(reach, [("websockets.get_req", {"Account-ID": each}) for each in accounts], apps=("blackhole",))
    found: dict[Any, Session] = {}
    for answer in asked:
        account = asked.question(answer)["Account-ID"]
        for each in answer.get("Data") or ():
            if isinstance(each, dict):
                named = {**each, "account_id": account, "node": answer["Node"]}
                found[answer["Node"], each.get("websocket_session_id")] = named
    return list(found.values()), asked.errors


def table(found: Sequence[Session]) -> Iterator[str]:
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


def _line(*cells: Any) -> str:
    *narrow, bindings = cells
    padded = [shown(cell)[:width].rjust(width) for cell, width in zip(narrow, _WIDTHS, strict=True)]
    return " | ".join([*padded, bindings])
