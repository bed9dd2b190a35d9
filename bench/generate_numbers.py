"""How fast and in how much memory `sup` generates numbers: beside raw _bulk_docs, and beside one PUT each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import harness
import pika
import requests
from harness import PYTHON, ROOT, SUP, Column, Sample

from kazoo_sup.messages.names import MANAGED, account_database, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = 22_000_000_000
RAW, PUTS, SILENT, EVENTS = "raw _bulk_docs, 4 threads", "one PUT each", "sup --no-events", "sup, every event confirmed"
AIMS = {SILENT: 0.9, EVENTS: 0.4}
"""Parts of the raw rate; they are for CouchDB, the lab's server is the slower half of everything here."""

ONE_BY_ONE_AIM = 50
"""Times the rate of one PUT each, for SILENT."""

PUT_SHARE = 20
"""Only one of so many numbers is PUT, and the rest extrapolated."""


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=3)
    parser.add_argument("numbers", nargs="*", type=int, default=[20_000], help="how many numbers (default: 20000)")
    parser.add_argument(
        "--memory", type=int, default=200_000, help="numbers of one further run, for its memory; 0: none"
    )
    parser.add_argument("--couchdb", help="CouchDB's address in place of the lab's; it is left as it is found")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with (
        harness.scratch() as directory,
        nullcontext(asked.couchdb) if asked.couchdb else harness.lab(directory) as couchdb,
        harness.broker(directory) as amqp,
        Couch(couchdb).account() as account,
        queue(amqp) as taken,
    ):
        bench = Bench(Couch(couchdb), account, taken, harness.environment(directory, SUP_COUCHDB_URL=couchdb), amqp)
        for quantity in asked.numbers:
            rows += compared(quantity, harness.in_turn(asked.rounds, bench.contestants(quantity)))
        if asked.memory:
            only = {name: each for name, each in bench.contestants(asked.memory).items() if name in AIMS}
            rows += compared(asked.memory, harness.in_turn(1, only, warm_up=False))
    columns = [
        Column("what", "way"),
        Column("numbers", "numbers", "{:,}"),
        Column("seconds", "seconds", "{:.2f}"),
        Column("rate", "numbers/s", "{:,.0f}"),
        Column("of_raw", "of raw", "{:.2f}"),
        Column("aim", "aim", "{:.1f}"),
        Column("of_puts", "x one PUT each", "{:.1f}"),
        Column("peak_mb", "peak MB", "{:.0f}"),
    ]
    server = Couch(couchdb).version() if asked.couchdb else "the lab's, whose own speed bounds all of these"
    notes = [
        f"medians of {asked.rounds} in turn, each into a database just made, whole processes",
        f"one PUT each: measured for a {PUT_SHARE}th of the numbers, without start-up, and extrapolated",
        f"aims: the part of raw that stands there, {ONE_BY_ONE_AIM} times one PUT each, memory that does not grow",
        f"server: {server}",
    ]
    harness.show("generate_numbers", columns, rows, notes, as_json=asked.json)


def compared(quantity: int, samples: Mapping[str, list[Sample]]) -> list[dict[str, Any]]:
    """Return the rows of one quantity."""
    taken = {name: harness.seconds(each) for name, each in samples.items()}
    peaks = {name: harness.peak(each) for name, each in samples.items()}
    if RAW in samples:
        for name in (RAW, PUTS):
            within = median(float(each.output) for each in samples[name])
            taken[name if name == PUTS else f"{RAW}, without start-up"] = within
        taken[PUTS] *= quantity / puts(quantity)
        del peaks[PUTS]
    return [
        {
            "what": name,
            "numbers": quantity,
            "seconds": seconds,
            "rate": quantity / seconds,
            "of_raw": taken[RAW] / seconds if RAW in taken else None,
            "of_puts": taken[PUTS] / seconds if PUTS in taken else None,
            "aim": AIMS.get(name) if RAW in taken else None,
            "peak_mb": peaks.get(name),
        }
        for name, seconds in sorted(taken.items(), key=lambda each: each[1])
    ]


def puts(quantity: int) -> int:
    """Return how many of QUANTITY numbers are PUT."""
    return max(1, quantity // PUT_SHARE)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is needed to generate numbers in each way; `taken` empties the queue and counts what was in it."""

    couch: Couch
    account: str
    taken: Callable[[], int]
    environment: dict[str, str]
    amqp: str

    def contestants(self, quantity: int) -> dict[str, Callable[[], Sample]]:
        """Return the ways to generate QUANTITY numbers."""
        return {
            RAW: lambda: self.raw("bulk", quantity),
            SILENT: lambda: self.sup(quantity, "--no-events"),
            EVENTS: lambda: self.sup(quantity),
            PUTS: lambda: self.raw("put", puts(quantity)),
        }

    def sup(self, quantity: int, *options: str) -> Sample:
        """Measure `sup`, and see that the broker has got an event for each number, or none."""
        sample = self.added(quantity, [SUP, *options, *self.words(FIRST, quantity)])
        events, expected = self.taken(), 0 if options else quantity
        if events != expected:
            raise SystemExit(f"{events} events arrived instead of {expected}")
        return sample

    def raw(self, method: str, quantity: int) -> Sample:
        """Measure requests alone."""
        script = str(ROOT / "bench" / "raw_couchdb.py")
        return self.added(quantity, [PYTHON, script, method, plain(MANAGED), self.account, str(FIRST), str(quantity)])

    def added(self, quantity: int, command: list[str]) -> Sample:
        """Run COMMAND on a database that `sup` has just made, with its views, and see that it adds QUANTITY numbers."""
        self.couch.delete(MANAGED)
        harness.process([SUP, "--no-events", *self.words(FIRST - 1, 1)], self.environment)
        before = self.couch.count(MANAGED)
        sample = harness.process(command, {**self.environment, "SUP_AMQP_URL": self.amqp})
        added = self.couch.count(MANAGED) - before
        if added != quantity:
            raise SystemExit(f"{added} documents were added instead of {quantity}")
        return sample

    def words(self, first: int, quantity: int) -> list[str]:
        """Return the words that follow `sup` and its options."""
        command = f"kazoo_number_manager_maintenance generate_numbers managed {self.account} {first} {quantity}"
        return command.split()


class Couch:
    """The server that numbers are generated on; databases are named in Kazoo's way, escaped."""

    def __init__(self, url: str) -> None:
        """Take an address that may hold credentials."""
        parts = urlsplit(url.rstrip("/"))
        self._url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self._http = requests.Session()
        self._http.trust_env = False
        if parts.username:
            self._http.auth = (unquote(parts.username), unquote(parts.password or ""))

    def version(self) -> str:
        """Return what the server calls itself."""
        return f"CouchDB {self._ask('GET', '')['version']}"

    @contextmanager
    def account(self) -> Iterator[str]:
        """Make an account that nobody has, and delete it and the pool of numbers afterwards."""
        if "error" not in self._ask("GET", MANAGED):
            raise SystemExit(f"there is a database {plain(MANAGED)} already; nothing was done")
        account = uuid.uuid4().hex
        database = account_database(account)
        try:
            self._ask("PUT", database)
            self._ask("PUT", f"{database}/{account}", {"name": "benchmark", "pvt_type": "account"})
            yield account
        finally:
            self.delete(MANAGED)
            self.delete(database)

    def delete(self, database: str) -> None:
        """Delete a database, if it is there."""
        self._ask("DELETE", database)

    def count(self, database: str) -> int:
        """Return how many documents there are."""
        return int(self._ask("GET", database)["doc_count"])

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        response = self._http.request(method, f"{self._url}/{path}", json=body, timeout=60)
        if response.status_code >= 400 and response.status_code != 404:
            raise SystemExit(f"{method} {path}: CouchDB answered {response.status_code}: {response.text.strip()}")
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def queue(amqp: str) -> Iterator[Callable[[], int]]:
    """Bind a queue to all change events; give a function that empties it and tells how many there were."""
    parameters = pika.URLParameters(amqp)
    parameters.heartbeat = 0
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.exchange_declare("configuration", "topic")
        name = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(name, "configuration", "#")
        yield lambda: int(channel.queue_purge(name).method.message_count)


if __name__ == "__main__":
    main()
