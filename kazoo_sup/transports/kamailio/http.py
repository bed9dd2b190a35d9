"""JSON-RPC to a Kamailio over HTTP: one POST to its event_route[xhttp:request]."""

from __future__ import annotations

import json
import socket
from http.client import responses
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import Delivered, NotAuthorised, ServerUnreachable, TimedOut, TransportError
from kazoo_sup.transports.http import Place, Request, Timeouts, Transport
from kazoo_sup.transports.http.failures import Failure
from kazoo_sup.transports.kamailio import jsonrpc
from kazoo_sup.transports.kamailio.failures import BUFFER
from kazoo_sup.transports.limits import OversizedAnswer
from kazoo_sup.transports.net import Cause, Tls

if TYPE_CHECKING:
    from kazoo_sup.transports.http import Answer
    from kazoo_sup.transports.kamailio.failures import Peer
    from kazoo_sup.transports.limits import Limits
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

PATH = "/RPC"
"""The path that the jsonrpcs documentation gives, for a URL without one."""

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}


def call(server: Server, body: bytes, number: int, peer: Peer, *, connect: float, read: float, limits: Limits) -> Json:
    """Post BODY, request NUMBER, and return the result; seconds to CONNECT and to READ the whole answer.

    Raises ServerUnreachable, NotAuthorised, Refused, UnreadableAnswer or TimedOut.
    """
    login = None if server.username is None else (server.username, server.password or "")
    place = Place(server.url, peer.called, login, address=peer.address, directly=True)
    transport = Transport(
        timeouts=Timeouts(connect, read, whole=read),
        limits=limits,
        tls=Tls().context() if server.url.startswith("https:") else Tls(),
        socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)],
    )
    path = "" if urlsplit(server.url).path else PATH
    try:
        answer = transport.exchange(place, Request("POST", path, peer.request, _HEADERS, body))
    except Failure as failure:
        peer.sent = failure.delivered is not Delivered.NO
        raise _told(failure, peer, Timeouts(connect, read), limits) from None
    finally:
        transport.close()
    peer.sent = True
    return _result(answer, number, peer, credentials=login is not None)


def _told(failure: Failure, peer: Peer, timeouts: Timeouts, limits: Limits) -> TransportError:
    """Return the error of an exchange that failed as one of this server."""
    error = failure.error
    if isinstance(error, OversizedAnswer):
        return peer.oversized(limits)
    if isinstance(error, TimedOut):
        return peer.late(timeouts.read)
    if failure.cause is Cause.NOT_HTTP:
        return peer.unreadable(Cause.NOT_HTTP.value)
    if isinstance(error, ServerUnreachable) and error.delivered is Delivered.NO:
        error.seconds = error.seconds and timeouts.connect
        return peer.unconnected(error)
    if failure.cause is Cause.TLS and isinstance(error, ServerUnreachable):
        return peer.unreachable(error.reason)
    return peer.broken_off()


def _result(answer: Answer, number: int, peer: Peer, *, credentials: bool) -> Json:
    if answer.status in {401, 403}:
        reason = "" if credentials else ", none given"
        raise NotAuthorised(server=peer.called, address=peer.address, reason=reason)
    # A refused command comes with the status of its code and a JSON body that says more (jsonrpcs_mod.c:jsonrpc_send).
    if answer.status != 200 and not _is_json(answer.body):  # noqa: PLR2004
        raise peer.refused(answer.status, _page(answer.status))
    try:
        return jsonrpc.result(answer.body, number, peer)
    except jsonrpc.NotOurs:
        raise peer.unreadable("it is the answer to another request") from None


def _is_json(answer: bytes) -> bool:
    try:
        return isinstance(json.loads(answer), dict)
    except (ValueError, RecursionError):
        return False


def _page(status: int) -> str:
    return f"HTTP {responses.get(status, 'status')}; its event_route[xhttp:request] answers no JSON-RPC at this path"
