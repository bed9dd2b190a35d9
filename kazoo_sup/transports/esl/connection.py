"""FreeSWITCH's event socket, inbound: connect, authenticate, send commands, read replies and events.

A command is one line, so nothing with a line break in it is ever sent. Every wait has an end, except that for an event
when none is given. One connection belongs to one thread.

Source: FreeSWITCH mod_event_socket.c (listener_run, parse_command, api_exec).
"""

from __future__ import annotations

import re
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from kazoo_sup.errors import NotAuthorised, TimedOut
from kazoo_sup.transports.esl.failures import (
    CommandRefused,
    ConnectionLost,
    NotAnEventSocket,
    Rejected,
    ReplyTooLong,
    UnsafeCommand,
)
from kazoo_sup.transports.esl.frames import BadFrame, Event, Framer, Head, TooLong, event
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import Address, Deadline, connect, one_line, why
from kazoo_sup.transports.waits import waiting_for

PORT = 8021
PASSWORD = "ClueCon"  # noqa: S105 - what FreeSWITCH ships with, and listens for when it is told nothing else
_LIMITS = Limits()
_PIECE = 65_536
_WAITING_EVENTS = 10_000
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
_UNSAFE = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an event socket is and who we are there. NAME is what people call the server.

    A username is a directory user, `user@domain`, with rights of its own (userauth); without one the password is the
    socket's.
    """

    name: str
    host: str
    port: int = PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The host:port that is shown to people."""
        return str(Address(self.host, self.port))


class Reply:
    """The answer to a command: read as a whole with `text`, or in pieces as it comes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Take the body's PIECES, which are read when they are asked for."""
        self._pieces = pieces
        self._beginning = b""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces, once."""
        if self._beginning:
            yield self._beginning
            self._beginning = b""
        yield from self._pieces

    def beginning(self) -> str:
        """Return the first piece, without taking it away."""
        self._beginning = self._beginning or next(self._pieces, b"")
        return self._beginning.decode("utf-8", "replace")

    def text(self) -> str:
        """Return the whole answer."""
        return b"".join(self).decode("utf-8", "replace")


class EventSocket:
    """A connection to one event socket; `connect` makes it, and leaving the `with` block ends it."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        limits: Limits = _LIMITS,
    ) -> None:
        """Take seconds to wait for the connection, and for an answer or the next part of one.

        LIMITS are those of one answer, of one event, and of all events that wait while an answer is read.
        """
        self._endpoint = endpoint
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._limits = limits
        self._framer = Framer(limits.size)
        self._events: deque[Event] = deque()
        self._events_bytes = 0
        self._socket: socket.socket | None = None
        self._body_left = 0

    def __enter__(self) -> Self:
        """Return the connection itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    @property
    def name(self) -> str:
        """What people call the server."""
        return self._endpoint.name

    def connect(self) -> Self:
        """Connect and authenticate.

        Raises ServerUnreachable, Rejected, NotAuthorised, NotAnEventSocket, ConnectionLost, TimedOut, or UnsafeCommand
        for credentials that cannot be sent.
        """
        there = self._endpoint
        password = PASSWORD if there.password is None else there.password
        login = f"auth {password}" if there.username is None else f"userauth {there.username}:{password}"
        _refuse_line_breaks(login, "the credentials")
        with waiting_for(there.name, there.address):
            place = Address(there.host, there.port)
            self._socket = connect(place, self._connect_timeout, called=there.name)
        try:
            _keep_alive(self._socket)
            self._authenticate(login)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Disconnect."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def api(self, command: str) -> Reply:
        """Run an API command and return its answer once that begins; the next command reads over what is left of it.

        The answer is FreeSWITCH's own text, which may be a refusal.
        """
        head = self._ask(f"api {command}")
        if head.content_type == "command/reply":
            return Reply(iter([head.reply.encode()]))
        return Reply(self._pieces(head.length))

    def start(self, command: str) -> str:
        """Start an API command in the background and return the id of its job; CommandRefused when it is not taken."""
        job = _new_job()
        self._start(command, job)
        return job

    def bgapi(self, command: str, *, timeout: float | None = None) -> str:
        """Run an API command in the background and return its answer, for which it waits TIMEOUT seconds.

        Afterwards only the ends of jobs come as events on this connection.
        """
        job = _new_job()
        self.filter("Job-UUID", job)
        self.subscribe("BACKGROUND_JOB")
        self._start(command, job)
        seconds = self._read_timeout if timeout is None else timeout
        deadline = Deadline(seconds, f" waiting for {self.name} to finish {command.partition(' ')[0]}")
        while (found := self._next_event(deadline)) is not None:
            if found.get("Job-UUID") == job:
                return str(found.get("_body", ""))
        raise deadline.passed()

    def subscribe(self, names: str, *, form: str = "json") -> None:
        """Ask for the events NAMES, with blanks between them, as json or plain; CommandRefused when that is refused.

        After the name CUSTOM come names of subclasses, such as sofia::register.
        """
        self._accepted(f"event {form} {names}")

    def filter(self, header: str, value: str) -> None:
        """Have only events sent whose HEADER is VALUE; of several filters one must fit."""
        self._accepted(f"filter {header} {value}")

    def next_event(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or None when none has come within TIMEOUT seconds; without them it waits for ever."""
        return self._next_event(None if timeout is None else Deadline(timeout))

    def _next_event(self, deadline: Deadline | None) -> Event | None:
        while not self._events:
            head = self._head(deadline)
            if head is None:
                return None
            self._take_event(head)
        self._events_bytes = 0
        return self._events.popleft()

    def _authenticate(self, login: str) -> None:
        deadline = Deadline(self._connect_timeout, f" waiting for {self.name}")
        if self._head_by(deadline).content_type != "auth/request":
            raise self._stranger("it did not ask for a password")
        self._send(f"{login}\n\n")
        head = self._head_by(deadline)
        if head.content_type != "command/reply":
            raise self._stranger("it did not answer the password")
        if not head.reply.startswith("+OK"):
            there = self._endpoint
            lacks_domain = there.username is not None and "@" not in there.username
            hint = "; a user of the event socket is written user@domain" if lacks_domain else ""
            raise NotAuthorised(server=self.name, address=there.address, reason=hint)

    def _start(self, command: str, job: str) -> None:
        # With an id of our own, the job may end before its beginning is told.
        self._accepted(f"bgapi {command}", f"Job-UUID: {job}\n")

    def _accepted(self, command: str, headers: str = "") -> None:
        reply = self._ask(command, headers).reply
        if not reply.startswith("+OK"):
            reason = one_line(reply.removeprefix("-ERR")) or "no reason given"
            raise CommandRefused(server=self.name, command=command.partition(" ")[0], reason=reason)

    def _ask(self, command: str, headers: str = "") -> Head:
        """Send a command and return the head of its answer; events that come before that are kept."""
        _refuse_line_breaks(command, "the command")
        for _ in self._pieces(self._body_left):
            pass
        self._send(f"{command}\n{headers}\n")
        answers = ("api/response", "command/reply")
        deadline = Deadline(self._read_timeout, f" waiting for {self.name}")
        while (head := self._head_by(deadline)).content_type not in answers:
            self._take_event(head)
        return head

    def _take_event(self, head: Head) -> None:
        if not head.content_type.startswith("text/event-"):
            raise self._stranger("something came that nobody asked for")
        self._events_bytes += head.length
        if len(self._events) >= _WAITING_EVENTS or self._events_bytes > self._limits.size:
            raise self._too_long(f"{len(self._events) + 1} events before the answer")
        body = b"".join(self._pieces(head.length))
        if not self._limits.allows(body):
            raise self._too_long("an event of little else than brackets and commas")
        try:
            self._events.append(event(head.content_type, body))
        except BadFrame as error:
            raise self._stranger(str(error)) from None

    def _head_by(self, deadline: Deadline) -> Head:
        with waiting_for(self.name, self._endpoint.address):
            head = self._head(deadline)
        if head is None:
            raise deadline.passed()
        return head

    def _head(self, deadline: Deadline | None) -> Head | None:
        """Return the next head that is an answer or an event, or None when it has not come by the deadline."""
        while True:
            try:
                head = self._framer.head()
            except TooLong as error:
                raise self._too_long(str(error)) from None
            except BadFrame as error:
                raise self._stranger(str(error)) from None
            if head is None:
                if not self._receive(deadline):
                    return None
                continue
            match head.content_type:
                case "text/rude-rejection":
                    raise Rejected(server=self.name, address=self._endpoint.address)
                case "text/disconnect-notice":
                    raise self._lost("")
                case "log/data":
                    for _ in self._pieces(head.length):
                        pass
                case _:
                    return head

    def _pieces(self, length: int) -> Iterator[bytes]:
        """Yield a body as it comes; each piece has the read timeout to be complete, and all of them the limit's."""
        self._body_left = length
        doing = f" reading the answer of {self.name}"
        last = Deadline(self._limits.seconds, doing)
        while self._body_left:
            size = min(_PIECE, self._body_left)
            own = Deadline(self._read_timeout, doing)
            deadline = min(last, own, key=lambda each: each.wait)
            piece = self._framer.take(size)
            while len(piece) < size:
                if not self._receive(deadline):
                    raise deadline.passed()
                piece += self._framer.take(size - len(piece))
            self._body_left -= size
            yield piece

    def _send(self, text: str) -> None:
        with self._losing() as connected:
            connected.settimeout(self._read_timeout)
            try:
                connected.sendall(text.encode("utf-8", "surrogateescape"))
            except TimeoutError:
                raise TimedOut(seconds=self._read_timeout, doing=f" sending to {self.name}") from None

    def _receive(self, deadline: Deadline | None) -> bool:
        """Feed the framer with what comes next; false when nothing has come by the deadline."""
        with self._losing() as connected:
            try:
                connected.settimeout(deadline.wait if deadline else None)
                data = connected.recv(_PIECE)
            except (TimeoutError, TimedOut):
                return False
        if not data:
            raise self._lost("")
        self._framer.feed(data)
        return True

    @contextmanager
    def _losing(self) -> Iterator[socket.socket]:
        """Give the socket, and take what the system says against it for a lost connection."""
        if self._socket is None:
            raise self._lost(" before this")
        try:
            yield self._socket
        except OSError as error:
            raise self._lost(f": {why(error).reason}") from None

    def _lost(self, reason: str) -> ConnectionLost:
        return ConnectionLost(server=self.name, address=self._endpoint.address, reason=reason)

    def _too_long(self, reason: str) -> ReplyTooLong:
        return ReplyTooLong(server=self.name, address=self._endpoint.address, reason=reason)

    def _stranger(self, reason: str) -> NotAnEventSocket:
        return NotAnEventSocket(server=self.name, address=self._endpoint.address, reason=reason)


def _refuse_line_breaks(text: str, what: str) -> None:
    if _UNSAFE.search(text):
        raise UnsafeCommand(what=what)


def _new_job() -> str:
    from uuid import uuid4

    return str(uuid4())


def _keep_alive(connected: socket.socket) -> None:
    """Let the system find out that a server which says nothing has gone, where it can."""
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
