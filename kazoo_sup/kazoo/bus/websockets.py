"""Websockets to blackhole: who is connected, from where, and what is listened for.

Source: Kazoo blackhole_maintenance:print_sessions/1, blackhole_tracking. Nodes tell of the sessions of one account at a
time, and do not tell their processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.bus.collect import Collector, Reach
from kazoo_sup.types import Fields

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError


Session = Fields


def sessions(reach: Reach, accounts: Sequence[str]) -> tuple[list[Session], list[SupError]]:
    """Return the sessions of accounts (ids), each with its `account_id` and `node`, and what went wrong on the way."""
    requests = [("websockets.get_req", {"Account-ID": each}) for each in accounts]
    asked = Collector(reach, requests, apps=("blackhole",), what="sessions")
    found: dict[object, Session] = {}
    for answer in asked:
        account = asked.question(answer)["Account-ID"]
        for each in answer.get("Data") or ():
            if isinstance(each, dict):
                named = {**each, "account_id": account, "node": answer["Node"]}
                found[answer["Node"], each.get("websocket_session_id")] = named
    return list(found.values()), asked.errors
