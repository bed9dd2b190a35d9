"""How fast and in how much memory `sup` deletes all documents of a type: three sizes, which must be in proportion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

import harness
import requests
from harness import SUP, Column

from kazoo_sup.messages.names import account_database, plain

ACCOUNT = "be" * 16
BATCH = 1000
KIND = "bench"
TIMEOUT = 120
MOST_GROWTH = 1.1
"""Times the memory of the smallest run that the biggest may take."""


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=1)
    parser.add_argument(
        "documents", nargs="*", type=int, default=[10_000, 100_000, 1_000_000], help="how many (default: up to 1000000)"
    )
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's; it is left as it is found")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
    ):
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb)
        command = (SUP, "--no-events", "kapps_maintenance", "purge_doc_type", KIND, ACCOUNT)
        for count in asked.documents:
            samples = []
            for _round in range(asked.rounds):
                with documents(couchdb, count):
                    samples.append(harness.process(command, environment))
            seconds = harness.seconds(samples)
            rows.append(
                {"documents": count, "seconds": seconds, "rate": count / seconds, "peak_mb": harness.peak(samples)}
            )
    for each in rows:
        each["growth"] = each["peak_mb"] / rows[0]["peak_mb"]
    columns = [
        Column("documents", "documents", "{:,}"),
        Column("seconds", "seconds", "{:.2f}"),
        Column("rate", "documents/s", "{:,.0f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
        Column("growth", "x the first's memory", "{:.2f}"),
    ]
    notes = [
        f"medians of {asked.rounds}, whole processes, the view indexed before",
        f"aims: the same rate at every size, memory that does not grow beyond {MOST_GROWTH} times",
        f"server: {'given' if asked.couchdb else 'the labs own, of one thread, which bounds all of these'}",
    ]
    harness.show("purge_doc_type", columns, rows, notes, as_json=asked.json)


@contextmanager
def documents(couchdb: str, count: int) -> Iterator[None]:
    """Have COUNT documents of the type in an account's database, indexed, and remove that afterwards."""
    url = f"{couchdb}/{quote(plain(account_database(ACCOUNT)), safe='')}"
    emit = "function (doc) { if (!doc.pvt_deleted) emit(doc.pvt_type, null); }"
    views = {"listing_by_type": {"map": emit}, "reduced_by_type": {"map": emit, "reduce": "_count"}}
    own = {"_id": ACCOUNT, "pvt_type": "account", "realm": "bench.example.com"}
    with requests.Session() as session:
        session.put(url, timeout=TIMEOUT)
        try:
            session.post(f"{url}/_bulk_docs", json={"docs": [own]}, timeout=TIMEOUT).raise_for_status()
            session.put(f"{url}/_design/maintenance", json={"views": views}, timeout=TIMEOUT).raise_for_status()
            for first in range(0, count, BATCH):
                batch = [
                    {"_id": f"{number:012}", "pvt_type": KIND} for number in range(first, min(first + BATCH, count))
                ]
                session.post(f"{url}/_bulk_docs", json={"docs": batch}, timeout=TIMEOUT).raise_for_status()
            session.get(f"{url}/_design/maintenance/_view/reduced_by_type", timeout=None)
            yield
        finally:
            session.delete(url, timeout=TIMEOUT)


if __name__ == "__main__":
    main()
