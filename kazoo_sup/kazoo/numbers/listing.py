"""Stored numbers as listings: some by name, or all by prefix, state, account or carrier module, a page at a time.

Source: Kazoo kt_numbers (list, list_all, find, dump, dump_<state>), which leave a database out that cannot be read;
here that ends the listing with the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup.changes import Report
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.accounts import DATABASE as ACCOUNTS
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, Document
from kazoo_sup.kazoo.numbers import columns, phone_number, store
from kazoo_sup.kazoo.numbers.lifecycle import NoSuchNumber, Setting
from kazoo_sup.kazoo.numbers.places import LAST
from kazoo_sup.kazoo.numbers.store import InLine, NotANumber
from kazoo_sup.names import INUM, MANAGED, encoded, number_database, plain

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.targets import Target
    from kazoo_sup.zone import Zone

Row = dict[str, Any]

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
        """Tell whether the number is one of them."""
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


def dump(zone: Zone, wanted: Wanted, setting: Setting) -> Iterator[Row]:
    """Yield the numbers that are wanted with the columns of Kazoo's tasks (`columns.LISTED`)."""
    names = _AccountNames(zone)
    for page in _pages(_stored(zone, wanted, setting)):
        names.learn(number.assigned_to for number in page)
        for number in page:
            yield columns.row(number, names.of(number.assigned_to))


def shown(zone: Zone, targets: Iterable[Target], setting: Setting, counts: Counter[str]) -> Iterator[Row]:
    """Yield the targets' numbers with what may be switched on for them; COUNTS takes in how many, and what failed."""
    names = _AccountNames(zone)
    for number in _found(zone, targets, setting, counts):
        names.learn([number.assigned_to])
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


def history(zone: Zone, targets: Iterable[Target], setting: Setting, counts: Counter[str]) -> Iterator[Row]:
    """Yield what the numbers' documents tell of their past, the oldest first.

    `since` is known only of what a document keeps the time of. A number's history of reservations begins with the
    account that reserved it first.
    """
    names = _AccountNames(zone)
    for number in _found(zone, targets, setting, counts):
        past: list[tuple[str, str | None, int | None]] = [("created", None, number.created)]
        past += [("reserved for", account, None) for account in reversed(number.reserve_history)]
        if number.previously_assigned_to:
            past.append(("assigned before to", number.previously_assigned_to, None))
        if number.ported_in:
            past.append(("ported in", None, None))
        past.append((number.state, number.assigned_to, number.modified))
        names.learn(account for _what, account, _time in past)
        for what, account, time in past:
            yield {
                "number": number.number,
                "what": what,
                "account_id": account,
                "account_name": names.of(account),
                "since": time and datetime.fromtimestamp(time - GREGORIAN_EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }


def _stored(zone: Zone, wanted: Wanted, setting: Setting) -> Iterator[PhoneNumber]:
    for database in databases(zone, wanted.prefix):
        for document in _documents(zone, database, wanted):
            if document.get("pvt_type") == "number":
                number = phone_number.read(document, setting.policy.default_module)
                if wanted.admits(number):
                    yield number


def _documents(zone: Zone, database: str, wanted: Wanted) -> Iterator[Document]:
    """Read as little of a number database as the wish allows."""
    start: list[Any]
    end: list[Any]
    if wanted.account:
        start, end = [wanted.account, wanted.prefix], [wanted.account, wanted.prefix + LAST]
        rows = views.rows(zone, database, "numbers", "assigned_to", start=start, end=end, include_docs=True)
    elif wanted.state:
        start, end = [wanted.state], [wanted.state, {}]
        if wanted.module_name:
            start = [wanted.state, wanted.module_name, wanted.prefix]
            end = [wanted.state, wanted.module_name, wanted.prefix + LAST]
        rows = views.rows(zone, database, "numbers", "status", start=start, end=end, include_docs=True)
    elif wanted.module_name:
        rows = views.rows(
            zone, database, "numbers", "module_name", key=wanted.module_name, reduce=False, include_docs=True
        )
    else:
        yield from zone.couchdb.documents(
            plain(database), start=wanted.prefix or "+", end=(wanted.prefix or "+") + LAST
        )
        return
    yield from (row["doc"] for row in rows if row.get("doc"))


def _found(zone: Zone, targets: Iterable[Target], setting: Setting, counts: Counter[str]) -> Iterator[PhoneNumber]:
    """Yield the targets' numbers as they are stored; those that are not there are told as failed."""
    for page in _pages(targets):
        stored = store.read(zone, [target.number for target in page if not target.wrong])
        for target in page:
            document = stored.get(target.number)
            if target.wrong or document is None:
                error: SupError = (
                    NotANumber(reason=target.wrong) if target.wrong else NoSuchNumber(number=target.number)
                )
                if target.line is not None:
                    error = InLine(line=target.line, reason=str(error))
                counts["failed"] += 1
                database = number_database(target.number) or "numbers"
                zone.run.report(Report(database, target.number, "failed", error=error))
            else:
                counts["shown"] += 1
                yield phone_number.read(document, setting.policy.default_module)


def _pages(items: Iterable[Any]) -> Iterator[Sequence[Any]]:
    upcoming = iter(items)
    while page := list(islice(upcoming, PAGE)):
        yield page


class _AccountNames:
    """The names of accounts, looked up as they are needed and forgotten when they are many."""

    _MANY = 50_000

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._names: dict[str, str | None] = {}

    def learn(self, accounts: Iterable[str | None]) -> None:
        """Look up what is not known yet, in one request."""
        missing = {account for account in accounts if account and account not in self._names}
        if not missing:
            return
        if len(self._names) > self._MANY:
            self._names.clear()
        found = self._zone.couchdb.get_many(ACCOUNTS, sorted(missing))
        self._names |= {account: (found.get(account) or {}).get("name") for account in missing}

    def of(self, account: str | None) -> str | None:
        """Return an account's name, None when it has none."""
        return self._names.get(account) if account else None
