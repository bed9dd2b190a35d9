"""How fast `sup freeswitch channels` lists many channels, beside a bare socket that reads the same answer."""

from __future__ import annotations

import json
import sys
from functools import partial

import harness
from harness import PYTHON, ROOT, SUP, Column

from helpers.esl_server import EslServer, channel

WAYS = {
    "raw": "bare socket, start included",
    "start": "`sup freeswitch version`",
    "text": "`sup freeswitch channels`",
    "json": "`sup freeswitch channels -f json`",
}


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=11)
    parser.add_argument("channels", nargs="*", type=int, default=[2_000], help="how many (default: 2000)")
    asked = parser.parse_args()
    rows = []
    with harness.scratch() as directory, EslServer() as server:
        environment = harness.environment(directory)
        commands = {
            "raw": [PYTHON, str(ROOT / "bench" / "raw_esl.py"), str(server.port)],
            "start": [SUP, "freeswitch", "version", server.url],
            "text": [SUP, "freeswitch", "channels", server.url],
            "json": [SUP, "freeswitch", "channels", server.url, "-f", "json"],
        }
        contestants = {way: partial(harness.process, command, environment) for way, command in commands.items()}
        for count in asked.channels:
            listing = {"row_count": count, "rows": [channel(number) for number in range(count)]}
            server.answers["show"] = json.dumps(listing, separators=(",", ":"))
            samples = harness.in_turn(asked.rounds, contestants)
            check(count, samples)
            rows += [
                {
                    "what": WAYS[way],
                    "channels": count,
                    "ms": 1000 * harness.seconds(samples[way]),
                    "peak_mb": harness.peak(samples[way]),
                }
                for way in WAYS
            ]
    columns = [
        Column("what", "way"),
        Column("channels", "channels", "{:,}"),
        Column("ms", "ms", "{:.0f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [f"medians of {asked.rounds} in turn, whole processes; the server is the tests' own and answers at once"]
    harness.show("listing channels", columns, rows, notes, as_json=asked.json)


def check(count: int, samples: dict[str, list[harness.Sample]]) -> None:
    """End the benchmark when a listing was not whole."""
    listed = [len(json.loads(samples[way][0].output)["rows"]) for way in ("raw", "json")]
    if [*listed, samples["text"][0].output.count("\n") - 1] != [count] * 3:
        sys.exit("a listing was not whole")


if __name__ == "__main__":
    main()
