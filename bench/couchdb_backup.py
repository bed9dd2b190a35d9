"""How fast and how big backups and restores are, at several sizes and with attachments.

Backups beside copying `_all_docs` unread, restores beside saving the same documents with `_bulk_docs` alone.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from urllib.parse import quote

import harness
import requests
from harness import PYTHON, ROOT, SUP, Column, Sample

BATCH, TIMEOUT = 1000, 60
TEXT = "x" * 400
ALL_DOCS, BULK, RESTORE = "raw _all_docs", "raw _bulk_docs", "sup couchdb restore"
ATTACHMENTS = 4


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=5)
    parser.add_argument(
        "documents", nargs="*", type=int, default=[2_000, 20_000, 100_000], help="sizes of the databases"
    )
    parser.add_argument(
        "--attachment", type=int, default=50, metavar="MB", help="size of the attachments' database's each"
    )
    parser.add_argument(
        "--couchdb", metavar="URL", help="a CouchDB in place of the lab's; databases are made and deleted"
    )
    asked = parser.parse_args()
    rows = []
    with harness.scratch() as directory, nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as url:
        for quantity in asked.documents:
            with database(url) as name:
                fill(url, name, quantity)
                rows += measured(directory, url, name, quantity, asked.rounds)
        with database(url) as name:
            fill(url, name, ATTACHMENTS)
            attach(url, name, asked.attachment * 1_000_000)
            rows += measured(directory, url, name, ATTACHMENTS, 1, attachments=ATTACHMENTS)
    columns = [
        Column("what", "way"),
        Column("documents", "documents", "{:,}"),
        Column("mb", "MB", "{:.0f}"),
        Column("rate", "documents/s", "{:,.0f}"),
        Column("ratio", "of raw", "{:.2f}"),
        Column("cpu", "own CPU s", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"documents of 500 bytes; the last database has {ATTACHMENTS} attachments of {asked.attachment} MB",
        f"medians of {asked.rounds} in turn, whole processes; the file of every backup is checked by --verify",
    ]
    harness.show("backup", columns, rows, notes, as_json=asked.json)


def measured(
    directory: Path, url: str, name: str, quantity: int, rounds: int, *, attachments: int = 0
) -> list[dict[str, object]]:
    """Measure the ways with one database."""
    environment = harness.environment(directory, SUP_COUCHDB_URL=url, SUP_AMQP_URL="")
    target = directory / "backup"

    def backup(*options: str) -> Sample:
        shutil.rmtree(target, ignore_errors=True)
        return harness.process([SUP, "couchdb", "backup", name, "--to", str(target), *options], environment)

    raw = [PYTHON, str(ROOT / "bench" / "raw_all_docs.py"), name, str(directory / "raw")]
    ways = {"sup couchdb backup": backup, "sup couchdb backup --verify": partial(backup, "--verify")}
    contestants = ways if attachments else {ALL_DOCS: partial(harness.process, raw, environment), **ways}
    samples = harness.in_turn(rounds, contestants)
    samples |= restored(directory, url, name, quantity, rounds, with_raw=not attachments)
    size = sum(file.stat().st_size for file in target.iterdir()) / 1e6
    rows = []
    for what, found in samples.items():
        seconds = harness.seconds(found)
        base = samples.get(BULK if what in (BULK, RESTORE) else ALL_DOCS)
        ratio = harness.seconds(base) / seconds if base else None
        shown = {"what": what, "documents": quantity, "mb": size, "rate": quantity / seconds, "ratio": ratio}
        rows.append({**shown, "cpu": harness.cpu(found) or None, "peak_mb": harness.peak(found)})
    return rows


def restored(
    directory: Path, url: str, name: str, quantity: int, rounds: int, *, with_raw: bool
) -> dict[str, list[Sample]]:
    """Measure restoring what `measured` has left, each time into a database that is not there."""
    environment = harness.environment(directory, SUP_COUCHDB_URL=url, SUP_AMQP_URL="")
    (file,) = (directory / "backup").glob("*.jsonl")
    target = f"{name}-restored"

    def into_nothing(measure: Callable[[], Sample]) -> Sample:
        try:
            return measure()
        finally:
            with session() as http:
                http.delete(f"{url}/{target}", timeout=TIMEOUT)

    def raw() -> Sample:
        begun, busy = time.perf_counter(), time.process_time()
        with session() as http:
            http.put(f"{url}/{target}", timeout=TIMEOUT).raise_for_status()
        fill(url, target, quantity)
        return Sample(time.perf_counter() - begun, cpu=time.process_time() - busy)

    words = [SUP, "--no-events", "--no-journal", "couchdb", "restore", str(file), "--as", target]
    ways = {RESTORE: partial(into_nothing, partial(harness.process, words, environment))}
    return harness.in_turn(rounds, {BULK: partial(into_nothing, raw), **ways} if with_raw else ways)


@contextmanager
def database(url: str) -> Iterator[str]:
    """Make a database and delete it in the end."""
    name = f"sup-bench-{uuid.uuid4().hex}"
    with session() as http:
        http.put(f"{url}/{name}", timeout=TIMEOUT).raise_for_status()
        try:
            yield name
        finally:
            http.delete(f"{url}/{name}", timeout=TIMEOUT)


def fill(url: str, name: str, quantity: int) -> None:
    """Save so many documents."""
    with session() as http:
        for start in range(0, quantity, BATCH):
            numbers = range(start, min(start + BATCH, quantity))
            documents = [{"_id": f"{number:032d}", "pvt_type": "bench", "text": TEXT} for number in numbers]
            http.post(f"{url}/{name}/_bulk_docs", json={"docs": documents}, timeout=TIMEOUT).raise_for_status()


def attach(url: str, name: str, size: int) -> None:
    """Give each document an attachment."""
    content = bytes(range(256)) * (size // 256)
    with session() as http:
        rows = http.get(f"{url}/{name}/_all_docs", timeout=TIMEOUT).json()["rows"]
        for row in rows:
            place = f"{url}/{name}/{quote(row['id'], safe='')}/recording.wav"
            headers = {"Content-Type": "audio/x-wav"}
            revision = {"rev": row["value"]["rev"]}
            http.put(place, params=revision, data=content, headers=headers, timeout=TIMEOUT).raise_for_status()


def session() -> requests.Session:
    """Return a session for a server that no proxy stands before."""
    http = requests.Session()
    http.trust_env = False
    return http


if __name__ == "__main__":
    main()
