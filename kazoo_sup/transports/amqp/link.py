"""A connection to an AMQP 0-9-1 broker, kept by pika on a thread of its own.

pika is imported on that thread: 60 ms that only a run which talks to a broker pays, while it waits for something else.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from kazoo_sup.errors import SettingsError
from kazoo_sup.transports.net import Address, Cause, Tls, why

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from pika import ConnectionParameters, SelectConnection
    from pika.channel import Channel
    from pika.frame import Method

SERVER = "RabbitMQ"
"""What people call a broker."""

_HEARTBEAT = 30
"""Seconds without a sign of life after which either side gives up the connection."""

_FAREWELL = 1.0
"""Seconds that a broker gets to answer the close of a connection."""

_AFTERWARDS = 5.0
"""Seconds for which pika bears with a blocked broker when whoever waits for it has given it up."""


class Link:
    """A connection with one channel to the first broker that answers.

    Of its callbacks, both called on the link's thread, `opened(channel)` comes once pika's channel can be used, and
    `lost(reason)` last, whatever ended the link; a link that ended stays so. The caller's thread uses the methods.
    """

    def __init__(
        self,
        uris: Sequence[str],
        tls: Tls | None,
        timeout: float,
        opened: Callable[[Channel], None],
        lost: Callable[[str], None],
    ) -> None:
        """Take the brokers' addresses in the order to try them; together they have `timeout` seconds to answer.

        Raises SettingsError for a malformed address.
        """
        brokers = [Broker.parse(uri) for uri in uris]
        if not brokers:
            raise SettingsError(source="AMQP", reason="there is no broker's address")
        self._broker = brokers[0]
        self._untried = iter(brokers)
        self._tls = tls
        self._timeout = timeout
        self._timeout_per_broker = timeout / len(brokers)
        self._opened = opened
        self._lost = lost
        self._thread: threading.Thread | None = None
        self._loop_lock = threading.Lock()
        self._loop: Any = None
        self._connection: Any = None
        self._is_open = False
        self._closing = False
        self._blocked: str | None = None
        self._failed_attempts: list[str] = []
        self._reason: str | None = None

    @property
    def address(self) -> str:
        """The host:port connected to, or being tried."""
        return self._broker.address

    @property
    def blocked(self) -> str | None:
        """Why the broker takes no messages just now, if so."""
        return self._blocked

    def start(self) -> None:
        """Begin to connect, unless that was done before."""
        if self._thread is None:
            # A daemon, so that a resolver or a broker that hangs never keeps the process from ending.
            self._thread = threading.Thread(target=self._run, name="amqp", daemon=True)
            self._thread.start()

    def call(self, function: Callable[[], None]) -> None:
        """Have a function called on the link's thread, or not at all once the link is lost."""
        with self._loop_lock:
            if self._loop is not None:
                self._loop.add_callback_threadsafe(function)

    def close(self, *, abruptly: bool) -> None:
        """Disconnect, with AMQP's farewell or without, and wait for that: two seconds at most."""
        if self._thread is None:
            return
        self._closing = True
        self.call(self._drop if abruptly else self._say_farewell)
        self._thread.join(2 * _FAREWELL)

    def missing(self) -> str:
        """Say what has not come within the timeout."""
        if self._blocked is not None:
            return f"{self.address}: publishing blocked for {self._timeout:g} s: {self._blocked}"
        if self._is_open:
            return f"{self.address}: nothing confirmed for {self._timeout:g} s"
        return "; ".join([*self._failed_attempts, f"{self.address}: no answer for {self._timeout:g} s"])

    # On the link's thread from here on.

    def _run(self) -> None:
        loop: Any = None
        try:
            loop = _pika().adapters.select_connection.IOLoop()
            with self._loop_lock:
                self._loop = loop
            if not self._closing and self._try_next_broker():
                loop.start()
        except Exception as error:  # noqa: BLE001 - whatever it was, it becomes the reason of what failed
            self._because(error)
        finally:
            with self._loop_lock:
                self._loop = None
            if loop is not None:
                loop.close()
            self._lost(self._reason or "; ".join(self._failed_attempts) or f"{self.address}: connection closed")

    def _try_next_broker(self) -> bool:
        for broker in self._untried:
            self._broker = broker
            try:
                # Whoever waits for a blocked broker gives it up first, and can say what for.
                parameters = broker.parameters(self._tls, self._timeout_per_broker, self._timeout + _AFTERWARDS)
            except OSError as error:
                self._failed_attempts.append(f"{self.address}: TLS files: {explain(error, broker)}")
                continue
            self._connection = _pika().SelectConnection(
                parameters,
                on_open_callback=self._on_open,
                on_open_error_callback=self._on_open_error,
                on_close_callback=self._on_close,
                custom_ioloop=self._loop,
            )
            return True
        return False

    def _on_open_error(self, _connection: object, error: BaseException) -> None:
        silent = f" for {self._timeout_per_broker:g} s" if why(error).cause is Cause.SILENCE else ""
        self._failed_attempts.append(f"{self.address}: {explain(error, self._broker)}{silent}")
        if self._closing or not self._try_next_broker():
            self._loop.stop()

    def _on_open(self, connection: SelectConnection) -> None:
        self._is_open = True
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._on_channel_open)

    def _on_blocked(self, _connection: object, frame: Method) -> None:
        self._blocked = frame.method.reason or "no reason given"

    def _on_unblocked(self, _connection: object, _frame: object) -> None:
        self._blocked = None

    def _on_channel_open(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_channel_closed)
        self._opened(channel)

    def _on_channel_closed(self, _channel: object, error: BaseException) -> None:
        self._because(error)
        if self._connection.is_open:
            self._say_farewell()

    def _on_close(self, _connection: object, error: BaseException) -> None:
        self._because(error)
        self._loop.stop()

    def _because(self, error: BaseException) -> None:
        if self._reason is None:
            waited = isinstance(error, _pika().exceptions.ConnectionBlockedTimeout)
            self._reason = self.missing() if waited else f"{self.address}: {explain(error, self._broker)}"

    def _say_farewell(self) -> None:
        if self._connection.is_open:
            self._connection.close()
            self._loop.call_later(_FAREWELL, self._drop)
        elif not self._connection.is_closing:
            self._drop()

    def _drop(self) -> None:
        """Close the connection without waiting for the broker."""
        connection = self._connection
        # pika's own close waits for the broker's answer without a limit. This is what pika does when heartbeats fail.
        terminate = getattr(connection, "_terminate_stream", None)
        if connection.is_closed or terminate is None:
            self._loop.stop()
        elif self._is_open:
            terminate(_pika().exceptions.ConnectionClosedByClient(0, "connection dropped"))
        elif not connection.is_closing:
            connection.close()


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and who we are there."""

    host: str
    port: int
    vhost: str
    user: str
    password: str = field(repr=False)
    secure: bool
    heartbeat: int

    @classmethod
    def parse(cls, uri: str) -> Broker:
        """Read an address as in RabbitMQ's "URI Specification"; of the query, `heartbeat` (seconds) counts.

        The slash of `amqp://host/` is taken for none, so for the virtual host "/", as pika does.
        """
        problem = SettingsError(source="AMQP", reason="an address is not like amqp://user:password@host:port/vhost")
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname, parts.port
            heartbeat = int(parse_qs(parts.query).get("heartbeat", [str(_HEARTBEAT)])[0])
        except ValueError:
            raise problem from None  # the ValueError may show a part of the password
        if parts.scheme not in {"amqp", "amqps"} or not host or heartbeat < 0:
            raise problem
        secure = parts.scheme == "amqps"
        return cls(
            host=host,
            port=port or (5671 if secure else 5672),
            vhost=unquote(parts.path[1:]) or "/",
            user=unquote("guest" if parts.username is None else parts.username),
            password=unquote("guest" if parts.password is None else parts.password),
            secure=secure,
            heartbeat=heartbeat,
        )

    @property
    def address(self) -> str:
        """The host:port that is shown to people."""
        return str(Address(self.host, self.port))

    def parameters(self, tls: Tls | None, connect_timeout: float, blocked_timeout: float) -> ConnectionParameters:
        """Return pika's parameters with every limit set: by default pika waits for ever on a blocked broker.

        Raises OSError when a file of `tls` cannot be read.
        """
        pika = _pika()
        return pika.ConnectionParameters(
            host=self.host,
            port=self.port,
            virtual_host=self.vhost,
            credentials=pika.PlainCredentials(self.user, self.password),
            ssl_options=pika.SSLOptions((tls or Tls()).context(), self.host) if self.secure else None,
            connection_attempts=1,
            socket_timeout=connect_timeout,
            stack_timeout=connect_timeout,
            blocked_connection_timeout=blocked_timeout,
            heartbeat=self.heartbeat,
            client_properties={"connection_name": "sup"},
        )


def explain(error: BaseException, broker: Broker) -> str:
    """Say in a few words what one of pika's errors comes down to, never with the password."""
    found = why(error)
    return f"{found.reason} {broker.vhost}" if found.cause is Cause.NO_ACCESS else found.reason


def _pika() -> ModuleType:
    """Import pika, and keep its log off the standard error stream: failures are told by their reasons."""
    import logging

    import pika

    library: ModuleType = pika
    log = logging.getLogger("pika")
    log.propagate = False
    log.setLevel(logging.CRITICAL + 1)
    return library
