"""How fast and how big: our publisher beside pika's basic_publish, without confirms and with one confirm each.

Usage: python bench/amqp_publish.py [MESSAGES]; the broker is SUP_TEST_AMQP_URL or the one on 127.0.0.1.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pika

from kazoo_sup.transports.amqp import Message, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = os.environ.get("SUP_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672")
EXCHANGE = "sup_bench"
BODY = b'{"ID":"0123456789abcdef0123456789abcdef","Event-Name":"doc_edited"' + b" " * 283 + b"}"


def keys(count: int) -> Iterator[str]:
    return (f"doc_edited.accounts.account.{number:032x}" for number in range(count))


def pika_without_confirms(count: int) -> None:
    with pika.BlockingConnection(pika.URLParameters(URL)) as connection:
        publish_with_pika(connection.channel(), count)


def pika_confirmed_one_by_one(count: int) -> None:
    with pika.BlockingConnection(pika.URLParameters(URL)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        publish_with_pika(channel, count)


def publish_with_pika(channel: pika.adapters.blocking_connection.BlockingChannel, count: int) -> None:
    for key in keys(count):
        properties = pika.BasicProperties("application/json", timestamp=time.time_ns() // 1000)
        channel.basic_publish(EXCHANGE, key, BODY, properties)


def publisher(count: int) -> None:
    def on_failed(_: object, reason: str) -> None:
        sys.exit(reason)

    with Publisher([URL], on_failed=on_failed) as publisher:
        batch = []
        for key in keys(count):
            batch.append(Message(EXCHANGE, "topic", key, BODY))
            if len(batch) == 500:
                publisher.send(batch)
                batch = []
        publisher.send(batch)


METHODS: dict[str, tuple[str, Callable[[int], None], int]] = {
    "unconfirmed": ("pika basic_publish, no confirms", pika_without_confirms, 1),
    "one-by-one": ("pika basic_publish, one confirm each", pika_confirmed_one_by_one, 10),
    "publisher": ("Publisher, all confirmed", publisher, 1),
}


def measure(method: str, count: int) -> None:
    """Run in a process of its own: print messages per second, connecting and closing included, and peak MB."""
    began = time.perf_counter()
    METHODS[method][1](count)
    rate = count / (time.perf_counter() - began)
    print(rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    parameters = pika.URLParameters(URL)
    parameters.heartbeat = 0
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic")
        queue = channel.queue_declare("", exclusive=True, arguments={"x-max-length": 1000}).method.queue
        channel.queue_bind(queue, EXCHANGE, "#")
        print(f"{count} messages of {len(BODY)} bytes to a topic exchange with one bound queue\n")
        print(f"{'':40}{'messages/s':>12}{'ratio':>8}{'peak MB':>9}")
        first = 0.0
        for method, (title, _, share) in METHODS.items():
            command = [sys.executable, __file__, method, str(count // share)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rate, peak = map(float, output.split())
            first = first or rate
            print(f"{title:40}{rate:12.0f}{rate / first:8.2f}{peak:9.1f}")
        channel.exchange_delete(EXCHANGE)


if __name__ == "__main__":
    main()
