"""How fast and in how much memory `sup number` imports and releases numbers, and converts their carrier module.

At three sizes, beside the way of one number at a time: look the number up, save it, look its copy up, save that; and
beside saving the documents of an import with _bulk_docs alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import requests
from harness import SUP, Column, Sample

from kazoo_sup.kazoo.numbers import phone_number
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import account_database, number_database

FIRST = 14_155_000_000
BATCH, THREADS = 1000, 4
SINGLES = 500
"""So many numbers are saved one at a time; the rest is extrapolated."""


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=1)
    parser.add_argument("numbers", nargs="*", type=int, default=[5_000, 20_000, 50_000], help="how many numbers")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for quantity in asked.numbers:
        # Each size on a server of its own: the lab's grows slower as it fills.
        with harness.scratch() as directory, harness.lab(directory) as couchdb:
            bench = Bench(couchdb, harness.environment(directory, SUP_COUCHDB_URL=couchdb), directory)
            rows += bench.measured(quantity)
    columns = [
        Column("what", "what"),
        Column("numbers", "numbers", "{:,}"),
        Column("seconds", "seconds", "{:.1f}"),
        Column("rate", "numbers/s", "{:,.0f}"),
        Column("of_singles", "x one at a time", "{:.1f}"),
        Column("of_raw", "of raw", "{:.2f}"),
        Column("of_counted", "of raw, counted", "{:.2f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    notes = [
        "whole processes with --no-events; each number is two documents, its own and its account's copy",
        f"one at a time: {SINGLES} numbers over one kept connection, without start-up, and extrapolated",
        "raw: the import's documents, made beforehand, into a prefix of their own and the account; without start-up",
        "counted: the services of the account are counted anew after an import, by a view that the server has to index",
        "server: the lab's, whose own speed bounds all of these",
    ]
    harness.show("numbers", columns, rows, notes, as_json=asked.json)


@dataclass(frozen=True, slots=True)
class Bench:
    """A server and what is needed to run `sup` against it."""

    couchdb: str
    environment: dict[str, str]
    directory: Path

    def measured(self, quantity: int) -> list[dict[str, Any]]:
        """Return the rows of one quantity; every step works on what the one before has left."""
        path = self.directory / "numbers.csv"
        with path.open("w", encoding="ascii") as file:
            file.write("e164,account_id,carrier_module,opaque.note\n")
            file.writelines(f"+{FIRST + each},{ACCOUNT},knm_inventory,row {each}\n" for each in range(quantity))
        self.sup("kapps_maintenance", "refresh", account_database(ACCOUNT))  # the view that counts
        single = self.one_at_a_time(quantity)
        raw, counting = self.raw(quantity)
        steps: dict[str, Callable[[], Sample]] = {
            "number import": lambda: self.sup("number", "import", str(path)),
            "the same import again": lambda: self.sup("number", "import", str(path)),
            "convert_carrier_module": lambda: self.sup(
                *["kazoo_number_manager_maintenance", "convert_carrier_module", "knm_inventory", "knm_local"]
            ),
            "number list": lambda: self.sup("number", "list", ACCOUNT),
            "number release": lambda: self.sup("number", "release", str(path)),
        }
        rows: list[dict[str, Any]] = [
            {"what": what, "numbers": quantity, "seconds": taken, "rate": quantity / taken, "of_raw": raw / taken}
            for what, taken in (
                ("one at a time", single),
                (f"raw _bulk_docs, {THREADS} threads", raw),
                ("the same, and the view read that counts them", raw + counting),
            )
        ]
        for name, step in steps.items():
            sample = step()
            rows.append(
                {
                    "what": name,
                    "numbers": quantity,
                    "seconds": sample.seconds,
                    "rate": quantity / sample.seconds,
                    "of_singles": single / sample.seconds,
                    "of_raw": raw / sample.seconds if name == "number import" else None,
                    "of_counted": (raw + counting) / sample.seconds if name == "number import" else None,
                    "peak_mb": sample.peak,
                }
            )
        return rows

    def sup(self, *words: str) -> Sample:
        """Measure `sup` with these words."""
        return harness.process([SUP, "--no-events", *words], self.environment)

    def raw(self, quantity: int) -> tuple[float, float]:
        """Return the seconds that saving both documents of QUANTITY numbers takes with nothing but _bulk_docs.

        And those of the view after it by which services are counted, as they have to be when an account gets numbers.
        """
        numbers = [
            phone_number.new(f"+1646{each:07}", "in_service", "knm_inventory").assigned(ACCOUNT).document()
            for each in range(quantity)
        ]
        places = [number_database("+16460000000"), account_database(ACCOUNT)]
        batches = [numbers[start : start + BATCH] for start in range(0, quantity, BATCH)]
        http = requests.Session()
        http.trust_env = False
        http.put(f"{self.couchdb}/{places[0]}").raise_for_status()

        def save(task: tuple[str | None, list[dict[str, Any]]]) -> None:
            place, documents = task
            http.post(f"{self.couchdb}/{place}/_bulk_docs", json={"docs": documents}).raise_for_status()

        begun = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(save, [(place, batch) for batch in batches for place in places]))
        saved = time.perf_counter()
        view = f"{self.couchdb}/{places[1]}/_design/services/_view/quantify"
        http.get(view, params={"group": "true"}).raise_for_status()
        return saved - begun, time.perf_counter() - saved

    def one_at_a_time(self, quantity: int) -> float:
        """Return the seconds that saving QUANTITY numbers one at a time would take, into a prefix of their own."""
        http = requests.Session()
        http.trust_env = False
        places = [number_database(f"+1213{0:07}"), account_database(ACCOUNT)]
        http.put(f"{self.couchdb}/{places[0]}").raise_for_status()
        begun = time.perf_counter()
        for each in range(SINGLES):
            number = phone_number.new(f"+1213{each:07}", "in_service", "knm_inventory").assigned(ACCOUNT)
            for place in places:
                url = f"{self.couchdb}/{place}/{number.number.replace('+', '%2B')}"
                http.head(url)
                http.put(url, json=number.document()).raise_for_status()
        return (time.perf_counter() - begun) * quantity / SINGLES


if __name__ == "__main__":
    main()
