"""Who uses numbers: the applications of an account, and the carrier modules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts, ends_all
from kazoo_sup.kazoo.documents import shapes
from kazoo_sup.kazoo.numbers.repair_events import AccountUsageBegun, SharedFound, UsageAsked, UsageUnread

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from kazoo_sup.kazoo.databases.walk import Databases
    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.zone import Zone

CALLFLOW = "callflow"
TRUNKSTORE = "trunkstore"
BOTH = "calltrunkflow"
"""What Kazoo says of a number that is in a callflow and in a trunk; which of them it is for nobody can tell."""

_VIEWS = {CALLFLOW: ("callflows", "listing_by_number"), TRUNKSTORE: (TRUNKSTORE, "lookup_did")}
_PHASH_BYTE, _PHASH_SIZE = 268_440_163, 268_436_141
_BUCKETS = 16
_NULL_BUCKET = 13


def numbers_of(zone: Zone, database: str, application: str, numbers: Sequence[str]) -> set[str]:
    """Return those of NUMBERS that an application of the account with this database uses.

    Raises NotFound when there is no such database, or nobody has registered the view.
    """
    return {row["key"] for row in views.rows(zone, database, *_VIEWS[application], keys=numbers)}


def application_of(number: str, callflow: set[str], trunkstore: set[str]) -> str | None:
    """Return the application that uses a number: callflow, trunkstore, both as one word, or none."""
    if number in callflow:
        return BOTH if number in trunkstore else CALLFLOW
    return TRUNKSTORE if number in trunkstore else None


def applications(
    zone: Zone, database: str, numbers: Sequence[str]
) -> Generator[Event, None, dict[str, str | None] | None]:
    """Return the application of each number that the account with this database uses; None where it cannot be read.

    Source: Kazoo kazoo_number_manager_maintenance:get_account_dids_apps/2.
    """
    yield AccountUsageBegun(database, len(numbers))
    used: dict[str, set[str]] = {}
    for application in (CALLFLOW, TRUNKSTORE):
        yield UsageAsked(database, application)
        try:
            used[application] = numbers_of(zone, database, application, numbers)
        except SupError as error:
            if ends_all(error):
                raise
            yield UsageUnread(database, application, "not_found" if isinstance(error, NotFound) else str(error))
            return None
    found = {number: application_of(number, used[CALLFLOW], used[TRUNKSTORE]) for number in numbers}
    shared = sorted(number for number, application in found.items() if application == BOTH)
    if shared:
        yield SharedFound(shared)
    return found


def application(zone: Zone, number: str, database: str) -> tuple[dict[str, bool | None], str | None]:
    """Return which applications of the account with this database have a number, and the one that counts, or None.

    None stands for an application that cannot be asked. A callflow counts before a trunk. Source: Kazoo
    kazoo_number_manager_maintenance:app_using/2.
    """
    having: dict[str, bool | None] = {}
    for each in (CALLFLOW, TRUNKSTORE):
        try:
            having[each] = number in numbers_of(zone, database, each, [number])
        except NotFound:
            having[each] = None
    return having, next((each for each, has_it in having.items() if has_it), None)


@dataclass(frozen=True, slots=True)
class CarrierModules:
    """How many numbers each carrier module has in each number database; None is that of documents without one.

    A database that could not be asked has none, and is in the report.
    """

    by_database: Mapping[str, Mapping[str | None, int]]
    report: BulkReport

    @property
    def totals(self) -> Mapping[str | None, int]:
        """How many each has in all of them."""
        return sum(map(Counter, self.by_database.values()), Counter[str | None]())


def carrier_modules(zone: Zone, databases: Databases) -> CarrierModules:
    """Count the numbers of each carrier module, in each number database.

    Source: Kazoo kazoo_number_manager_maintenance:carrier_module_usage/2.
    """
    found: dict[str, dict[str | None, int]] = {}
    parts = Parts(zone)
    for database in databases.names():
        found[database] = {}
        with parts.part(database):
            for row in list(views.rows(zone, database, "numbers", "module_name", group=True)):
                # Whatever else a document holds in place of a module's name is counted as it is written.
                module = row["key"] if isinstance(row["key"], str | None) else terms.json_encode(row["key"])
                found[database][module] = views.value_of(row, shapes.INTEGER)
    return CarrierModules(found, parts.report)


def in_dict_order(keys: Mapping[str | None, int] | Iterable[str | None]) -> list[str | None]:
    """Return text keys (None is JSON's null) in the order in which Erlang's dict holds up to 80 of them.

    Source: Erlang/OTP dict:get_slot/2 on erlang:phash/2 with 16 buckets, each in the order of entry.
    """
    return sorted(keys, key=_bucket)


def _bucket(key: str | None) -> int:
    if key is None:
        return _NULL_BUCKET
    hashed = 0
    text = key.encode()
    for byte in text:
        hashed = (hashed * _PHASH_BYTE + byte) % 2**32
    return 1 + (hashed * _PHASH_SIZE + len(text)) % 2**32 % _BUCKETS
