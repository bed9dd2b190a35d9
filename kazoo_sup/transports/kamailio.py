"""Calls of Kamailio's RPC commands, over whichever way a server's URL names, with answers of one shape.

    http://host:port/RPC, https://…   JSON-RPC over HTTP
    unix:/path, udp://host:port       JSON-RPC over datagrams
    fifo:/path                        JSON-RPC over the FIFO
    binrpc:/path, binrpc://host:port  BINRPC over a ctl socket

BINRPC knows neither lists of things that have one name each, nor lists of one, nor empty ones, so no answer does here:
[{"SET": a}, {"SET": b}] is {"SET": [a, b]}, [{"SET": a}] is {"SET": a}, a reply of one value is that value, and nothing
is {}. `each` takes them apart again. Whole numbers are ints.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kazoo_sup.transports import binrpc, kamailio_jsonrpc
from kazoo_sup.transports.kamailio_failures import Peer

if TYPE_CHECKING:
    from kazoo_sup.settings.servers import Server

Value = binrpc.Value


def call(server: Server, method: str, arguments: Sequence[Value] = (), *, connect: float, read: float) -> Any:
    """Return what the RPC command METHOD answers; CONNECT and READ are seconds, for the connection and for the answer.

    Raises Refused for an error of the server's, ServerUnreachable, NotAuthorised, TimedOut, UnreadableAnswer,
    AnswerTooLarge, RequestTooLarge or CannotAsk.
    """
    peer = Peer(server.url, method)
    # Not `random` nor `secrets`: they take longer to import than the call takes.
    number = int.from_bytes(os.urandom(4), "big") >> 2 | 1
    scheme = urlsplit(server.url).scheme
    if scheme == "binrpc":
        from kazoo_sup.transports import kamailio_ctl

        values = kamailio_ctl.call(server, method, arguments, number, peer, connect=connect, read=read)
        return shaped(values)
    if scheme == "fifo":
        from kazoo_sup.transports import kamailio_fifo

        return shaped(kamailio_fifo.call(server, method, arguments, number, peer, read=read))
    body = kamailio_jsonrpc.request(method, arguments, number)
    if scheme in ("unix", "udp"):
        from kazoo_sup.transports import kamailio_datagram

        return shaped(kamailio_datagram.call(server, body, number, peer, connect=connect, read=read))
    from kazoo_sup.transports import kamailio_http

    return shaped(kamailio_http.call(server, body, number, peer, connect=connect, read=read))


def clean_up() -> None:
    """Remove what calls that are still under way would leave behind."""
    import sys

    if fifo := sys.modules.get("kazoo_sup.transports.kamailio_fifo"):
        fifo.clean_up()


def each(value: Any) -> list[Any]:
    """Return the things that VALUE of an answer stands for: none, one, or several."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == {} else [value]


def shaped(answer: Any) -> Any:
    """Return a whole ANSWER in the one shape that all ways can have."""
    found = _shaped(answer)
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _shaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shaped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        if all(isinstance(inner, dict) and len(inner) == 1 for inner in value):
            return binrpc.merged([(name, _shaped(each)) for inner in value for name, each in inner.items()])
        return [_shaped(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
