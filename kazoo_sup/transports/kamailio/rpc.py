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
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import Delivered, TransportError
from kazoo_sup.transports.kamailio import binrpc, jsonrpc
from kazoo_sup.transports.kamailio.failures import LONG, SERVER, KamailioRefused, Peer
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.waits import waiting_for

if TYPE_CHECKING:
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

Value = binrpc.Value

READING = frozenset(
    (
        *LONG,
        "cfg.get",
        "cfg.list",
        "core.info",
        "core.psx",
        "core.shmmem",
        "core.uptime",
        "core.version",
        "dispatcher.list",
        "htable.get",
        "htable.listTables",
        "htable.stats",
        "pkg.stats",
        "stats.get_statistics",
        "system.listMethods",
        "ul.lookup",
    )
)
"""The commands that change nothing, so that it does no harm to ask for one again."""


def call(
    server: Server,
    method: str,
    arguments: Sequence[Value] = (),
    *,
    connect: float,
    read: float,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    called: str = SERVER,
) -> Json:
    """Return what the RPC command METHOD answers; CONNECT and READ are seconds, for the connection and for the answer.

    The other addresses of the server are tried when the one before does not take the command, or its answer does not
    fit through there; errors call the server CALLED.

    Raises OversizedAnswer, KamailioRefused for an error of the server's, ServerUnreachable, NotAuthorised, TimedOut,
    UnreadableAnswer, AnswerTooLarge, RequestTooLarge or CannotAsk.
    """
    *others, last = (server, *server.others)
    for each_way in others:
        peer = Peer(each_way.url, method, called)
        try:
            return _asked(each_way, method, arguments, peer, connect=connect, read=read, limits=limits)
        except TransportError as error:
            if not _may_go_elsewhere(error, method):
                raise
    peer = Peer(last.url, method, called)
    return _asked(last, method, arguments, peer, connect=connect, read=read, limits=limits)


def _may_go_elsewhere(error: TransportError, method: str) -> bool:
    """Return whether a failed command may be tried at another address of the server: never twice what changes it."""
    if isinstance(error, KamailioRefused):
        return method in READING and error.cut_off
    return error.delivered is Delivered.NO or method in READING


def _asked(
    server: Server, method: str, arguments: Sequence[Value], peer: Peer, *, connect: float, read: float, limits: Limits
) -> Json:
    try:
        with waiting_for(peer.called, peer.address):
            answer = _answer(server, method, arguments, peer, connect=connect, read=read, limits=limits)
        try:
            return shaped(answer)
        except ValueError as error:
            raise peer.unreadable(str(error)) from None
    except TransportError as error:
        error.delivered = peer.fate(error)
        raise


def _answer(
    server: Server, method: str, arguments: Sequence[Value], peer: Peer, *, connect: float, read: float, limits: Limits
) -> Json:
    # Not `random` nor `secrets`: they take longer to import than the call takes.
    number = int.from_bytes(os.urandom(4), "big") >> 2 | 1
    scheme = urlsplit(server.url).scheme
    if scheme == "binrpc":
        from kazoo_sup.transports.kamailio import ctl

        return ctl.call(server, arguments, number, peer, connect=connect, read=read, limits=limits)
    if scheme == "fifo":
        from kazoo_sup.transports.kamailio import fifo

        return fifo.call(server, method, arguments, number, peer, read=read, limits=limits)
    body = jsonrpc.request(method, arguments, number)
    if scheme in ("unix", "udp"):
        from kazoo_sup.transports.kamailio import datagram

        return datagram.call(server, body, number, peer, connect=connect, read=read)
    from kazoo_sup.transports.kamailio import http

    return http.call(server, body, number, peer, connect=connect, read=read, limits=limits)


def clean_up() -> None:
    """Remove what calls that are still under way would leave behind."""
    import sys

    if fifo := sys.modules.get("kazoo_sup.transports.kamailio.fifo"):
        fifo.clean_up()


def each(value: object) -> list[Json]:
    """Return the things that VALUE of an answer stands for: none, one, or several."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == {} else [value]


def shaped(answer: object) -> Json:
    """Return a whole ANSWER in the one shape that all ways can have; ValueError for one that is too deep."""
    found = _shaped(answer, 0)
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _shaped(value: object, depth: int) -> Json:
    if depth > binrpc.DEEPEST:
        raise ValueError(f"it has more than {binrpc.DEEPEST} structs in one another")
    if isinstance(value, dict):
        return {name: _shaped(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        if all(isinstance(inner, dict) and len(inner) == 1 for inner in value):
            return binrpc.merged([(name, _shaped(each, depth + 1)) for inner in value for name, each in inner.items()])
        return [_shaped(inner, depth + 1) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
