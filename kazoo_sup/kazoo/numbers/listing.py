"""Stored numbers as listings: some by name, or all by prefix, state, account or carrier module, a page at a time.

A database that cannot be read is left out, as in Kazoo's tasks, but said to be missing.

Source: Kazoo kt_numbers (list, list_all, find, dump, dump_<state>).
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.changes import Report
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.accounts import DATABASE as ACCOUNTS
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts, ends_all
from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, shapes
from kazoo_sup.kazoo.numbers import columns, phone_number, planning
from kazoo_sup.kazoo.numbers.lifecycle import NoSuchNumber, Setting
from kazoo_sup.kazoo.numbers.planning import NotANumber
from kazoo_sup.kazoo.numbers.store import InLine
from kazoo_sup.messages.names import INUM, MANAGED, encoded, number_database, plain
from kazoo_sup.results import BulkReport, PartlyDone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.targets import Target
    from kazoo_sup.types import Document, Row, ViewRow
    from kazoo_sup.zone import Zone

Item = TypeVar("Item")


class NumbersMissing(SupError):
    """{what} is missing from this list: {reason}"""

    exit_code = ExitCode.PARTIAL

    what: str
    reason: str


class NamesMissing(SupError):
    """names of accounts are missing from this list: {reason}"""

    exit_code = ExitCode.PARTIAL

    reason: str


PAGE = 1000
_PREFIX_LENGTH = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which numbers to list; None and "" leave each open. `account` is an id."""

    prefix: str = ""
    state: str | None = None
    account: str | None = None
    module_name: str | None = None

    def admits(self, number: PhoneNumber) -> bool:
        """Return whether the number is one of them."""
        return (
            number.number.startswith(self.prefix)
            and self.state in (None, number.state)
            and self.account in (None, number.assigned_to)
            and self.module_name in (None, number.module_name)
        )


def databases(zone: Zone, prefix: str = "") -> Iterator[str]:
    """Yield the (encoded) databases in which numbers that begin with PREFIX are, the pools left out, sorted."""
    start = f"numbers/{prefix[:_PREFIX_LENGTH]}"
    names = map(encoded, zone.couchdb.databases(start=start, end=start + LAST))
    return (name for name in names if name not in (MANAGED, INUM))


def dump(zone: Zone, wanted: Wanted, setting: Setting) -> Iterator[Row | SupError]:
    """Yield the numbers that are wanted with the columns of Kazoo's tasks (`columns.LISTED`), and what this list lacks.

    Raises as `Parts.end` does where no database could be read.
    """
    names = _AccountNames(zone)
    for page in _pages(_stored(zone, wanted, setting)):
        numbers = [each for each in page if not isinstance(each, SupError)]
        yield from (each for each in page if isinstance(each, SupError))
        yield from names.learn(number.assigned_to for number in numbers)
        for number in numbers:
            yield columns.row(number, names.of(number.assigned_to))


def shown(zone: Zone, targets: Iterable[Target], setting: Setting) -> Iterator[Row | SupError | BulkReport]:
    """Yield the targets' numbers with what may be switched on for them, what this list lacks, and reports of both."""
    names = _AccountNames(zone)
    for number in _found(zone, targets, setting):
        if isinstance(number, BulkReport):
            yield number
            continue
        yield from names.learn([number.assigned_to])
        yield {
            "number": number.number,
            "state": number.state,
            "account_id": number.assigned_to,
            "account_name": names.of(number.assigned_to),
            "used_by": number.used_by,
            "carrier_module": number.module_name,
            "features": " ".join(sorted(number.features or {})),
            "available": " ".join(setting.rules_of(number).available(number)),
        }


def history(zone: Zone, targets: Iterable[Target], setting: Setting) -> Iterator[Row | SupError | BulkReport]:
    """Yield what the numbers' documents tell of their past, the oldest first, what this list lacks, and reports.

    `since` is known only of what a document keeps the time of. A number's history of reservations begins with the
    account that reserved it first.
    """
    names = _AccountNames(zone)
    for number in _found(zone, targets, setting):
        if isinstance(number, BulkReport):
            yield number
            continue
        past: list[tuple[str, str | None, int | None]] = [("created", None, number.stored_created)]
        past += [("reserved for", account, None) for account in reversed(number.reserve_history)]
        if number.previously_assigned_to:
            past.append(("assigned before to", number.previously_assigned_to, None))
        if number.ported_in:
            past.append(("ported in", None, None))
        past.append((number.state, number.assigned_to, number.stored_modified))
        yield from names.learn(account for _what, account, _time in past)
        for what, account, time in past:
            yield {
                "number": number.number,
                "what": what,
                "account_id": account,
                "account_name": names.of(account),
                "since": time and datetime.fromtimestamp(time - GREGORIAN_EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }


def _stored(zone: Zone, wanted: Wanted, setting: Setting) -> Iterator[PhoneNumber | SupError]:
    found = 0
    missing: list[SupError] = []

    def left_out(database: str, error: SupError) -> None:
        what = f"what comes after {found} numbers of {plain(database)}" if found else plain(database)
        missing.append(NumbersMissing(what=what, reason=str(error)))

    parts = Parts(zone, tell=left_out)
    for database in databases(zone, wanted.prefix):
        found = 0
        with parts.part(database):
            documents = (each for each in _documents(zone, database, wanted) if each.get("pvt_type") == "number")
            read = partial(phone_number.read, default_module=setting.policy.default_module)
            for number in shapes.of_each(zone, database, documents, read):
                if wanted.admits(number):
                    found += 1
                    yield number
        while missing:
            yield missing.pop()
    with suppress(PartlyDone):
        parts.end()


def _documents(zone: Zone, database: str, wanted: Wanted) -> Iterator[Document]:
    """Read as little of a number database as the wish allows."""
    start: list[object]
    end: list[object]
    if wanted.account:
        start, end = [wanted.account, wanted.prefix], [wanted.account, wanted.prefix + LAST]
        rows = views.rows(zone, database, "numbers", "assigned_to", start=start, end=end, include_docs=True)
    elif wanted.state:
        rows = _by_state(zone, database, wanted.state, wanted)
    elif wanted.module_name:
        rows = _by_module(zone, database, wanted.module_name)
    else:
        yield from zone.couchdb.documents(
            plain(database), start=wanted.prefix or "+", end=(wanted.prefix or "+") + LAST
        )
        return
    yield from (row["doc"] for row in rows if row.get("doc"))


def _by_state(zone: Zone, database: str, state: str, wanted: Wanted) -> Iterator[ViewRow]:
    """Yield the rows of numbers in a state, and of those whose state is in an old field, unseen by the view."""
    ranges: list[tuple[Sequence[object], Sequence[object]]] = [([state], [state, {}]), ([None], [None, {}])]
    if wanted.module_name:
        keys = [[state, name] for name in _stored_names(wanted.module_name)]
        ranges = [([*key, wanted.prefix], [*key, wanted.prefix + LAST]) for key in keys] + ranges[1:]
    for start, end in ranges:
        yield from views.rows(zone, database, "numbers", "status", start=start, end=end, include_docs=True)


def _by_module(zone: Zone, database: str, module_name: str) -> Iterator[ViewRow]:
    keys = list(_stored_names(module_name))
    yield from views.rows(zone, database, "numbers", "module_name", keys=keys, reduce=False, include_docs=True)


def _stored_names(module_name: str) -> Iterator[str | None]:
    """Yield what numbers of a carrier module may be stored with; those that name none are of one that settings name."""
    yield from carriers.names_of_old(module_name)
    yield from (None, "", "undefined")


def _found(zone: Zone, targets: Iterable[Target], setting: Setting) -> Iterator[PhoneNumber | BulkReport]:
    """Yield the targets' numbers as they are stored, and how many there were; others are reported as failed."""
    for page in _pages(targets):
        counts = Counter[str]()
        failed: dict[str, SupError] = {}
        stored = planning.read(zone, [target.number for target in page if not target.wrong], failed)
        for target in page:
            try:
                number = _read(target, stored.get(target.number), failed, setting)
            except SupError as reason:
                error = reason if target.line is None else InLine(line=target.line, reason=str(reason))
                counts["failed"] += 1
                database = number_database(target.number) or "numbers"
                zone.run.report(Report(database, target.number, "failed", error=error))
            else:
                counts["shown"] += 1
                yield number
        yield BulkReport(counts)


def _read(target: Target, document: Document | None, failed: Mapping[str, SupError], setting: Setting) -> PhoneNumber:
    if target.wrong:
        raise NotANumber(reason=target.wrong)
    if document is None:
        raise failed.get(target.number, NoSuchNumber(number=target.number))
    return phone_number.read(document, setting.policy.default_module)


def _pages(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    upcoming = iter(items)
    while page := list(islice(upcoming, PAGE)):
        yield page


class _AccountNames:
    """The names of accounts, looked up as they are needed and forgotten when they are many."""

    _MANY = 50_000

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._told = False
        self._names: dict[str, str | None] = {}

    def learn(self, accounts: Iterable[str | None]) -> Iterator[NamesMissing]:
        """Look up what is not known yet, in one request; yield the first error that keeps names from being known."""
        missing = {account for account in accounts if account and account not in self._names}
        if not missing:
            return
        if len(self._names) > self._MANY:
            self._names.clear()
        found: dict[str, Document] = {}
        try:
            found = self._zone.couchdb.get_many(ACCOUNTS, sorted(missing))
        except SupError as error:
            if ends_all(error):
                raise
            if not self._told:
                yield NamesMissing(reason=str(error))
            self._told = True
        self._names |= {account: (found.get(account) or {}).get("name") for account in missing}

    def of(self, account: str | None) -> str | None:
        """Return an account's name, None when it has none."""
        return self._names.get(account) if account else None
