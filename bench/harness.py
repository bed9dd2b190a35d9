"""What the benchmarks share: whole processes measured in turn, one table at the end, servers of their own.

A benchmark compares in one run, because the same program on the same machine differs from hour to hour by more than
what is looked for: the contestants run in turn, A B A B …, and the median of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from helpers import lab_server, real_servers  # noqa: E402 - the tests' own

PYTHON = sys.executable
SUP = str(Path(PYTHON).with_name("sup"))
TIMEOUT = 900
"""Seconds that one measured process may take."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: seconds, the most memory the process had (resident, in MB), and what it wrote.

    `cpu` are the seconds for which it, and what it started and waited for, kept processors busy.
    """

    seconds: float
    peak: float = 0.0
    output: str = ""
    errors: str = ""
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: the rows' key, its heading, and how str.format shows a value."""

    key: str
    heading: str
    form: str = "{}"

    @property
    def is_text(self) -> bool:
        """Whether it is words, which stand at the left."""
        return self.form == "{}"


def arguments(description: str, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark takes."""
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="samples of each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    return parser


def process(command: Sequence[str], environment: Mapping[str, str]) -> Sample:
    """Run a command and measure it from start to end; the benchmark ends with its words when it fails."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors, TemporaryDirectory() as directory:
        result = Path(directory) / "result"
        stopwatch = subprocess.Popen(
            [PYTHON, "-I", "-S", str(ROOT / "bench" / "stopwatch.py"), str(result), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            stopwatch.wait(TIMEOUT)
        finally:
            if stopwatch.poll() is None:
                os.killpg(stopwatch.pid, signal.SIGKILL)
                stopwatch.wait()
        output.seek(0)
        errors.seek(0)
        written = (output.read(), errors.read())
        found = result.read_text(encoding="ascii") if result.exists() else "0 0 0 -1"
        seconds, cpu, peak, code = found.split()
        if code != "0":
            sys.exit(f"{' '.join(command)} ended with {code}: {''.join(written)}")
        return Sample(float(seconds), float(peak), *written, float(cpu))


def in_turn(
    rounds: int, contestants: Mapping[str, Callable[[], Sample]], *, warm_up: bool = True
) -> dict[str, list[Sample]]:
    """Run each contestant ROUNDS times, in turn, after once for nothing; return the samples of each."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for number in range(0 if warm_up else 1, rounds + 1):
        for name, contestant in contestants.items():
            if sys.stderr.isatty():
                print(f"\r\033[Kround {number} of {rounds}: {name}", end="\r", file=sys.stderr)
            sample = contestant()
            if number:
                samples[name].append(sample)
    if sys.stderr.isatty():
        print("\033[K", end="", file=sys.stderr)
    return samples


def seconds(samples: Sequence[Sample]) -> float:
    """Return the median time."""
    return median(sample.seconds for sample in samples)


def cpu(samples: Sequence[Sample]) -> float:
    """Return the median time that processors were kept busy."""
    return median(sample.cpu for sample in samples)


def peak(samples: Sequence[Sample]) -> float:
    """Return the median of the peaks of memory."""
    return median(sample.peak for sample in samples)


def show(
    title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], notes: Sequence[str], *, as_json: bool
) -> None:
    """Print the one table of a benchmark, or the same as JSON, with what it was measured on."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    date = datetime.now(tz=UTC).date().isoformat()
    if as_json:
        found = {"title": title, "date": date, "machine": machine, "rows": list(rows), "notes": list(notes)}
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    lines = [[column.heading for column in columns], *([_cell(row, column) for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    print(f"{title}\n{date}, {machine}\n")
    for line in lines:
        cells = zip(line, widths, columns, strict=True)
        print("  ".join(f"{cell:{'<' if column.is_text else '>'}{width}}" for cell, width, column in cells).rstrip())
    print("".join(f"\n{note}" for note in notes))


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a directory that is gone afterwards, also when the benchmark is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with TemporaryDirectory(prefix="sup-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def environment(directory: Path, **more: str) -> dict[str, str]:
    """Return the environment of what is measured: nobody's settings, a home and Python's bytecode in DIRECTORY.

    Bytecode that is missing, stale or switched off would make every start many times slower.
    """
    dropped = ("SUP_", "KAZOO_", "PYTHON", "XDG_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "HOME": str(directory), "PYTHONPYCACHEPREFIX": str(directory / "bytecode"), **more}


@contextmanager
def lab(directory: Path) -> Iterator[str]:
    """Run the project's own CouchDB-compatible server, with its account and documents, and give its address.

    Its npm packages are those of the tests.
    """
    place = directory / "lab"
    place.mkdir()
    started = lab_server.Lab(place, lab_server.cache_directory())
    try:
        yield started.url
    finally:
        started.stop()


@contextmanager
def broker(directory: Path) -> Iterator[str]:
    """Run a private RabbitMQ and give its address."""
    place = directory / "rabbitmq"
    place.mkdir()
    rabbitmq = real_servers.RabbitMQ(place)
    try:
        yield rabbitmq.url
    finally:
        rabbitmq.close()


def _cell(row: Mapping[str, Any], column: Column) -> str:
    value = row.get(column.key)
    return "" if value is None else column.form.format(value)
