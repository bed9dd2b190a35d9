"""How fast and in how much memory `sup` refreshes many accounts: a few side by side, and one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

import harness
import requests
from harness import PYTHON, SUP, Column, Sample

from kazoo_sup.messages.names import account_database, plain

WORDS = ("--no-events", "kapps_maintenance", "refresh")
ONE_BY_ONE = (
    "import kazoo_sup.kazoo.databases.every_account as work; work.WORKERS = 1; "
    "from kazoo_sup.cli import app; app.main()"
)
TOGETHER, APART = "sup, a few at once", "sup, one after another"
KAZOO_PAUSE = 1.0
"""Seconds that Kazoo waits after each database."""

TIMEOUT = 60


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=3)
    parser.add_argument("accounts", nargs="*", type=int, default=[200, 2000], help="how many (default: 200 2000)")
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's; it is left as it is found")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
    ):
        environment = harness.environment(directory, SUP_COUCHDB_URL=couchdb)
        commands = {TOGETHER: (SUP, *WORDS), APART: (PYTHON, "-c", ONE_BY_ONE, *WORDS)}
        for count in asked.accounts:
            for name, command in commands.items():
                with accounts(couchdb, count):
                    first = harness.process(command, environment)
                    rows.append(row(name, "first, all views are missing", count, [first]))
            with accounts(couchdb, count):
                harness.process(commands[TOGETHER], environment)
                contestants: dict[str, Callable[[], Sample]] = {
                    name: (lambda words=command: harness.process(words, environment))  # type: ignore[misc]
                    for name, command in commands.items()
                }
                for name, samples in harness.in_turn(asked.rounds, contestants).items():
                    rows.append(row(name, "again, nothing is to be done", count, samples))
    columns = [
        Column("run", "run"),
        Column("way", "way"),
        Column("accounts", "accounts", "{:,}"),
        Column("seconds", "seconds", "{:.2f}"),
        Column("rate", "accounts/s", "{:,.0f}"),
        Column("kazoo", "x Kazoo's pause alone", "{:.0f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        f"medians of {asked.rounds} in turn where nothing is to be done, one run each where views are missing",
        f"Kazoo goes one by one and waits {KAZOO_PAUSE:g} s after each database; its work comes on top",
        f"server: {'given' if asked.couchdb else 'the labs own, of one thread, which bounds all of these'}",
    ]
    harness.show("refresh_accounts", columns, rows, notes, as_json=asked.json)


def row(name: str, run: str, count: int, samples: list[Sample]) -> dict[str, Any]:
    """Return one row of the table."""
    seconds = harness.seconds(samples)
    return {
        "way": name,
        "run": run,
        "accounts": count,
        "seconds": seconds,
        "rate": count / seconds,
        "kazoo": count * KAZOO_PAUSE / seconds,
        "peak_mb": harness.peak(samples),
    }


@contextmanager
def accounts(couchdb: str, count: int) -> Iterator[None]:
    """Have COUNT accounts, each with a user and a device, and remove them afterwards."""
    with requests.Session() as session:
        names = [f"{'be' * 12}{number:08x}" for number in range(count)]
        try:
            for name in names:
                _made(session, couchdb, name)
            yield
        finally:
            for name in names:
                session.delete(_url(couchdb, account_database(name)), timeout=TIMEOUT)
            _forgotten(session, couchdb, names)


def _made(session: requests.Session, couchdb: str, account: str) -> None:
    own = {"_id": account, "pvt_type": "account", "realm": f"{account}.example.com", "name": account, "pvt_tree": []}
    device = {"_id": "d" * 32, "pvt_type": "device", "sip": {"ip": "192.0.2.1"}}
    user = {"_id": "e" * 32, "pvt_type": "user", "priv_level": "user"}
    url = _url(couchdb, account_database(account))
    session.put(url, timeout=TIMEOUT)
    session.post(f"{url}/_bulk_docs", json={"docs": [own, user, device]}, timeout=TIMEOUT).raise_for_status()


def _forgotten(session: requests.Session, couchdb: str, accounts: list[str]) -> None:
    """Remove what refreshing left of the accounts in databases of all accounts."""
    for database, ids in (("accounts", accounts), ("services", accounts), ("sip_auth", ["d" * 32])):
        url = f"{couchdb}/{database}"
        rows = session.post(f"{url}/_all_docs", json={"keys": ids}, timeout=TIMEOUT).json()["rows"]
        gone = [{"_id": each["id"], "_rev": each["value"]["rev"], "_deleted": True} for each in rows if "value" in each]
        session.post(f"{url}/_bulk_docs", json={"docs": gone}, timeout=TIMEOUT).raise_for_status()


def _url(couchdb: str, database: str) -> str:
    return f"{couchdb}/{quote(plain(database), safe='')}"


if __name__ == "__main__":
    main()
