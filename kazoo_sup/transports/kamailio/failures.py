"""What goes wrong between us and a Kamailio, in plain sentences."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from kazoo_sup.errors import (
    Delivered,
    NotAuthorised,
    ServerRefused,
    ServerUnreachable,
    TimedOut,
    TransportError,
    UsageError,
)
from kazoo_sup.transports.net import one_line, why

if TYPE_CHECKING:
    from kazoo_sup.transports.limits import Limits, OversizedAnswer

SERVER = "Kamailio"

LONG = ("ul.dump", "htable.dump", "dlg.list", "tls.list", "pike.list", "presence.presentity_list")
"""The commands whose answers grow with what the server has to do."""

TOO_LONG = (
    "a long answer passes the private memory (-M) or the write queue (tcp_conn_wq_max) of a Kamailio that is asked"
    " over http: or binrpc:; fifo:, on its own host, brings it whole"
)

OVERFLOWS = ("Internal error", "Internal server error")
"""How the reason begins of an answer that passes the limits of BINRPC (binrpc_run.c:rpc_struct_add)."""

BUFFER = 1 << 24
"""Bytes to ask for to hold a long answer over TCP; the kernel gives up to net.core.rmem_max.

Kamailio sends an answer without waiting: what does not fit into the buffers of the connection goes into a write queue
of some ten thousand bytes, and when that is full the connection is closed (core/tcp_main.c:tcpconn_send_put,
tcp_conn_wq_max). A large buffer on our side takes the rest.
"""

NO_SUCH_METHOD = -32601
"""The code by which JSON-RPC 2.0 (section 5.1) tells of a method that is not there."""


class KamailioRefused(ServerRefused):
    """{server} at {address} refused {request}: {reason} (code {status})"""

    address: str

    @property
    def no_such_method(self) -> bool:
        """Whether the server has no such command: a module that is not loaded, or an older Kamailio."""
        return self.status == NO_SUCH_METHOD

    @property
    def cut_off(self) -> bool:
        """Whether the answer would have been too long for the way that it should have gone."""
        return self.reason.startswith(OVERFLOWS)


class _AboutRequest(TransportError):
    """{server} at {address}: {request}"""

    server: str
    address: str
    request: str


class CannotAsk(_AboutRequest, UsageError):
    """{server} at {address} cannot be asked for {request}: {reason}"""

    reason: str


class KamailioUnreadable(_AboutRequest):
    """{server} at {address} answered {request} with what cannot be read: {reason}"""

    reason: str


class AnswerTooLarge(_AboutRequest):
    """the answer of {server} at {address} to {request} does not fit into a datagram; {instead}"""

    remedy = "{instead}"

    instead: str


class RequestTooLarge(_AboutRequest):
    """the request {request} is longer than the {limit} bytes that {server} at {address} reads; {instead}"""

    remedy = "{instead}"

    limit: int
    instead: str


class Peer:
    """A server at an address, and the command that it is asked for: what every error has to name.

    `sent` says whether the command may have reached the server.
    """

    def __init__(self, address: str, request: str, called: str = SERVER) -> None:
        """Take the address for people, without credentials, the name of the RPC command, and the server's."""
        self.address = address
        self.request = request
        self.called = called
        self.sent = False

    @property
    def waiting(self) -> str:
        """What a run that timed out was doing."""
        return f" waiting for {self.called} at {self.address} to answer {self.request}"

    def unreachable(self, problem: OSError | str) -> ServerUnreachable:
        """Return the error of a connection that did not come about or broke."""
        reason = problem if isinstance(problem, str) else why(problem).reason
        return ServerUnreachable(server=self.called, address=self.address, reason=reason)

    def unconnected(self, error: ServerUnreachable) -> TransportError:
        """Return the ERROR of a connection that did not come about as one of this server."""
        if error.seconds is not None:
            return TimedOut(seconds=error.seconds, doing=f" connecting to {self.called} at {self.address}")
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EPROTOTYPE:
            return self.unreachable("it takes datagrams; ctl sockets are wanted with unixs: or unix:")
        return self.unreachable(error.reason)

    def refused(self, code: int, message: str) -> KamailioRefused:
        """Return the error that the server itself reported."""
        # BINRPC, and older versions of jsonrpcs, say it in words only.
        reason = one_line(message) or "no reason given"
        if message in ("Method Not Found", f"command {self.request} not found") or code == NO_SUCH_METHOD:
            code, reason = NO_SUCH_METHOD, "it has no such command; is the module loaded?"
        return KamailioRefused(
            server=self.called, address=self.address, request=self.request, status=code, reason=reason
        )

    def cannot_ask(self, reason: str) -> CannotAsk:
        """Return the error of a request that cannot be put into the server's protocol."""
        return CannotAsk(server=self.called, address=self.address, request=self.request, reason=reason)

    def unreadable(self, reason: str) -> KamailioUnreadable:
        """Return the error of an answer that cannot be read."""
        return KamailioUnreadable(server=self.called, address=self.address, request=self.request, reason=reason)

    def oversized(self, limits: Limits) -> OversizedAnswer:
        """Return the error of an answer that is over the LIMITS."""
        return limits.oversized(server=f"{self.called} at {self.address}", request=self.request)

    def broken_off(self) -> ServerUnreachable:
        """Return the error of a connection that ended before the answer did."""
        reason = "it closed the connection before its answer was complete"
        return self.unreachable(f"{reason}; {TOO_LONG}" if self.request in LONG else reason)

    def late(self, seconds: float) -> TimedOut:
        """Return the error of an answer that did not come in time."""
        return TimedOut(seconds=seconds, doing=f"{self.waiting}; {TOO_LONG}" if self.request in LONG else self.waiting)

    def answer_too_large(self, instead: str) -> AnswerTooLarge:
        """Return the error of an answer that does not arrive whole this way."""
        return AnswerTooLarge(server=self.called, address=self.address, request=self.request, instead=instead)

    def request_too_large(self, limit: int, instead: str) -> RequestTooLarge:
        """Return the error of a request that the server would not read to its end."""
        return RequestTooLarge(
            server=self.called, address=self.address, request=self.request, limit=limit, instead=instead
        )

    def fate(self, error: TransportError) -> Delivered:
        """Return what became of the command that ended in an ERROR."""
        if not self.sent:
            return Delivered.NO
        return Delivered.YES if isinstance(error, KamailioRefused | NotAuthorised) else Delivered.MAYBE
