"""AMQP 0-9-1: a fast publisher that can tell which messages the broker has taken."""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from kazoo_sup.concurrency import LOOK
from kazoo_sup.transports.amqp.link import SERVER, Link
from kazoo_sup.transports.net import Tls
from kazoo_sup.transports.waits import waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pika import BasicProperties
    from pika.channel import Channel
    from pika.frame import Method

__all__ = ["Message", "PublishResult", "Publisher", "Tls", "declare_exchange", "properties", "why_impossible"]

_SLICE = 500
"""Messages written at once: many, to make writes cheap; few, for the broker to work while the next are encoded."""

_LONGEST_NAME = 255
"""Bytes that AMQP has room for in an exchange's name and in a routing key."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: where it goes, and its JSON text.

    The exchange is declared (not durable, not deleted when unused) before the first message to it.
    """

    exchange: str
    exchange_type: str
    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class PublishResult:
    """How many messages the broker has confirmed, how many not, and why the first of those was not."""

    confirmed: int
    failed: int
    reason: str | None


class Publisher:
    """Publishes with confirms, pipelined, on a thread of its own.

    Each message is either confirmed by the broker or given to `on_failed`, once; a failed one may have arrived all the
    same when the connection was lost before the confirm. Nothing is sent twice. A connection that has worked, and is
    lost while nothing is under way, is made anew when something is sent; one that is lost otherwise, or was never made,
    is not tried again: all that is sent later fails at once. A message that reaches no queue is confirmed.

    Use it as a context manager: it settles what was sent however the block ends.
    """

    def __init__(
        self,
        uris: Sequence[str],
        *,
        on_failed: Callable[[Sequence[Message], str], None],
        timeout: float = 10.0,
        window: int = 5000,
        tls: Tls | None = None,
    ) -> None:
        """Take the brokers' addresses (`amqp://user:password@host:port/vhost`), tried in order at the first send.

        `on_failed(messages, reason)` is called from within `send` and `close`, so on the caller's thread.
        `timeout` is how many seconds may pass with no answer and no confirm until all that is unconfirmed has failed.
        `window` is how many messages may be unconfirmed. Raises SettingsError for a malformed address.
        """
        self._on_failed = on_failed
        self._timeout = timeout
        self._window = window
        self._slice = min(_SLICE, window)
        self._new_link = partial(Link, uris, tls, timeout, self._on_channel_open, self._on_lost)
        self._link = self._new_link()
        self._declared: set[tuple[str, str]] = set()

        # What follows is shared with the link's thread and guarded by this.
        self._changed = threading.Condition()
        self._channel: Any = None
        self._queued: deque[Message] = deque()
        self._unconfirmed: dict[int, Message] = {}
        self._oldest_tag = 1
        self._last_tag = 0
        self._last_progress = 0.0
        self._publish_is_due = False
        self._wake_caller_at = -1
        self._failures: deque[tuple[list[Message], str]] = deque()
        self._confirmed = 0
        self._failed = 0
        self._reason: str | None = None
        self._ended: str | None = None
        self._has_worked = False
        self._lost_while_idle = False

    def send(self, messages: Sequence[Message]) -> None:
        """Hand over messages to be published in this order.

        Returns at once, unless more than `window` messages are unsettled: then it waits for the broker.
        """
        with self._changed:
            if self._lost_while_idle:
                self._begin_anew()
            if self._ended is not None:
                self._fail(messages, self._ended)
            elif messages:
                if not self._unsettled():
                    self._last_progress = time.monotonic()
                self._queued.extend(messages)
                self._link.start()
                self._make_publish_due()
                if self._unsettled() > self._window:
                    # Not to just below the window, or the caller would be woken for every few messages.
                    self._wait_until_unsettled(self._window * 3 // 4)
        self._report_failures()

    def close(self) -> PublishResult:
        """Wait for the confirms, disconnect, and say how it went; a second call returns the same."""
        all_is_well = False
        try:
            with self._changed:
                self._wait_until_unsettled(0)
                all_is_well = self._ended is None
        finally:
            with self._changed:
                self._lost_while_idle = False
                self._end("the publisher was closed")
            self._link.close(abruptly=not all_is_well)
            self._report_failures()
        return PublishResult(self._confirmed, self._failed, self._reason)

    def __enter__(self) -> Self:
        """Return the publisher itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Settle what was sent."""
        self.close()

    def _begin_anew(self) -> None:
        """Forget a connection that is gone, of which nothing is open."""
        self._link = self._new_link()
        self._channel = None
        self._declared.clear()
        self._oldest_tag, self._last_tag = 1, 0
        self._ended = None
        self._has_worked = self._lost_while_idle = self._publish_is_due = False

    def _unsettled(self) -> int:
        return len(self._queued) + len(self._unconfirmed)

    def _wait_until_unsettled(self, at_most: int) -> None:
        while self._unsettled() > at_most:
            left = self._last_progress + self._timeout - time.monotonic()
            if left <= 0:
                self._end(self._link.missing())
                return
            self._wake_caller_at = max(self._wake_caller_at, at_most)
            with waiting_for(SERVER, self._link.address):
                self._changed.wait(min(left, LOOK))

    def _end(self, reason: str) -> None:
        """Publish no more: what is unsettled, and what is sent later, fails for the first such reason."""
        with self._changed:
            self._ended = self._ended or reason
            self._fail([*self._unconfirmed.values(), *self._queued], self._ended)
            self._unconfirmed.clear()
            self._queued.clear()
            self._changed.notify_all()

    def _fail(self, messages: Sequence[Message], reason: str) -> None:
        if not messages:
            return
        self._failed += len(messages)
        self._reason = self._reason or reason
        if self._failures and self._failures[-1][1] == reason:
            self._failures[-1][0].extend(messages)
        else:
            self._failures.append((list(messages), reason))

    def _report_failures(self) -> None:
        while True:
            with self._changed:
                if not self._failures:
                    return
                messages, reason = self._failures.popleft()
            self._on_failed(messages, reason)

    # On the link's thread from here on.

    def _on_lost(self, reason: str) -> None:
        with self._changed:
            self._lost_while_idle = self._ended is None and self._has_worked and not self._unsettled()
        self._end(reason)

    def _on_channel_open(self, channel: Channel) -> None:
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._begin(channel))

    def _begin(self, channel: Channel) -> None:
        with self._changed:
            self._channel = channel
            self._last_progress = time.monotonic()
            self._make_publish_due()

    def _make_publish_due(self) -> None:
        """Have the link's thread publish, waking it once for any number of messages."""
        if self._channel is not None and self._queued and not self._publish_is_due:
            self._publish_is_due = True
            self._link.call(self._publish)

    def _publish(self) -> None:
        """Write the next slice of the queue, as far as the window has room."""
        with self._changed:
            self._publish_is_due = False
            if not self._channel.is_open:
                return
            messages = []
            for _ in range(min(self._slice, len(self._queued), self._window - len(self._unconfirmed))):
                message = self._queued.popleft()
                if problem := why_impossible(message):
                    self._fail([message], problem)
                    continue
                self._last_tag += 1
                self._unconfirmed[self._last_tag] = message
                messages.append(message)
            self._go_on()
        self._declare_exchanges(messages)
        _write(self._channel, messages)

    def _go_on(self) -> None:
        """Publish a further slice if the window has room, and let the caller send more if it waits for that."""
        if len(self._unconfirmed) + self._slice <= self._window:
            self._make_publish_due()
        if self._unsettled() <= self._wake_caller_at:
            self._wake_caller_at = -1
            self._changed.notify_all()

    def _declare_exchanges(self, messages: list[Message]) -> None:
        for message in messages:
            exchange = (message.exchange, message.exchange_type)
            if exchange not in self._declared:
                declare_exchange(self._channel, *exchange)
                self._declared.add(exchange)

    def _on_confirm(self, frame: Method) -> None:
        """Settle the messages of an ack or nack; a broker sends one for each message or one for many, in any order."""
        tag = frame.method.delivery_tag
        with self._changed:
            if frame.method.multiple:
                last = tag or self._last_tag
                tags: Sequence[int] = range(self._oldest_tag, last + 1)
                self._oldest_tag = last + 1
            else:
                tags = (tag,)
            settled = [message for each in tags if (message := self._unconfirmed.pop(each, None))]
            if frame.method.NAME == "Basic.Ack":
                self._confirmed += len(settled)
                self._has_worked = True
            else:
                self._fail(settled, f"{self._link.address}: the broker refused the message")
            self._last_progress = time.monotonic()
            self._go_on()


def declare_exchange(channel: Channel, exchange: str, exchange_type: str) -> None:
    """Declare an exchange on pika's channel as all do that use it; another way would close the channel.

    Without a callback pika does not wait for an answer, so this stays in order with what is published.
    """
    channel.exchange_declare(exchange, exchange_type, durable=False, auto_delete=False)


def properties() -> BasicProperties:
    """Return the properties of a message that is published now: JSON, and a timestamp in microseconds."""
    import pika

    return pika.BasicProperties(content_type="application/json", timestamp=time.time_ns() // 1000)


def why_impossible(message: Message) -> str | None:
    """Say why AMQP has no room for a message, if so."""
    try:
        longest = max(len(message.exchange.encode()), len(message.routing_key.encode()))
    except UnicodeEncodeError:
        return "the routing key or the exchange is not Unicode text"
    if longest > _LONGEST_NAME:
        return f"the routing key or the exchange is longer than {_LONGEST_NAME} bytes"
    return None


def _write(channel: Channel, messages: list[Message]) -> None:
    """Publish on pika's channel, all frames in one write.

    `basic_publish` sends each of a message's three frames with a system call of its own, which halves the rate, and
    beside a busy thread cuts it to a third. The connection's method for encoded frames is not public, but the same
    from pika 1.0 to 1.4, and held to send what the public way does; without it the public way is taken.
    """
    if not messages:
        return
    write_frames = getattr(channel.connection, "_output_marshaled_frames", None)
    if write_frames is None:
        for message in messages:
            channel.basic_publish(message.exchange, message.routing_key, message.body, properties())
    else:
        timestamp = time.time_ns() // 1000
        number, largest = channel.channel_number, channel.connection.params.frame_max - 8
        write_frames([b"".join([_frames(message, number, timestamp, largest) for message in messages])])


_PUBLISH = struct.Struct(">BHIHHH")  # method frame, channel, size; class, method, reserved
_HEADER = struct.Struct(">BHIHHQHB16sQB")  # header frame, channel, size; class, weight, body size; properties; end
_BODY = struct.Struct(">BHI")  # body frame, channel, size
_CONTENT_TYPE_AND_TIMESTAMP = 0x8040
_END = b"\xce"


def _frames(message: Message, channel: int, timestamp: int, largest: int) -> bytes:
    """Return Basic.Publish, content header and body as frames (AMQP 0-9-1 specification, 2.3.5 and 4.2).

    `timestamp` is in microseconds since the epoch, where AMQP has seconds: Kazoo's kz_amqp_util:basic_publish.
    `largest` is how many bytes of the body a frame may carry.
    """
    exchange, key, body = message.exchange.encode(), message.routing_key.encode(), message.body
    content_type = b"application/json"
    frames = [
        _PUBLISH.pack(1, channel, len(exchange) + len(key) + 9, 60, 40, 0),
        b"%c%b%c%b\x00\xce" % (len(exchange), exchange, len(key), key),
        _HEADER.pack(2, channel, 39, 60, 0, len(body), _CONTENT_TYPE_AND_TIMESTAMP, 16, content_type, timestamp, 0xCE),
    ]
    for start in range(0, len(body), largest):
        part = body[start : start + largest]
        frames += (_BODY.pack(3, channel, len(part)), part, _END)
    return b"".join(frames)
