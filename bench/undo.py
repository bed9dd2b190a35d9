"""How fast and in how much memory `sup` takes back what a run saved, and makes it again, beside the saving itself."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import harness
from harness import SUP, Column

from kazoo_sup.lab.seed import ACCOUNT

FIRST = 14_150_000_000


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=3)
    sizes = [10_000, 100_000]
    parser.add_argument("numbers", nargs="*", type=int, default=sizes, help="how many numbers (default: %(default)s)")
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
    ):
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL="")
        for quantity in asked.numbers:
            rows += measured(quantity, environment, asked.rounds)
    columns = [
        Column("what", "run"),
        Column("numbers", "numbers", "{:,}"),
        Column("seconds", "seconds", "{:.2f}"),
        Column("rate", "numbers/s", "{:,.0f}"),
        Column("ratio", "of saving", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        "numbers without an account, in one database; recorded, without events; whole processes, medians, in turn",
        "aim: 0.8 of the rate of saving; memory that does not grow with the numbers",
        f"server: {'CouchDB' if asked.couchdb else 'the lab, whose own speed bounds all of these'}",
    ]
    harness.show("undo", columns, rows, notes, as_json=asked.json)


def measured(quantity: int, environment: dict[str, str], rounds: int) -> list[dict[str, Any]]:
    """Return the rows of one quantity."""
    make = [
        "kazoo_number_manager_maintenance",
        "generate_numbers",
        "knm_managed",
        ACCOUNT,
        str(FIRST + quantity),
        str(quantity),
    ]
    contestants = {
        name: (lambda words=words: harness.process([SUP, *words, "--no-events", "-y", "-q"], environment))
        for name, words in {"save": make, "undo": ["undo"], "redo": ["redo"], "undo again": ["undo"]}.items()
    }
    samples = harness.in_turn(rounds, contestants, warm_up=False)
    saving = harness.seconds(samples["save"])
    return [
        {
            "what": name,
            "numbers": quantity,
            "seconds": harness.seconds(found),
            "rate": quantity / harness.seconds(found),
            "ratio": saving / harness.seconds(found),
            "peak_mb": harness.peak(found),
        }
        for name, found in samples.items()
    ]


if __name__ == "__main__":
    main()
