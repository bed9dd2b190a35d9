"""How fast and in how much memory `sup` counts numbers by carrier module, and copies them into their accounts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import harness
import requests
from harness import SUP, Column, Sample

from kazoo_sup.messages.names import account_database

DATABASE = "numbers%2F%2B1999"
MODULE = "kazoo_number_manager_maintenance"
MODULES = ("knm_local", "knm_telnyx", "knm_vitelity", "knm_bandwidth2")
ACCOUNTS = 20
BATCH = 2000
TIMEOUT = 300


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=1)
    sizes = [10_000, 50_000, 200_000]
    parser.add_argument("numbers", nargs="*", type=int, default=sizes, help="how many numbers (default: %(default)s)")
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's; it is left as it is found")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
    ):
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL="")
        for quantity in asked.numbers:
            for _round in range(asked.rounds):
                rows += measured(couchdb, quantity, environment)
    columns = [
        Column("what", "run"),
        Column("numbers", "numbers", "{:,}"),
        Column("seconds", "seconds", "{:.2f}"),
        Column("rate", "numbers/s", "{:,.0f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"numbers of {ACCOUNTS} accounts in one number database; without events; whole processes",
        "the first count builds the view's index, the second reads it",
        "aim: memory that does not grow with the numbers",
        f"server: {'CouchDB' if asked.couchdb else 'the lab, whose own speed bounds all of these'}",
    ]
    harness.show("number_repair", columns, rows, notes, as_json=asked.json)


def measured(couchdb: str, quantity: int, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of one quantity."""
    runs = {
        "carrier_module_usage, first": ["carrier_module_usage", "+1999"],
        "carrier_module_usage": ["carrier_module_usage", "+1999"],
        "copy_single_number_db_to_accounts, all missing": ["copy_single_number_db_to_accounts", "+1999"],
        "copy_single_number_db_to_accounts, all there": ["copy_single_number_db_to_accounts", "+1999"],
    }
    with numbers(couchdb, quantity):
        samples = {
            name: harness.process([SUP, "--no-events", MODULE, *words], environment) for name, words in runs.items()
        }
    return [row(name, quantity, sample) for name, sample in samples.items()]


def row(name: str, quantity: int, sample: Sample) -> dict[str, Any]:
    """Return one line of the table."""
    return {
        "what": name,
        "numbers": quantity,
        "seconds": sample.seconds,
        "rate": quantity / sample.seconds,
        "peak_mb": sample.peak,
    }


@contextmanager
def numbers(couchdb: str, quantity: int) -> Iterator[None]:
    """Make accounts that nobody has and a database with numbers of theirs, and delete all that afterwards."""
    accounts = [uuid.uuid4().hex for _place in range(ACCOUNTS)]
    databases = [DATABASE, *map(account_database, accounts)]
    with requests.Session() as http:
        if http.get(f"{couchdb}/{DATABASE}", timeout=TIMEOUT).ok:
            raise SystemExit(f"there is a database {DATABASE} already; nothing was done")
        try:
            for database in databases:
                http.put(f"{couchdb}/{database}", timeout=TIMEOUT).raise_for_status()
            for places in batched_range(quantity):
                docs = [document(place, accounts) for place in places]
                http.post(f"{couchdb}/{DATABASE}/_bulk_docs", json={"docs": docs}, timeout=TIMEOUT).raise_for_status()
            yield
        finally:
            for database in databases:
                http.delete(f"{couchdb}/{database}", timeout=TIMEOUT)


def batched_range(quantity: int) -> Iterator[range]:
    """Cut the numbers into batches."""
    for first in range(0, quantity, BATCH):
        yield range(first, min(first + BATCH, quantity))


def document(place: int, accounts: list[str]) -> dict[str, Any]:
    """Return the document of one number."""
    return {
        "_id": f"+1999{place:07}",
        "pvt_type": "number",
        "pvt_state": "in_service",
        "pvt_module_name": MODULES[place % len(MODULES)],
        "pvt_assigned_to": accounts[place % len(accounts)],
        "pvt_features": {"local": {}},
    }


if __name__ == "__main__":
    main()
