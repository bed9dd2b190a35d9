"""The ways to publish that are compared, each in a process of its own.

Usage: python raw_amqp.py publisher|unconfirmed|one-by-one EXCHANGE MESSAGES, with the broker's address in SUP_AMQP_URL.
Prints the seconds that took, connecting and closing included, Python's start and the imports left out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator

import pika

from kazoo_sup.transports.amqp import Message, Publisher

BODY = b'{"ID":"0123456789abcdef0123456789abcdef","Event-Name":"doc_edited"' + b" " * 283 + b"}"
BATCH = 500


def keys(count: int) -> Iterator[str]:
    """Yield routing keys like those of change events."""
    return (f"doc_edited.accounts.account.{number:032x}" for number in range(count))


def unconfirmed(url: str, exchange: str, count: int) -> None:
    """Publish with pika alone, blindly."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        publish_with_pika(connection.channel(), exchange, count)


def one_by_one(url: str, exchange: str, count: int) -> None:
    """Publish with pika alone, waiting for each confirm."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        publish_with_pika(channel, exchange, count)


def publish_with_pika(channel: pika.adapters.blocking_connection.BlockingChannel, exchange: str, count: int) -> None:
    """Publish on a channel."""
    for key in keys(count):
        properties = pika.BasicProperties("application/json", timestamp=time.time_ns() // 1000)
        channel.basic_publish(exchange, key, BODY, properties)


def publisher(url: str, exchange: str, count: int) -> None:
    """Publish with our publisher, which waits for every confirm in the end."""

    def on_failed(_: object, reason: str) -> None:
        sys.exit(reason)

    with Publisher([url], on_failed=on_failed) as publisher:
        batch = []
        for key in keys(count):
            batch.append(Message(exchange, "topic", key, BODY))
            if len(batch) == BATCH:
                publisher.send(batch)
                batch = []
        publisher.send(batch)


WAYS: dict[str, Callable[[str, str, int], None]] = {
    "publisher": publisher,
    "unconfirmed": unconfirmed,
    "one-by-one": one_by_one,
}


def main() -> None:
    """Publish so many messages in one of the ways."""
    way, exchange, count = sys.argv[1:]
    began = time.perf_counter()
    WAYS[way](os.environ["SUP_AMQP_URL"], exchange, int(count))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
