"""What the journal costs: documents saved in bulk with it beside without it, and a read, in time and memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import harness
from generate_numbers import FIRST, Bench, Couch
from harness import SUP, Column, Sample

AIM = 0.85
WITHOUT, WITH = "saved with --no-journal", "saved and recorded"
OFF, ON = "a read, journal off", "a read"


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=5)
    sizes = [20_000, 200_000]
    parser.add_argument("numbers", nargs="*", type=int, default=sizes, help="how many numbers (default: %(default)s)")
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's; it is left as it is found")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
        Couch(couchdb).account() as account,
    ):
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL="")
        bench = Bench(Couch(couchdb), account, lambda: 0, environment, "")
        for quantity in asked.numbers:
            rows += compared(quantity, harness.in_turn(asked.rounds, saving(bench, quantity), warm_up=False))
        rows += compared(1, harness.in_turn(4 * asked.rounds, reading(environment)))
    columns = [
        Column("what", "run"),
        Column("numbers", "documents", "{:,}"),
        Column("seconds", "seconds", "{:.3f}"),
        Column("rate", "documents/s", "{:,.0f}"),
        Column("of_without", "of without", "{:.2f}"),
        Column("aim", "aim", "{}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"medians of {asked.rounds} in turn, without events, each into a database just made, whole processes",
        "the record is on the disk, a sync for each batch, before that batch leaves",
        f"server: {Couch(couchdb).version() if asked.couchdb else 'the lab, whose own speed bounds all of these'}",
    ]
    harness.show("journal", columns, rows, notes, as_json=asked.json)


def saving(bench: Bench, quantity: int) -> dict[str, Callable[[], Sample]]:
    """Return the two ways to save QUANTITY numbers."""
    words = [SUP, "--no-events", *bench.words(FIRST, quantity)]
    return {
        WITHOUT: lambda: bench.added(quantity, [*words, "--no-journal"]),
        WITH: lambda: bench.added(quantity, words),
    }


def reading(environment: dict[str, str]) -> dict[str, Callable[[], Sample]]:
    """Return the same read with a journal and without one."""
    command = [SUP, "kapps_config", "get", "numbers", "nothing"]
    return {
        OFF: lambda: harness.process(command, {**environment, "SUP_JOURNAL": "off"}),
        ON: lambda: harness.process(command, environment),
    }


def compared(quantity: int, samples: dict[str, list[Sample]]) -> list[dict[str, Any]]:
    """Return the rows of one quantity."""
    seconds = {name: harness.seconds(each) for name, each in samples.items()}
    plain = next(iter(seconds.values()))
    return [
        {
            "what": name,
            "numbers": quantity,
            "seconds": each,
            "rate": quantity / each,
            "of_without": plain / each,
            "aim": "" if name in (WITHOUT, OFF) else f"{AIM if name == WITH else 1.0}",
            "peak_mb": harness.peak(samples[name]),
        }
        for name, each in seconds.items()
    ]


if __name__ == "__main__":
    main()
