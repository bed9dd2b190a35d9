"""How long a call to Kamailio takes from start to end: beside kamcmd, and what of it is the way there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import harness
from harness import SUP, Column, Sample

from helpers import real_servers
from kazoo_sup.settings import Server
from kazoo_sup.transports import kamailio

METHOD = "core.uptime"
CALLS = 100
"""Calls of which one sample without a process is the mean."""

KAMCMD = "kamcmd"
PATIENCE = 60


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=21)
    asked = parser.parse_args()
    with harness.scratch() as directory, proxy(directory) as urls:
        environment = harness.environment(directory)
        socket = urls["ctl"].removeprefix("binrpc:")
        kamcmd = [real_servers.program(KAMCMD, "kamailio"), "-s", f"unix:{socket}", METHOD]
        contestants: dict[str, Callable[[], Sample]] = {KAMCMD: partial(harness.process, kamcmd, environment)}
        for way, url in urls.items():
            command = [SUP, "kamailio", "rpc", METHOD, "--server", url]
            contestants[f"sup, {way}"] = partial(harness.process, command, environment)
        for way, url in urls.items():
            contestants[f"the call alone, {way}"] = partial(calls, Server(url))
        samples = harness.in_turn(asked.rounds, contestants)
    first = harness.seconds(samples[KAMCMD])
    rows = [
        {
            "what": name,
            "median_ms": harness.seconds(each) * 1000,
            "fastest_ms": min(sample.seconds for sample in each) * 1000,
            "ratio": harness.seconds(each) / first,
            "peak_mb": harness.peak(each) or None,
        }
        for name, each in samples.items()
    ]
    columns = [
        Column("what", "way"),
        Column("median_ms", "median ms", "{:.2f}"),
        Column("fastest_ms", "fastest", "{:.2f}"),
        Column("ratio", "ratio", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"{METHOD}; whole processes, {asked.rounds} of each in turn; ratio: to {KAMCMD}",
        f"the call alone: in a process that runs already, a connection each, the mean of {CALLS}",
    ]
    harness.show("a call to Kamailio", columns, rows, notes, as_json=asked.json)


@contextmanager
def proxy(directory: Path) -> Iterator[dict[str, str]]:
    """Run a private Kamailio and give its addresses by way."""
    place = directory / "kamailio"
    place.mkdir()
    started = real_servers.Kamailio(place)
    try:
        yield started.urls
    finally:
        started.stop()


def calls(server: Server) -> Sample:
    """Measure calls in this process."""
    began = time.perf_counter()
    for _ in range(CALLS):
        kamailio.call(server, METHOD, connect=PATIENCE, read=PATIENCE)
    return Sample((time.perf_counter() - began) / CALLS)


if __name__ == "__main__":
    main()
