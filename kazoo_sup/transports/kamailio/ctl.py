"""BINRPC to a Kamailio over its ctl socket: on this host, or on a TCP port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import ServerUnreachable, SupError
from kazoo_sup.transports.kamailio import binrpc
from kazoo_sup.transports.kamailio.failures import BUFFER, OVERFLOWS, Peer
from kazoo_sup.transports.net import Address, Deadline, connect

if TYPE_CHECKING:
    import socket

    from kazoo_sup.transports.limits import Limits
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

PORT = 2049
"""The port of a ctl socket whose setting names none (Kamailio src/modules/ctl/ctl_defaults.h)."""

_LIMIT = (
    "; long answers pass the limits of BINRPC (ctl's binrpc_struct_max_body_size, binrpc_max_body_size):"
    " reach this server over fifo: for them, on its own host, or over http:, which brings some thousands of entries"
)
"""What to add to how Kamailio says that a struct is full (binrpc_run.c:rpc_struct_add)."""


def call(
    server: Server,
    arguments: Sequence[Json],
    cookie: int,
    peer: Peer,
    *,
    connect: float,
    read: float,
    limits: Limits,
) -> list[Json]:
    """Ask for the command that PEER names and return the values of the reply.

    CONNECT and READ are seconds: to get connected, and for the whole answer.
    Raises ServerUnreachable, CannotAsk, Refused, UnreadableAnswer or TimedOut.
    """
    try:
        packet = binrpc.request(peer.request, arguments, cookie)
    except binrpc.BinrpcError as error:
        raise peer.cannot_ask(str(error)) from None
    try:
        with _connected(server, connect, peer) as link:
            deadline = Deadline(read, peer.waiting)
            link.settimeout(deadline.left)
            peer.sent = True
            link.sendall(packet)
            return _reply(link, cookie, peer, deadline, limits)
    except SupError:
        raise
    except TimeoutError:
        raise Deadline(read, peer.waiting).passed() from None
    except OSError as error:
        raise peer.unreachable(error) from None


def _connected(server: Server, seconds: float, peer: Peer) -> socket.socket:
    parts = urlsplit(server.url)
    place = Address(str(parts.hostname), parts.port or PORT) if parts.netloc else parts.path
    try:
        return connect(place, seconds, called=peer.called, buffer=BUFFER if parts.netloc else None)
    except ServerUnreachable as error:
        raise peer.unconnected(error) from None


def _reply(link: socket.socket, cookie: int, peer: Peer, deadline: Deadline, limits: Limits) -> list[Json]:
    while True:
        try:
            packet = binrpc.read_packet(lambda size: _exactly(link, size, peer, deadline), limits.size, limits.values)
        except binrpc.BinrpcError as error:
            raise peer.unreadable(str(error)) from None
        if packet.cookie != cookie:
            continue
        if packet.kind == binrpc.FAULT:
            match packet.values:
                case [int(code), str(message), *_]:
                    raise peer.refused(code, message + (_LIMIT if message.startswith(OVERFLOWS) else ""))
            raise peer.unreadable("its fault has no code")
        if packet.kind != binrpc.REPLY:
            raise peer.unreadable("it is neither a reply nor a fault")
        return packet.values


def _exactly(link: socket.socket, size: int, peer: Peer, deadline: Deadline) -> bytes:
    data = bytearray()
    while len(data) < size:
        link.settimeout(deadline.wait)
        piece = link.recv(min(size - len(data), 1 << 16))
        if not piece:
            raise peer.broken_off()
        data += piece
    return bytes(data)
