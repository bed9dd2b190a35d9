"""A queue on a broker that hears what is published, seen through pika alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pika


class Heard(NamedTuple):
    """One message as it came out of the queue."""

    key: str
    body: bytes
    properties: pika.BasicProperties


class Listener:
    """A queue of its own, bound to a topic exchange."""

    def __init__(self, url: str, exchange: str = "configuration", key: str = "#") -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self._connection.channel()
        self.channel.exchange_declare(exchange, "topic")
        self._queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self._queue, exchange, key)

    def heard(self) -> Iterator[Heard]:
        """Yield what the broker has taken so far: what came into the queue before a last message of our own."""
        last = uuid.uuid4().bytes
        self.channel.basic_publish("", self._queue, last)
        for frame, properties, body in self.channel.consume(self._queue, auto_ack=True):
            if body == last:
                break
            yield Heard(frame.routing_key, body, properties)

    def close(self) -> None:
        self._connection.close()
