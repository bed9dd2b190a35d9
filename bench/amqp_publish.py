"""How fast and how big the publisher is: beside pika's basic_publish, without confirms and with one confirm each."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from statistics import median

import harness
import pika
from harness import PYTHON, ROOT, Column

EXCHANGE = "sup_bench"
WAYS = {
    "unconfirmed": ("pika basic_publish, no confirms", 1),
    "one-by-one": ("pika basic_publish, one confirm each", 10),
    "publisher": ("Publisher, all confirmed", 1),
}
"""The ways of raw_amqp.py with the part of the messages that each is given: one in so many."""


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=5)
    parser.add_argument("messages", nargs="?", type=int, default=50_000, help="how many (default: %(default)s)")
    parser.add_argument("--amqp", help="a broker's address in place of a private broker")
    asked = parser.parse_args()
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
            for way, (_, share) in WAYS.items():
                command = [PYTHON, str(ROOT / "bench" / "raw_amqp.py"), way, EXCHANGE, str(asked.messages // share)]
                contestants[way] = partial(harness.process, command, environment)
            samples = harness.in_turn(asked.rounds, contestants)
            channel.exchange_delete(EXCHANGE)
    rates = {
        way: asked.messages // share / median(float(sample.output) for sample in samples[way])
        for way, (_, share) in WAYS.items()
    }
    rows = [
        {
            "what": title,
            "rate": rates[way],
            "ratio": rates[way] / rates["unconfirmed"],
            "peak_mb": harness.peak(samples[way]),
        }
        for way, (title, _) in WAYS.items()
    ]
    columns = [
        Column("what", "way"),
        Column("rate", "messages/s", "{:,.0f}"),
        Column("ratio", "ratio", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"{asked.messages:,} messages of 350 bytes (one by one: a tenth) to a topic exchange with one bound queue",
        f"medians of {asked.rounds} in turn; connecting and closing included, Python's start left out",
    ]
    harness.show("publishing", columns, rows, notes, as_json=asked.json)


if __name__ == "__main__":
    main()
