"""JSON-RPC 2.0 as Kamailio's jsonrpcs module speaks it, to and from bytes; other modules carry them.

Source: JSON-RPC 2.0 Specification; Kamailio src/modules/jsonrpcs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.transports.kamailio.binrpc import merged

if TYPE_CHECKING:
    from kazoo_sup.transports.kamailio.failures import Peer
    from kazoo_sup.types import Json


class NotOurs(Exception):
    """An answer to another request, or none at all: where others may write too, it is to be passed over."""


def request(method: str, arguments: Sequence[object], number: int, **more: str) -> bytes:
    """Return the request NUMBER for METHOD; MORE are members that a way of transport asks for."""
    body = {"jsonrpc": "2.0", "method": method, "params": list(arguments), "id": number, **more}
    return json.dumps(body).encode()


def result(answer: bytes, number: int, peer: Peer) -> Json:
    """Return the result in the ANSWER to request NUMBER.

    Raises Refused for an error, UnreadableAnswer for what is not JSON-RPC, and NotOurs for another number.
    """
    try:
        read = json.loads(answer, object_pairs_hook=merged)
    except (ValueError, RecursionError):
        raise peer.unreadable("it is not JSON, or breaks off" if answer else "it is empty") from None
    if not isinstance(read, dict) or not ("result" in read or "error" in read):
        raise peer.unreadable("it is JSON, but no JSON-RPC")
    if "id" not in read:
        raise peer.unreadable("it does not say to which request it belongs")
    if read["id"] != number:
        raise NotOurs
    error = read.get("error")
    if error is None and "result" in read:
        return read["result"]
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        raise peer.unreadable("its error has no code")
    raise peer.refused(error["code"], str(error.get("message", "")))
