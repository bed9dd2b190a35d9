"""JSON-RPC to a Kamailio over HTTP: one POST to its event_route[xhttp:request]."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from kazoo_sup.errors import NotAuthorised, SupError
from kazoo_sup.transports import kamailio_jsonrpc
from kazoo_sup.transports.deadline import Deadline
from kazoo_sup.transports.kamailio_failures import LARGEST_ANSWER, SERVER, Peer

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from kazoo_sup.settings.servers import Server

PATH = "/RPC"
"""The path that the jsonrpcs documentation gives, for a URL without one."""

_PIECE = 1 << 16


def call(server: Server, body: bytes, number: int, peer: Peer, *, connect: float, read: float) -> Any:
    """Post BODY, request NUMBER, and return the result; SECONDS to connect and for the whole answer.

    Raises ServerUnreachable, NotAuthorised, Refused, UnreadableAnswer or TimedOut.
    """
    from http.client import HTTPException

    headers = _headers(server)
    connection = _connection(server, connect)
    try:
        try:
            connection.connect()
        except TimeoutError:
            raise Deadline(connect, f" connecting to {SERVER} at {peer.address}").passed() from None
        except OSError as error:
            raise peer.unreachable(error) from None
        deadline = Deadline(read, peer.waiting)
        with _Guard(connection, read) as guard:
            try:
                status, answer = _exchange(connection, server, body, headers)
            except (OSError, HTTPException) as error:
                if guard.fired or isinstance(error, TimeoutError):
                    raise deadline.passed() from None
                raise _broken(error, peer) from None
            if guard.fired:
                raise deadline.passed()
    finally:
        connection.close()
    return _result(status, answer, number, peer, credentials=server.username is not None)


def _connection(server: Server, seconds: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    parts = urlsplit(server.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(str(parts.hostname), parts.port, timeout=seconds)


class _Guard:
    """Cuts a connection off once SECONDS have passed, even when something still trickles in."""

    def __init__(self, connection: HTTPConnection, seconds: float) -> None:
        import socket

        self.fired = False
        self._socket: Any = connection.sock
        self._socket.settimeout(seconds)
        self._how = socket.SHUT_RDWR
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.fired = True
        with suppress(OSError):
            self._socket.shutdown(self._how)


def _headers(server: Server) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    if server.username is not None:
        credentials = f"{server.username}:{server.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
    return headers


def _exchange(connection: HTTPConnection, server: Server, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request("POST", urlsplit(server.url).path or PATH, body, headers)
    response = connection.getresponse()
    pieces: list[bytes] = []
    size = 0
    while size <= LARGEST_ANSWER and (piece := response.read(_PIECE)):
        pieces.append(piece)
        size += len(piece)
    if size <= LARGEST_ANSWER and response.length:
        raise ConnectionError("it closed the connection before its answer was complete")
    return response.status, b"".join(pieces)


def _broken(error: Exception, peer: Peer) -> SupError:
    from http.client import IncompleteRead

    if isinstance(error, (OSError, IncompleteRead)):
        return peer.unreachable("it closed the connection before its answer was complete")
    return peer.unreadable("that is not HTTP")


def _result(status: int, answer: bytes, number: int, peer: Peer, *, credentials: bool) -> Any:
    if len(answer) > LARGEST_ANSWER:
        raise peer.unreadable(f"it has more than {LARGEST_ANSWER} bytes")
    if status in {401, 403}:
        reason = "" if credentials else ", none given"
        raise NotAuthorised(server=SERVER, address=peer.address, reason=reason)
    # A refused command comes with the status of its code and a JSON body that says more (jsonrpcs_mod.c:jsonrpc_send).
    if status != 200 and not _is_json(answer):  # noqa: PLR2004
        raise peer.refused(status, _page(status))
    try:
        return kamailio_jsonrpc.result(answer, number, peer)
    except kamailio_jsonrpc.NotOurs:
        raise peer.unreadable("it is the answer to another request") from None


def _is_json(answer: bytes) -> bool:
    try:
        return isinstance(json.loads(answer), dict)
    except (ValueError, RecursionError):
        return False


def _page(status: int) -> str:
    from http.client import responses

    return f"HTTP {responses.get(status, 'status')}; its event_route[xhttp:request] answers no JSON-RPC at this path"
