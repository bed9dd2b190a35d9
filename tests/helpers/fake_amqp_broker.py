"""A broker for tests that speaks enough of AMQP 0-9-1 to be published to, and misbehaves on demand."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

from pika import frame, spec

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

CAPABILITIES = {"publisher_confirms": True, "basic.nack": True, "connection.blocked": True}
ON_CONNECTION = tuple(each for each in vars(spec.Connection).values() if isinstance(each, type))


class Hangup(Exception):
    """Raised by an answer to have the connection closed without a word."""


class FakeBroker:
    """Listens on `port` of 127.0.0.1, serves one connection at a time, and records what it is sent.

    `on_publish(tag)` and `on_declare()` return the methods to answer with; the default is an ack for each message. Raw
    bytes among them are sent as they are. `consumers` is how many consumers any queue has.
    """

    def __init__(
        self,
        *,
        on_publish: Callable[[int], Iterable[Any]] = lambda tag: [spec.Basic.Ack(tag)],
        on_declare: Callable[[], Iterable[Any]] = list,
        frame_max: int = 131072,
        refuses_login: bool = False,
        silent: bool = False,
        consumers: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._on_publish = on_publish
        self._on_declare = on_declare
        self._frame_max = frame_max
        self._refuses_login = refuses_login
        self._silent = silent
        self._consumers = consumers
        self._tls = tls
        self.connections = 0
        self.login = b""
        self.vhost = ""
        self.declared: list[Any] = []
        self.published: list[Any] = []
        self.properties: list[Any] = []
        self.bodies: list[bytes] = []
        self.body_frames = 0
        self.queue = ""
        self.consumed: list[Any] = []
        self.client_said_goodbye = False
        self._body_left = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.uri = f"amqp://127.0.0.1:{self.port}"
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, self._connection):
            with contextlib.suppress(OSError, AttributeError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._connection = connection
            with connection, contextlib.suppress(OSError, Hangup):
                if self._tls is None:
                    self._talk(connection)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as self._connection:
                        self._talk(self._connection)

    def _talk(self, connection: socket.socket) -> None:
        received = connection.recv(65536)
        if self._silent:
            connection.recv(1)
            return
        if not received:
            return  # it left again
        assert received == b"AMQP\x00\x00\x09\x01"
        start = spec.Connection.Start(0, 9, {"capabilities": CAPABILITIES}, "PLAIN", "en_US")
        connection.sendall(frame.Method(0, start).marshal())
        received = b""
        while data := connection.recv(65536):
            received += data
            used, decoded = frame.decode_frame(received)
            while decoded is not None:
                received = received[used:]
                for answer in self._answers(decoded):
                    if isinstance(answer, bytes):
                        connection.sendall(answer)
                        continue
                    channel = 0 if isinstance(answer, ON_CONNECTION) else decoded.channel_number
                    connection.sendall(frame.Method(channel, answer).marshal())
                used, decoded = frame.decode_frame(received)

    def _answers(self, received: Any) -> Iterable[Any]:
        if isinstance(received, frame.Header):
            self.properties.append(received.properties)
            self.bodies.append(b"")
            self._body_left = received.body_size
            return [] if self._body_left else self._on_publish(len(self.bodies))
        if isinstance(received, frame.Body):
            self.body_frames += 1
            self.bodies[-1] += received.fragment
            self._body_left -= len(received.fragment)
            return [] if self._body_left else self._on_publish(len(self.bodies))
        if not isinstance(received, frame.Method):
            return []
        return self._answers_to_method(received.method)

    def _answers_to_method(self, method: Any) -> Iterable[Any]:
        match method:
            case spec.Connection.StartOk():
                self.login = method.response
                refusal = spec.Connection.Close(403, "ACCESS_REFUSED - login was refused", 0, 0)
                return [refusal if self._refuses_login else spec.Connection.Tune(2047, self._frame_max, 60)]
            case spec.Connection.Open():
                self.vhost = method.virtual_host
                return [spec.Connection.OpenOk()]
            case spec.Channel.Open():
                return [spec.Channel.OpenOk()]
            case spec.Confirm.Select():
                return [spec.Confirm.SelectOk()]
            case spec.Exchange.Declare():
                self.declared.append(method)
                return self._on_declare()
            case spec.Basic.Qos():
                return [spec.Basic.QosOk()]
            case spec.Basic.Consume():
                self.queue = method.queue
                self.consumed.append(method)
                return [spec.Basic.ConsumeOk(method.consumer_tag)]
            case spec.Queue.Declare() if method.passive:
                missing = spec.Channel.Close(404, "NOT_FOUND - no such queue", 50, 10)
                there = self._consumers is not None
                return [spec.Queue.DeclareOk(method.queue, 0, self._consumers) if there else missing]
            case spec.Basic.Publish():
                self.published.append(method)
            case spec.Channel.Close():
                return [spec.Channel.CloseOk()]
            case spec.Connection.Close():
                self.client_said_goodbye = True
                return [spec.Connection.CloseOk()]
        return []
