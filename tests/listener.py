"""A queue on a broker that hears what is published, seen through pika alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pika


class Heard(NamedTuple):
    """One message as it came out of the queue."""

    key: str
    body: bytes
    properties: pika.BasicProperties


class Listener:
    """A queue of its own, bound to a topic exchange; `quiet` seconds without a message end what is heard."""

    def __init__(self, url: str, exchange: str = "configuration", key: str = "#", *, quiet: float = 1) -> None:
        self._quiet = quiet
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self._connection.channel()
        self.channel.exchange_declare(exchange, "topic")
        self._queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self._queue, exchange, key)

    def heard(self) -> Iterator[Heard]:
        """Yield what is in the queue and still comes, until it is quiet."""
        for frame, properties, body in self.channel.consume(self._queue, auto_ack=True, inactivity_timeout=self._quiet):
            if body is None:
                break
            yield Heard(frame.routing_key, body, properties)

    def close(self) -> None:
        self._connection.close()
