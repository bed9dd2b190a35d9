"""Many commands: in one process that reads them from standard input, and in a process for each."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import harness
from harness import SUP, Column, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE = "kapps_config get accounts default_timezone"
PROCESSES = 20
"""Processes that are measured for each round; a thousand take as many times longer."""


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=5)
    parser.add_argument("commands", type=int, nargs="?", default=1000, help="commands (default: %(default)s)")
    asked = parser.parse_args()
    with harness.scratch() as directory, harness.lab(directory) as couchdb:
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL="")
        samples = harness.in_turn(
            asked.rounds,
            {
                f"sup -, {asked.commands} lines": lambda: together(asked.commands, environment),
                "a process for each": lambda: apart(environment),
            },
        )
    medians = {name: harness.seconds(each) * 1000 for name, each in samples.items()}
    rows: list[dict[str, Any]] = [{"what": name, "each_ms": each} for name, each in medians.items()]
    columns = [Column("what", "way"), Column("each_ms", "ms a command", "{:.2f}")]
    notes = [f"each command: sup {LINE}; medians of {asked.rounds}, the server's time included"]
    harness.show("several commands", columns, rows, notes, as_json=asked.json)


def together(commands: int, environment: Mapping[str, str]) -> Sample:
    """Run so many lines in one process; return what one takes."""
    began = time.perf_counter()
    done = subprocess.run(
        [SUP, "-"], env=environment, input=f"{LINE}\n" * commands, capture_output=True, text=True, check=True
    )
    if len(done.stdout.splitlines()) != commands:
        raise SystemExit(f"not every line was answered: {done.stderr}")
    return Sample((time.perf_counter() - began) / commands)


def apart(environment: Mapping[str, str]) -> Sample:
    """Run some processes one after the other; return what one takes."""
    began = time.perf_counter()
    for _ in range(PROCESSES):
        subprocess.run([SUP, *LINE.split()], env=environment, capture_output=True, check=True)
    return Sample((time.perf_counter() - began) / PROCESSES)


if __name__ == "__main__":
    main()
