"""Who uses numbers: the applications of an account, and the carrier modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import views

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.places import Databases
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


def applications(zone: Zone, database: str, numbers: Sequence[str], found: dict[str, str | None]) -> Iterator[str]:
    """Put into FOUND the application of each number that the account with this database uses.

    Yields what Kazoo says meanwhile. Where the account's views cannot be read FOUND stays empty. Source: Kazoo
    kazoo_number_manager_maintenance:get_account_dids_apps/2.
    """
    yield f"      getting app usage for {len(numbers)} numbers in account {database}"
    used: dict[str, set[str]] = {}
    for application in (CALLFLOW, TRUNKSTORE):
        yield f"         getting {application} numbers from {database}"
        try:
            used[application] = numbers_of(zone, database, application, numbers)
        except NotFound:
            yield f"         failed to get {application} numbers (not_found), skipping..."
            return
    found |= {number: application_of(number, used[CALLFLOW], used[TRUNKSTORE]) for number in numbers}
    shared = sorted(number for number, application in found.items() if application == BOTH)
    if shared:
        yield f"numbers used by both trunkstore and callflow: {', '.join(shared)}"


def application(zone: Zone, number: str, database: str) -> tuple[list[str], str | None]:
    """Return what Kazoo prints, and the application of the account with this database that uses a number, or None.

    A callflow counts before a trunk. Source: Kazoo kazoo_number_manager_maintenance:app_using/2.
    """
    lines: list[str] = []
    using: list[str] = []
    for each in (CALLFLOW, TRUNKSTORE):
        lines.append(f"         getting {each} numbers from {database}")
        try:
            using += [each] * len(numbers_of(zone, database, each, [number]))
        except NotFound:
            lines.append(f"failed to get {each} DIDs from {database}: not_found")
    return lines, using[0] if using else None


def carrier_modules(zone: Zone, databases: Databases) -> Iterator[str]:
    """Count the numbers of each carrier module, in each number database and in all.

    Source: Kazoo kazoo_number_manager_maintenance:carrier_module_usage/2.
    """
    totals: Counter[str | None] = Counter()
    for database in databases.names():
        yield f"{database}:"
        for row in views.rows(zone, database, "numbers", "module_name", group=True):
            yield _counted(row["key"], row["value"])
            totals[row["key"]] += row["value"]
    yield "Totals:"
    for module in in_dict_order(totals):
        yield _counted(module, totals[module])


def _counted(module: str | None, count: int) -> str:
    return f"    {'null' if module is None else module}: {count}"


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
