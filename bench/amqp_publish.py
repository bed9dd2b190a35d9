"""How fast and how big the publisher is: beside pika's basic_publish, without confirms and with one confirm each."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

import harness
import pika
from harness import PYTHON, Column

from kazoo_sup.transports.amqp import Message, Publisher

EXCHANGE = "sup_bench"
BODY = b'{"ID":"0123456789abcdef0123456789abcdef","Event-Name":"doc_edited"' + b" " * 283 + b"}"


def keys(count: int) -> Iterator[str]:
    """Yield routing keys like those of change events."""
    return (f"doc_edited.accounts.account.{number:032x}" for number in range(count))


def pika_without_confirms(url: str, count: int) -> None:
    """Publish with pika alone, blindly."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        publish_with_pika(connection.channel(), count)


def pika_confirmed_one_by_one(url: str, count: int) -> None:
    """Publish with pika alone, waiting for each confirm."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        publish_with_pika(channel, count)


def publish_with_pika(channel: pika.adapters.blocking_connection.BlockingChannel, count: int) -> None:
    """Publish on a channel."""
    for key in keys(count):
        properties = pika.BasicProperties("application/json", timestamp=time.time_ns() // 1000)
        channel.basic_publish(EXCHANGE, key, BODY, properties)


def publisher(url: str, count: int) -> None:
    """Publish with our publisher, which waits for every confirm in the end."""

    def on_failed(_: object, reason: str) -> None:
        sys.exit(reason)

    with Publisher([url], on_failed=on_failed) as publisher:
        batch = []
        for key in keys(count):
            batch.append(Message(EXCHANGE, "topic", key, BODY))
            if len(batch) == 500:
                publisher.send(batch)
                batch = []
        publisher.send(batch)


METHODS: dict[str, tuple[str, Callable[[str, int], None], int]] = {
    "unconfirmed": ("pika basic_publish, no confirms", pika_without_confirms, 1),
    "one-by-one": ("pika basic_publish, one confirm each", pika_confirmed_one_by_one, 10),
    "publisher": ("Publisher, all confirmed", publisher, 1),
}
"""Each with the part of the messages that it is given: one in so many."""


def main() -> None:
    """Measure and print, or be what is measured."""
    parser = harness.arguments(str(__doc__), rounds=5)
    parser.add_argument("messages", nargs="?", type=int, default=50_000, help="how many (default: %(default)s)")
    parser.add_argument("--amqp", help="a broker's address in place of a private broker")
    parser.add_argument("--only", choices=METHODS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        METHODS[asked.only][1](os.environ["SUP_AMQP_URL"], asked.messages)
        return
    with harness.scratch() as directory, nullcontext(asked.amqp) if asked.amqp else harness.broker(directory) as url:
        environment = harness.environment(directory, SUP_AMQP_URL=url)
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 0
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.exchange_declare(EXCHANGE, "topic")
            queue = channel.queue_declare("", exclusive=True, arguments={"x-max-length": 1000}).method.queue
            channel.queue_bind(queue, EXCHANGE, "#")
            contestants = {}
            for method, (title, _, share) in METHODS.items():
                command = [PYTHON, __file__, "--only", method, str(asked.messages // share)]
                contestants[title] = partial(harness.process, command, environment)
            samples = harness.in_turn(asked.rounds, contestants)
            channel.exchange_delete(EXCHANGE)
    rates = {title: asked.messages // share / harness.seconds(samples[title]) for title, _, share in METHODS.values()}
    first = next(iter(rates.values()))
    rows = [
        {"what": title, "rate": rate, "ratio": rate / first, "peak_mb": harness.peak(samples[title])}
        for title, rate in rates.items()
    ]
    columns = [
        Column("what", "way"),
        Column("rate", "messages/s", "{:,.0f}"),
        Column("ratio", "ratio", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"{asked.messages:,} messages of {len(BODY)} bytes (one by one: a tenth) to a topic exchange with one bound queue",
        f"medians of {asked.rounds} in turn, whole processes",
    ]
    harness.show("publishing", columns, rows, notes, as_json=asked.json)


if __name__ == "__main__":
    main()
