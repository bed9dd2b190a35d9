"""BINRPC to a Kamailio over its ctl socket: on this host, or on a TCP port."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kazoo_sup.errors import ServerUnreachable, SupError
from kazoo_sup.transports import binrpc
from kazoo_sup.transports.deadline import Deadline
from kazoo_sup.transports.kamailio_failures import LARGEST_ANSWER, SERVER, Peer

if TYPE_CHECKING:
    from kazoo_sup.settings.servers import Server

PORT = 2049
"""The port of a ctl socket whose setting names none (Kamailio src/modules/ctl/ctl_defaults.h)."""

_OVERFLOWS = ("Internal error", "Internal server error")
_LIMIT = (
    "; long answers pass the limits of BINRPC (ctl's binrpc_struct_max_body_size, binrpc_max_body_size):"
    " reach this server over http: or fifo: for them"
)
"""What to add to how Kamailio says that a struct is full (binrpc_run.c:rpc_struct_add)."""


def call(
    server: Server, method: str, arguments: Sequence[Any], cookie: int, peer: Peer, *, connect: float, read: float
) -> list[Any]:
    """Ask for METHOD and return the values of the reply; seconds to connect and for the whole answer.

    Raises ServerUnreachable, CannotAsk, Refused, UnreadableAnswer or TimedOut.
    """
    try:
        packet = binrpc.request(method, arguments, cookie)
    except binrpc.BinrpcError as error:
        raise peer.cannot_ask(str(error)) from None
    try:
        with _connected(server, connect, peer) as link:
            deadline = Deadline(read, peer.waiting)
            link.settimeout(deadline.left)
            link.sendall(packet)
            return _reply(link, cookie, peer, deadline)
    except SupError:
        raise
    except TimeoutError:
        raise Deadline(read, peer.waiting).passed() from None
    except OSError as error:
        raise peer.unreachable(error) from None


def _connected(server: Server, seconds: float, peer: Peer) -> socket.socket:
    parts = urlsplit(server.url)
    try:
        if parts.netloc:
            return socket.create_connection((parts.hostname, parts.port or PORT), seconds)
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(seconds)
            link.connect(parts.path)
        except BaseException:
            link.close()
            raise
    except TimeoutError:
        raise Deadline(seconds, f" connecting to {SERVER} at {peer.address}").passed() from None
    except OSError as error:
        if error.errno == errno.EPROTOTYPE:
            raise peer.unreachable("it takes datagrams; ctl sockets are wanted with unixs: or unix:") from None
        raise
    return link


def _reply(link: socket.socket, cookie: int, peer: Peer, deadline: Deadline) -> list[Any]:
    while True:
        try:
            packet = binrpc.read_packet(lambda size: _exactly(link, size, peer, deadline), LARGEST_ANSWER)
        except binrpc.BinrpcError as error:
            raise peer.unreadable(str(error)) from None
        if packet.cookie != cookie:
            continue
        if packet.kind == binrpc.FAULT:
            match packet.values:
                case [int(code), str(message), *_]:
                    raise peer.refused(code, message + (_LIMIT if message.startswith(_OVERFLOWS) else ""))
            raise peer.unreadable("its fault has no code")
        if packet.kind != binrpc.REPLY:
            raise peer.unreadable("it is neither a reply nor a fault")
        return packet.values


def _exactly(link: socket.socket, size: int, peer: Peer, deadline: Deadline) -> bytes:
    data = bytearray()
    while len(data) < size:
        link.settimeout(deadline.left)
        piece = link.recv(min(size - len(data), 1 << 16))
        if not piece:
            raise _broken_off(peer)
        data += piece
    return bytes(data)


def _broken_off(peer: Peer) -> ServerUnreachable:
    return peer.unreachable("it closed the connection before its answer was complete")
