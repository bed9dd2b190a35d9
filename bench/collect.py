"""How long it takes, and how much memory, to collect channels and registrations from many ecallmgr nodes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import harness
from harness import PYTHON, ROOT, SUP, Column

COMMANDS = ("channel_summary", "registrar_summary")


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=3)
    parser.add_argument("entries", nargs="?", type=int, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--amqp", help="a broker's address in place of a private broker")
    asked = parser.parse_args()
    rows = []
    with harness.scratch() as directory, nullcontext(asked.amqp) if asked.amqp else harness.broker(directory) as url:
        environment = harness.environment(directory, SUP_AMQP_URL=url)
        for nodes in (1, 200):
            with responders(environment, nodes, asked.entries):
                contestants = {
                    command: partial(
                        harness.process,
                        [SUP, "-q", "-n", "ecallmgr", "ecallmgr_maintenance", command, "--wait", "60"],
                        environment,
                    )
                    for command in COMMANDS
                }
                samples = harness.in_turn(asked.rounds, contestants)
            for command in COMMANDS:
                listed = samples[command][0].output.count("\n") - 5
                if listed != asked.entries:
                    sys.exit(f"{command} listed {listed} of {asked.entries}")
                found = {"seconds": harness.seconds(samples[command]), "peak_mb": harness.peak(samples[command])}
                rows.append({"what": command, "nodes": nodes, **found})
    columns = [
        Column("what", "command"),
        Column("nodes", "nodes", "{:,}"),
        Column("seconds", "seconds", "{:.1f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [f"{asked.entries:,} entries in all, shared out among the nodes; medians of {asked.rounds}, start included"]
    harness.show("collecting", columns, rows, notes, as_json=asked.json)


@contextmanager
def responders(environment: dict[str, str], nodes: int, entries: int) -> Iterator[None]:
    """Have so many nodes answer."""
    command = [PYTHON, str(ROOT / "bench" / "responders.py"), str(nodes), str(entries)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            sys.exit("the responders did not start")
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
