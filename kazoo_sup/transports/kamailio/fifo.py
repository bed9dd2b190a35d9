"""JSON-RPC to a Kamailio on this host over its FIFO; the answer comes through a FIFO of ours, made for one call.

Kamailio opens that in the directory of its parameter fifo_reply_dir, /tmp/ if not set, under the name that the request
gives as `reply_name` (jsonrpcs_fifo.c:jsonrpc_open_reply_fifo).
"""

from __future__ import annotations

import errno
import os
import select
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.transports.kamailio import jsonrpc
from kazoo_sup.transports.net import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kazoo_sup.transports.kamailio.failures import Peer
    from kazoo_sup.transports.limits import Limits
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

REPLIES = Path("/tmp")  # noqa: S108 - it is where Kamailio looks, and the name is one that nobody can guess

LARGEST_REQUEST = select.PIPE_BUF
"""Bytes that reach the FIFO in one piece, whoever else writes to it (pipe(7))."""

_INSTEAD = "reach this server over http: or binrpc: for it"
_PIECE = 1 << 16

_replies: set[Path] = set()
"""The FIFOs of calls under way."""


def clean_up() -> None:
    """Remove the FIFOs of calls that are still under way when the run ends."""
    for path in list(_replies):
        path.unlink(missing_ok=True)


def call(
    server: Server, method: str, arguments: Sequence[object], number: int, peer: Peer, *, read: float, limits: Limits
) -> Json:
    """Send request NUMBER for METHOD and return the result; READ seconds for the answer.

    Raises ServerUnreachable, Refused, UnreadableAnswer, RequestTooLarge or TimedOut.
    """
    name = f"kamailio_sup_{os.urandom(16).hex()}"
    body = jsonrpc.request(method, arguments, number, reply_name=name)
    if len(body) > LARGEST_REQUEST:
        raise peer.request_too_large(LARGEST_REQUEST, _INSTEAD)
    path = REPLIES / name
    try:
        writer = _open_for_writing(urlsplit(server.url).path, peer)
        try:
            _replies.add(path)
            os.mkfifo(path, 0o600)
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                # Kamailio answers as a user that nothing here tells: its FIFO may still be root's, who started it.
                # Somebody else can disturb this call, but neither read the answer nor, without its number, forge one.
                os.fchmod(reader, 0o622)
                answer = _exchange(writer, reader, body, peer, read, limits)
            finally:
                os.close(reader)
        finally:
            os.close(writer)
            path.unlink(missing_ok=True)
            _replies.discard(path)
    except OSError as error:
        raise peer.unreachable(error) from None
    try:
        return jsonrpc.result(answer, number, peer)
    except jsonrpc.NotOurs:
        raise peer.unreadable("it is the answer to another request") from None


def _open_for_writing(path: str, peer: Peer) -> int:
    try:
        writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise peer.unreachable("nobody reads from it; is Kamailio running?") from None
        raise
    if not stat.S_ISFIFO(os.fstat(writer).st_mode):
        os.close(writer)
        raise peer.unreachable("that is not a FIFO")
    return writer


def _exchange(writer: int, reader: int, body: bytes, peer: Peer, seconds: float, limits: Limits) -> bytes:
    deadline = Deadline(seconds, peer.waiting)
    while True:
        with suppress(BlockingIOError):
            os.write(writer, body)
            peer.sent = True
            break
        select.select([], [writer], [], deadline.left)
    pieces: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    while size <= limits.size:
        # Without a writer a read would come back empty at once; poll waits for the first one.
        if not poll.poll(deadline.wait * 1000):
            raise deadline.passed()
        piece = os.read(reader, _PIECE)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
    raise peer.oversized(limits)
