"""AMQP 0-9-1: a queue of one's own, what arrives there, and messages whose fate is waited for."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from kazoo_sup.concurrency import wait_for
from kazoo_sup.errors import Delivered, ServerUnreachable, TimedOut, TransportError
from kazoo_sup.transports.amqp.link import SERVER, Link
from kazoo_sup.transports.amqp.publisher import declare_exchange, properties, why_impossible
from kazoo_sup.transports.waits import waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pika import BasicProperties
    from pika.channel import Channel
    from pika.frame import Method
    from pika.spec import Basic

    from kazoo_sup.transports.amqp.publisher import Message
    from kazoo_sup.transports.net import Tls

_PREFETCH = 200
"""How many messages the broker may hand over before they are looked at: it keeps the rest."""

_ACKNOWLEDGED_AT_ONCE = 50


class BrokerUnreachable(ServerUnreachable):
    """cannot reach the AMQP broker: {reason}"""


class BrokerLost(TransportError):
    """lost the AMQP broker: {reason}"""

    reason: str
    delivered: Delivered = Delivered.MAYBE


class PublishRefused(TransportError):
    """the message {key} was not published: {reason}"""

    key: str
    reason: str


class Binding(NamedTuple):
    """What shall arrive in the queue; no routing key means the queue's own name."""

    exchange: str
    exchange_type: str
    routing_key: str | None = None


class Delivery(NamedTuple):
    """One message as it arrived."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str | None
    content_encoding: str | None


class Conversation:
    """A connection with an exclusive queue of its own: publish, and hear what comes back.

    The queue is gone with the connection. Use it as a context manager: entering connects.
    """

    def __init__(
        self,
        uris: Sequence[str],
        bindings: Sequence[Binding],
        *,
        name: str,
        timeout: float = 10.0,
        tls: Tls | None = None,
        keep: int | None = None,
    ) -> None:
        """Take the brokers' addresses, in the order to try them, and what the queue is bound to.

        NAME begins the queue's name. TIMEOUT is how many seconds connecting, and a confirm, may take. Of more than KEEP
        messages that nobody has fetched the broker drops the oldest. Raises SettingsError for a malformed address.
        """
        self.queue = f"{name}-{os.urandom(8).hex()}"
        self._bindings = bindings
        self._timeout = timeout
        self._keep = keep
        self._link = Link(uris, tls, timeout, self._on_channel_open, self._on_lost)
        self._declared: set[str] = set()
        self._taken = 0

        # What follows is shared with the link's thread and guarded by this.
        self._changed = threading.Condition()
        self._channel: Any = None
        self._is_open = False
        self._lost: str | None = None
        self._deliveries: deque[tuple[int, Delivery]] = deque()
        self._published = 0
        self._unsettled: set[int] = set()
        self._refused: list[int] = []
        self._returned: list[str] = []
        self._consumers: dict[str, int] = {}

    @property
    def address(self) -> str:
        """The host:port of the broker."""
        return self._link.address

    def __enter__(self) -> Self:
        """Connect, and wait until messages arrive in the queue; raises BrokerUnreachable."""
        self._link.start()
        with waiting_for(SERVER, self.address), self._changed:
            wait_for(self._changed, lambda: self._is_open or self._lost is not None, self._timeout)
            if self._is_open and self._lost is None:
                return self
            reason = self._lost or self._link.missing()
        self._link.close(abruptly=True)
        raise BrokerUnreachable(server=SERVER, address=self.address, reason=reason)

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        with self._changed:
            well = self._lost is None and not self._unsettled
        self._link.close(abruptly=not well)

    def publish(self, messages: Sequence[Message], *, mandatory: bool = False) -> list[str]:
        """Publish and wait until the broker has taken all; return the keys of those that reached no queue.

        That is told of MANDATORY messages only. Raises TimedOut when the confirms do not come, BrokerLost,
        PublishRefused for a message that the broker does not take or AMQP has no room for.
        """
        for message in messages:
            if problem := why_impossible(message):
                raise PublishRefused(key=message.routing_key, reason=problem)
        with self._changed:
            first, self._returned = self._published, []
            self._published += len(messages)
            self._unsettled.update(range(first + 1, self._published + 1))
        self._link.call(lambda: self._publish(messages, mandatory=mandatory))
        with self._changed:
            self._wait(lambda: not self._unsettled, "nothing confirmed")
            if self._refused:
                refused = messages[self._refused[0] - first - 1]
                raise PublishRefused(key=refused.routing_key, reason="the broker refused it")
            return self._returned

    def consumers(self, queue: str) -> int:
        """Return how many consumers QUEUE has, 0 too when there is no such queue; raises TimedOut, BrokerLost."""
        with self._changed:
            self._consumers.pop(queue, None)
        self._link.call(lambda: self._look_at(queue))
        with self._changed:
            self._wait(lambda: queue in self._consumers, f"nothing heard of the queue {queue}")
            return self._consumers[queue]

    def receive(self, seconds: float | None) -> Delivery | None:
        """Return the next message, or None when none came for so long (None: wait for ever); raises BrokerLost."""
        with self._changed:
            wait_for(self._changed, lambda: self._deliveries or self._lost is not None, seconds)
            if not self._deliveries:
                if self._lost is not None:
                    raise BrokerLost(reason=self._lost)
                return None
            tag, delivery = self._deliveries.popleft()
            self._taken += 1
            if self._taken >= _ACKNOWLEDGED_AT_ONCE or not self._deliveries:
                self._taken = 0
                self._link.call(lambda: self._acknowledge(tag))
        return delivery

    def _wait(self, done: Callable[[], bool], missing: str) -> None:
        with waiting_for(SERVER, self.address):
            self._wait_until(done, missing)

    def _wait_until(self, done: Callable[[], bool], missing: str) -> None:
        wait_for(self._changed, lambda: done() or self._lost is not None, self._timeout)
        if done():
            return
        if self._lost is not None:
            raise BrokerLost(reason=self._lost)
        blocked = self._link.blocked
        reason = f"publishing is blocked: {blocked}" if blocked else missing
        raise TimedOut(seconds=self._timeout, doing=f": {self.address}: {reason}")

    # On the link's thread from here on.

    def _on_channel_open(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_return_callback(self._on_returned)
        channel.confirm_delivery(self._on_confirm)
        channel.basic_qos(prefetch_count=_PREFETCH)
        arguments = {} if self._keep is None else {"x-max-length": self._keep}
        channel.queue_declare(self.queue, exclusive=True, auto_delete=True, arguments=arguments)
        for exchange, exchange_type, key in self._bindings:
            self._declare(exchange, exchange_type)
            channel.queue_bind(self.queue, exchange, self.queue if key is None else key)
        channel.basic_consume(self.queue, self._on_message, exclusive=True, callback=self._on_consuming)

    def _on_consuming(self, _frame: object) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def _on_lost(self, reason: str) -> None:
        with self._changed:
            self._lost = reason
            self._changed.notify_all()

    def _on_message(self, _channel: object, method: Basic.Deliver, about: BasicProperties, body: bytes) -> None:
        delivery = Delivery(method.exchange, method.routing_key, body, about.content_type, about.content_encoding)
        with self._changed:
            self._deliveries.append((method.delivery_tag, delivery))
            self._changed.notify_all()

    def _on_confirm(self, frame: Method) -> None:
        method = frame.method
        with self._changed:
            settled = {
                tag
                for tag in self._unsettled
                if tag == method.delivery_tag or (method.multiple and tag < method.delivery_tag)
            }
            if method.NAME != "Basic.Ack":
                self._refused += sorted(settled)
            self._unsettled -= settled
            self._changed.notify_all()

    def _on_returned(self, _channel: object, method: Basic.Return, _properties: object, _body: bytes) -> None:
        with self._changed:
            self._returned.append(method.routing_key)

    def _publish(self, messages: Sequence[Message], *, mandatory: bool) -> None:
        if not self._channel.is_open:
            return
        about = properties()
        for message in messages:
            self._declare(message.exchange, message.exchange_type)
            self._channel.basic_publish(message.exchange, message.routing_key, message.body, about, mandatory=mandatory)

    def _declare(self, exchange: str, exchange_type: str) -> None:
        if exchange and exchange not in self._declared:
            declare_exchange(self._channel, exchange, exchange_type)
            self._declared.add(exchange)

    def _acknowledge(self, tag: int) -> None:
        if self._channel.is_open:
            self._channel.basic_ack(tag, multiple=True)

    def _look_at(self, queue: str) -> None:
        """Ask for a queue on a channel of its own, which the broker closes when there is none."""

        def opened(channel: Channel) -> None:
            def found(frame: Method) -> None:
                self._know(queue, frame.method.consumer_count)
                channel.close()

            channel.add_on_close_callback(lambda _channel, _reason: self._know(queue, 0))
            channel.queue_declare(queue, passive=True, callback=found)

        if self._channel.is_open:
            self._channel.connection.channel(on_open_callback=opened)

    def _know(self, queue: str, consumers: int) -> None:
        with self._changed:
            self._consumers.setdefault(queue, consumers)
            self._changed.notify_all()
