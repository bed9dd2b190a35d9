"""What the hot paths import and how long that takes, from `python -X importtime`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any

import harness
from harness import PYTHON, SUP, Column

SHOWN = 15
PATHS = {
    "help": "kapps_config get --help",
    "read": "kapps_config get accounts default_timezone",
    "write": "kapps_config set_default accounts sup_bench VALUE",
}
"""Command lines; VALUE is another one in every run."""

LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=7)
    asked = parser.parse_args()
    rows = []
    with harness.scratch() as directory, harness.lab(directory) as couchdb, harness.broker(directory) as amqp:
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL=amqp)
        found: dict[str, list[dict[str, tuple[float, float]]]] = {name: [] for name in PATHS}
        for number in range(asked.rounds + 1):
            for name, words in PATHS.items():
                times = imports(words.replace("VALUE", str(number)), environment)
                if number:
                    found[name].append(times)
    for name, words in PATHS.items():
        rows += summary(f"sup {words}", found[name])
    columns = [
        Column("path", "path"),
        Column("module", "module"),
        Column("own_ms", "own ms", "{:.2f}"),
        Column("all_ms", "with what it imports", "{:.2f}"),
    ]
    notes = [
        f"the {SHOWN} modules that take most themselves, medians of {asked.rounds}; being timed makes imports slower",
        "the write imports pika on a thread of its own: what it waits for the other threads is counted too",
    ]
    harness.show("imports", columns, rows, notes, as_json=asked.json)


def imports(words: str, environment: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Return what a run of `sup WORDS` imports: milliseconds of each module alone, and with what it imports."""
    sample = harness.process([PYTHON, "-X", "importtime", SUP, *words.split()], environment)
    return {
        module: (int(own) / 1000, int(everything) / 1000) for own, everything, module in LINE.findall(sample.errors)
    }


def summary(path: str, runs: list[dict[str, tuple[float, float]]]) -> list[dict[str, Any]]:
    """Return the rows of one path: the total first, then the most expensive modules."""
    times = defaultdict(list)
    for run in runs:
        for module, both in run.items():
            times[module].append(both)
    medians = {module: [median(each) for each in zip(*both, strict=True)] for module, both in times.items()}
    total = median(sum(own for own, _ in run.values()) for run in runs)
    rows = [{"path": path, "module": f"all {len(medians)} modules", "own_ms": total, "all_ms": None}]
    for module, (own, everything) in sorted(medians.items(), key=lambda each: -each[1][0])[:SHOWN]:
        rows.append({"path": "", "module": module, "own_ms": own, "all_ms": everything})
    return rows


if __name__ == "__main__":
    main()
