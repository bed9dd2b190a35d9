"""A connection to a running node: it is found through its host's epmd, and its functions are called one at a time.

Every wait has an end, except that for a function's result where none is asked for, as functions may take hours; a node
that lives says so every quarter of a minute, so that one that went away is noticed all the same.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Self

from kazoo_sup.errors import Delivered, ServerUnreachable, TimedOut, TransportError
from kazoo_sup.transports.erlang import epmd
from kazoo_sup.transports.erlang.channel import BadFrame, FrameTooLarge
from kazoo_sup.transports.erlang.client import Asked, Client, Event, Printed, Returned
from kazoo_sup.transports.erlang.external import BadExternal, Encoded
from kazoo_sup.transports.erlang.failures import (
    CookieRefused,
    MessageTooLarge,
    NodeLost,
    NodeNotRegistered,
    NodeRefused,
    NodeSilent,
    NodeUnreachable,
    NoPortMapper,
    NotANode,
    VersionUnknown,
)
from kazoo_sup.transports.erlang.handshake import NEWEST, OLDEST, BadHandshake, Handshake, HandshakeFailed, NameRefused
from kazoo_sup.transports.net import Address, Deadline, Tls, connect, encrypt, why

_PIECE = 262_144
_SILENCE = 75.0
"""Seconds after which a node that says nothing is gone: it ticks every 15 (net_ticktime of 60, in quarters)."""
_LOOK = 1.0
_MOMENT = 0.01
"""Seconds for which more is looked for once something has come in while nothing is waited for."""
_LONGEST_ANSWER_OF_EPMD = 1 << 20
_TEXT_OF_STATUS = {
    "nok": "a connection of this name is being made",
    "not_allowed": "it lets in only the nodes that it was told of (net_kernel:allow/1)",
}

Show = Callable[[str], None]
Ask = Callable[[str, bool], str | None]
_Answers = deque[tuple[int, str | None]]
"""What has been read for which question; one thread puts it in, and another takes it out."""


class Endpoint:
    """A node, and how to get there."""

    def __init__(
        self,
        name: str,
        cookie: str,
        cookie_source: str = "the settings",
        host: str = "",
        port: int | None = None,
        epmd_port: int = epmd.PORT,
        tls: Tls | None = None,
    ) -> None:
        """Take what is known of it.

        name: NAME@HOST, as the node calls itself
        cookie: the secret of the cluster; COOKIE_SOURCE says where it came from, for people
        host: where to connect, if that is not the node's own host (through a tunnel)
        port: the node's port, where epmd need not be asked
        tls: how to trust the node, and be trusted by it, where distribution is encrypted
        """
        self.name, self.host, self.port, self.epmd_port, self.tls = name, host, port, epmd_port, tls
        self.cookie, self.cookie_source = cookie, cookie_source

    @property
    def reached(self) -> str:
        """The host to connect to."""
        return self.host or self.name.partition("@")[2]


class _ClosedAtOnce(NodeRefused):
    __doc__ = NodeRefused.__doc__


class Node:
    """A connection to one node; `connect` makes it, and leaving the `with` block ends it."""

    def __init__(self, endpoint: Endpoint, *, own_host: str, connect_timeout: float = 5.0, largest: int) -> None:
        """Take who to call, and the host of which we say that we are; LARGEST is the octets that an answer may have."""
        self._endpoint = endpoint
        self._timeout = connect_timeout
        self._largest = largest
        # One of a kind: a node takes a second connection of the same name for a broken first one.
        self.own_name = f"sup_{os.urandom(4).hex()}@{_host_like(own_host, endpoint.name)}"
        self._socket: socket.socket | None = None
        self._client: Client | None = None
        self._heard = 0.0
        # What came in one piece with a result, after it: whoever listens next takes it.
        self._left: deque[Event] = deque()
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        """Connect."""
        return self.connect()

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    @property
    def name(self) -> str:
        """The node's name."""
        return self._endpoint.name

    def connect(self) -> Self:
        """Find the node and prove to it, and have it prove, that both know the cookie.

        Raises NoPortMapper, NodeNotRegistered, VersionUnknown, NodeUnreachable, CookieRefused, NodeRefused, NotANode.
        """
        if self._endpoint.port is None:
            self._meet(*self._listening())
            return self
        try:
            self._meet(self._endpoint.port, NEWEST)
        except _ClosedAtOnce:
            # Nobody has told which versions it speaks: one before OTP 23 hears another name than it knows.
            self._meet(self._endpoint.port, OLDEST)
        return self

    def _meet(self, port: int, version: int) -> None:
        """Connect to a port, and shake hands in a version."""
        try:
            self._socket = self._connected(port)
            self._shake_hands(version)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect; what still runs on the node goes on there."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    def call(
        self,
        module: str,
        function: str,
        arguments: Sequence[object] | Encoded,
        *,
        seconds: float | None = None,
        show: Show = lambda _text: None,
        ask: Ask = lambda _prompt, _secret: None,
    ) -> bytes:
        """Call a function; return the external form of its result: what rpc:call/4 returns, `badrpc` tuples included.

        SHOW takes what it prints, as it comes; ASK(prompt, secret) returns the line that it asks for, None where there
        is none. Raises TimedOut after SECONDS (it goes on there), NodeLost, MessageTooLarge, NotANode.
        """
        client = self._connected_client()
        end = None if seconds is None else Deadline(seconds, f" waiting for {self.name}")
        answers: _Answers = deque()
        with self._turn:
            number = client.call(module, function, arguments)
            for event in self._events(client, end, answers):
                match event:
                    case Returned(call, term) if call == number:
                        return term
                    case Printed(text):
                        show(text)
                    case Asked(question, prompt, number_wanted, secret):
                        _answer_aside(answers, question, number_wanted, lambda: ask(prompt, secret))
        raise AssertionError("the events end with an error")

    @contextmanager
    def attended(self, show: Show) -> Iterator[None]:
        """Keep the connection, and show what is printed, while something else is waited for, such as what is typed.

        A node that hears nothing for its net_ticktime, a minute, takes us for gone. Meanwhile functions may be called;
        where the connection is lost, the next call tells.
        """
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self._attend, args=(theirs, show), daemon=True)
        with ours, theirs:
            thread.start()
            try:
                yield
            finally:
                ours.shutdown(socket.SHUT_WR)
                thread.join()

    def _attend(self, until: socket.socket, show: Show) -> None:
        """Answer what the node asks of a connection, and show what is printed, until UNTIL has something to read."""
        client, connection = self._connected_client(), self._live_socket()
        with suppress(TransportError):
            while until not in select.select([connection, until], [], [])[0]:
                with self._turn:
                    self._listen_for_a_moment(client)
                    for _ in range(len(self._left)):
                        event = self._left.popleft()
                        if isinstance(event, Printed):
                            show(event.text)
                        else:
                            self._left.append(event)

    def _listen_for_a_moment(self, client: Client) -> None:
        end = Deadline(_MOMENT)
        with suppress(TimedOut):
            while True:
                self._listen(client, end, deque())

    def linger(self, show: Show, seconds: float | None = None) -> None:
        """Show what is still printed, for as long as the connection lasts, or for SECONDS."""
        end = None if seconds is None else Deadline(seconds, f" waiting for {self.name}")
        with suppress(TimedOut):
            for event in self._events(self._connected_client(), end, deque()):
                if isinstance(event, Printed):
                    show(event.text)

    def _connected_client(self) -> Client:
        assert self._client is not None, "connect comes first"
        return self._client

    def _listening(self) -> tuple[int, int]:
        """Return the node's port and the version of the handshake to speak."""
        found = self._registered()
        if found.newest < OLDEST or found.oldest > NEWEST:
            raise VersionUnknown(node=self.name, oldest=found.oldest, newest=found.newest)
        return found.port, min(found.newest, NEWEST)

    def _registered(self) -> epmd.Registered:
        short = self.name.partition("@")[0]
        try:
            found = epmd.answer(self._ask_epmd(epmd.question(short)))
            others = [] if found else epmd.names(self._ask_epmd(epmd.names_question()))
        except epmd.BadAnswer:
            raise self._no_port_mapper("what answers there is not epmd") from None
        if found is None:
            known = ", ".join(others) or "none"
            raise NodeNotRegistered(node=self.name, address=self._epmd_address, others=known)
        return found

    @property
    def _epmd_address(self) -> str:
        return str(Address(self._endpoint.reached, self._endpoint.epmd_port))

    def _no_port_mapper(self, reason: str) -> NoPortMapper:
        return NoPortMapper(node=self.name, address=self._epmd_address, reason=reason)

    def _ask_epmd(self, question: bytes) -> bytes:
        """Ask, and return all that comes until epmd closes the connection."""
        end = Deadline(self._timeout)
        answer = bytearray()
        try:
            place = Address(self._endpoint.reached, self._endpoint.epmd_port)
            with connect(place, self._timeout, called="epmd") as connection:
                connection.sendall(question)
                while piece := _received(connection, end):
                    answer += piece
                    if len(answer) > _LONGEST_ANSWER_OF_EPMD:
                        raise epmd.BadAnswer
        except ServerUnreachable as error:
            raise self._no_port_mapper(error.reason) from None
        except (TimeoutError, TimedOut):
            raise self._no_port_mapper(f"no answer within {self._timeout:g} s") from None
        except OSError as error:
            raise self._no_port_mapper(why(error).reason) from None
        return bytes(answer)

    def _connected(self, port: int) -> socket.socket:
        address = Address(self._endpoint.reached, port)
        try:
            connection = connect(address, self._timeout, called=self.name)
        except ServerUnreachable as error:
            raise self._unreachable(address, error.reason) from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (tls := self._endpoint.tls) is None:
            return connection
        try:
            certified = self.name.partition("@")[2]
            return encrypt(connection, tls, address, self._timeout, called=self.name, name=certified)
        except ServerUnreachable as error:
            raise NodeUnreachable(node=self.name, address=str(address), reason=error.reason, advice="") from None

    def _unreachable(self, address: Address, reason: str) -> NodeUnreachable:
        advice = ""
        if not self._endpoint.host:
            forward = " ".join(f"-L {each}:127.0.0.1:{each}" for each in (self._endpoint.epmd_port, address.port))
            advice = (
                "; a node that takes connections from its own host only is reached from there, or through"
                f" ssh {forward} {self._endpoint.reached}"
            )
        return NodeUnreachable(node=self.name, address=str(address), reason=reason, advice=advice)

    def _shake_hands(self, version: int) -> None:
        handshake = Handshake(
            name=self.own_name,
            cookie=self._endpoint.cookie,
            version=version,
            challenge=int.from_bytes(os.urandom(4), "big"),
            creation=(int(time.time()) ^ os.getpid()) & 0xFFFFFFFF or 1,
            length_octets=2 if self._endpoint.tls is None else 4,
        )
        client = Client(handshake, self._largest)
        client.begin()
        end = Deadline(self._timeout)
        try:
            while not handshake.done:
                self._send(client)
                data = _received(self._live_socket(), end)
                if not data:
                    raise self._turned_away(handshake)
                client.receive(data)
        except (TimeoutError, TimedOut):
            raise NodeSilent(node=self.name, address=self._address, seconds=self._timeout) from None
        except NameRefused as refused:
            reason = _TEXT_OF_STATUS.get(str(refused), str(refused)[:100])
            raise NodeRefused(node=self.name, own=self.own_name, reason=reason) from None
        except BadHandshake as bad:
            reason = str(bad)
            raise NotANode(node=self.name, address=self._address, reason=reason, delivered=Delivered.NO) from None
        except HandshakeFailed:
            raise CookieRefused(node=self.name, source=self._endpoint.cookie_source) from None
        except OSError:
            raise self._turned_away(handshake) from None
        self._client = client
        self._left.clear()
        self._heard = time.monotonic()

    def _turned_away(self, handshake: Handshake) -> Exception:
        """Return the error of a node that closes the connection during the handshake: it never says why."""
        if handshake.peer:
            return CookieRefused(node=self.name, source=self._endpoint.cookie_source)
        reason = "it closed the connection; a node of another version, or one that encrypts its distribution, does so"
        refused = NodeRefused if handshake.heard else _ClosedAtOnce
        return refused(node=self.name, own=self.own_name, reason=reason)

    @property
    def _address(self) -> str:
        host, port = self._live_socket().getpeername()[:2]
        return str(Address(host, port))

    def _live_socket(self) -> socket.socket:
        assert self._socket is not None, "connect comes first"
        return self._socket

    def _send(self, client: Client) -> None:
        if outgoing := client.outgoing():
            self._live_socket().settimeout(_SILENCE)
            self._live_socket().sendall(outgoing)

    def _events(self, client: Client, end: Deadline | None, answers: _Answers) -> Iterator[Event]:
        """Yield what happens, for ever: errors end it."""
        while True:
            while self._left:
                yield self._left.popleft()
            self._listen(client, end, answers)

    def _listen(self, client: Client, end: Deadline | None, answers: _Answers) -> None:
        """Send what is to be sent, and take in what has come."""
        try:
            self._send(client)
            data = self._piece(client, end)
            while answers:
                self._left += client.reply(*answers.popleft())
            self._left += client.receive(data)
            with suppress(OSError):
                # Whoever prints waits for the answer. A connection that is lost by now has brought this first.
                self._send(client)
        except FrameTooLarge as large:
            raise MessageTooLarge(node=self.name, size=large.size) from None
        except (BadFrame, BadExternal) as bad:
            raise NotANode(node=self.name, address=self._address, reason=str(bad)) from None
        except OSError as error:
            raise NodeLost(node=self.name, reason=f": {why(error).reason}") from None

    def _piece(self, client: Client, end: Deadline | None) -> bytes:
        """Return what has come, which may be nothing while input is waited for."""
        connection = self._live_socket()
        if time.monotonic() - self._heard > _SILENCE:
            raise NodeLost(node=self.name, reason=f": nothing was heard of it for {_SILENCE:g} s")
        wait = 0.05 if client.waiting else _LOOK
        connection.settimeout(wait if end is None else min(wait, end.wait))
        try:
            data = connection.recv(_PIECE)
        except TimeoutError:
            if end is not None:
                end.left  # noqa: B018 - raises once it has passed
            return b""
        if not data:
            raise NodeLost(node=self.name, reason="")
        self._heard = time.monotonic()
        return data


def _answer_aside(answers: _Answers, question: int, number: int | None, ask: Callable[[], str | None]) -> None:
    """Have input read in a thread of its own: meanwhile the node must hear that we are there."""

    def read() -> None:
        text: str | None = None
        try:
            text = ask()
        finally:
            answers.append((question, text if text is None or number is None else text[:number]))

    threading.Thread(target=read, daemon=True).start()


def _received(connection: socket.socket, end: Deadline) -> bytes:
    connection.settimeout(end.wait)
    return connection.recv(_PIECE)


def _host_like(own: str, peer: str) -> str:
    """Return our host's name in the form that the peer's has: a node with long names knows no short one."""
    if "." in peer.partition("@")[2]:
        return own if "." in own else f"{own}.localdomain"
    return own.partition(".")[0]
