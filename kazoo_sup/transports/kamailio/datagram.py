"""JSON-RPC to a Kamailio over datagrams, to a socket on this host or to a UDP port.

Kamailio says nothing to the client when its answer does not fit into a datagram (jsonrpcs_sock.c:
jsonrpc_dgram_send_data). Where no answer comes it is therefore asked for something small, to tell an answer that was
too large from a server that is silent.
"""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError, TimedOut
from kazoo_sup.transports.kamailio import jsonrpc
from kazoo_sup.transports.net import Deadline, looked_up

if TYPE_CHECKING:
    Address = str | tuple[object, ...]
    from kazoo_sup.transports.kamailio.failures import Peer
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

LARGEST_REQUEST = 65_456
"""Bytes that Kamailio reads of a datagram (jsonrpcs_sock.c, JSONRPC_DGRAM_BUF_SIZE)."""

INSTEAD = "reach this server over fifo: on its own host, or over http: or binrpc:, for it"

_BUFFER = 1 << 20
_PATIENCE = 1.0
"""Seconds without an answer after which the server is asked for something small."""

_GRACE = 3.0
"""Seconds that the answer gets after the small one has come: another process may be working on it."""


def call(server: Server, body: bytes, number: int, peer: Peer, *, connect: float, read: float) -> Json:
    """Send BODY, request NUMBER, and return the result; READ seconds for the answer.

    Raises ServerUnreachable, Refused, UnreadableAnswer, AnswerTooLarge, RequestTooLarge or TimedOut.
    """
    if len(body) > LARGEST_REQUEST:
        raise peer.request_too_large(LARGEST_REQUEST, INSTEAD)
    try:
        return _tried_in_turn(server, body, number, peer, connect=connect, read=read)
    except SupError:
        raise
    except TimeoutError:
        raise Deadline(connect, f" sending to {peer.address}").passed() from None
    except OSError as error:
        if error.errno == errno.EMSGSIZE:
            raise peer.request_too_large(LARGEST_REQUEST, INSTEAD) from None
        if error.errno == errno.EPROTOTYPE:
            raise peer.unreachable("it takes no datagrams; a ctl socket is written binrpc:/path") from None
        raise peer.unreachable(error) from None


def _tried_in_turn(server: Server, body: bytes, number: int, peer: Peer, *, connect: float, read: float) -> Json:
    """Return the result from the first of the addresses of a host at which somebody takes datagrams."""
    *others, last = _addresses(server, connect)
    for family, address in others:
        with suppress(ConnectionRefusedError):
            return _exchange(family, address, body, number, peer, connect=connect, read=read)
    return _exchange(*last, body, number, peer, connect=connect, read=read)


def _addresses(server: Server, seconds: float) -> list[tuple[int, Address]]:
    parts = urlsplit(server.url)
    if parts.scheme == "unix":
        return [(socket.AF_UNIX, parts.path)]
    return [*looked_up(parts.hostname or "", parts.port, seconds, datagrams=True)]


def _exchange(
    family: int, address: Address, body: bytes, number: int, peer: Peer, *, connect: float, read: float
) -> Json:
    with _connected(family, address) as link:
        link.settimeout(connect)
        link.send(body)
        peer.sent = True
        try:
            return _answer(link, number, peer, read)
        except ConnectionRefusedError:
            peer.sent = False
            raise


def _connected(family: int, address: Address) -> socket.socket:
    """Return a socket that only takes datagrams from the server."""
    link = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_UNIX:
            # An empty name makes Linux choose a free one that is not a file (unix(7), "Autobind feature"): Kamailio can
            # answer to it whoever its user is, and nothing is left behind however this run ends.
            link.bind("")
        link.connect(address)
    except BaseException:
        link.close()
        raise
    return link


def _answer(link: socket.socket, number: int, peer: Peer, seconds: float) -> Json:
    deadline = Deadline(seconds, peer.waiting)
    probe = number + 1
    patience: Deadline | None = Deadline(min(_PATIENCE, seconds), "")
    lost: Deadline | None = None
    while True:
        try:
            link.settimeout(min(each.wait for each in (patience, lost, deadline) if each))
            answer, _ancillary, flags, _address = link.recvmsg(_BUFFER)
        except (TimeoutError, TimedOut):
            if lost:
                raise peer.answer_too_large(INSTEAD) from None
            deadline.left  # noqa: B018 - raises once it has passed
            if patience:
                patience = None
                link.send(jsonrpc.request("core.echo", ["sup"], probe))
            continue
        if flags & socket.MSG_TRUNC:
            raise peer.answer_too_large(INSTEAD)
        try:
            return jsonrpc.result(answer, number, peer)
        except jsonrpc.NotOurs:
            if not patience and not lost and _answers(answer, probe, peer):
                lost = Deadline(min(_GRACE, deadline.wait), "")


def _answers(answer: bytes, number: int, peer: Peer) -> bool:
    """Return whether ANSWER belongs to request NUMBER, whatever it says."""
    try:
        jsonrpc.result(answer, number, peer)
    except jsonrpc.NotOurs:
        return False
    except SupError:
        pass
    return True
