"""Correcting which application a number's document says it is used by (`pvt_used_by`).

An account's callflows and trunks decide. Where both have a number, or the account's views cannot be read, the document
stays as it is; Kazoo's fix_numbers_apps_* store a made-up application for the one, and all of its repairs forget the
application for the other.

Source: Kazoo kazoo_number_manager_maintenance:fix_apps_*, fix_numbers_apps_*.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.changes import Change
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.walk import Databases, listed
from kazoo_sup.kazoo.numbers import number_databases
from kazoo_sup.kazoo.numbers.copies import NOWHERE, by_account, by_database, database_of
from kazoo_sup.kazoo.numbers.repair import Repair, Unmended
from kazoo_sup.kazoo.numbers.repair_events import (
    AccountBegun,
    ApplicationsBegun,
    DatabaseSaved,
    DocumentsCompared,
    Grouped,
    NothingToSave,
    Saved,
    SavingBegun,
    UsageChecked,
    WrongFound,
)
from kazoo_sup.kazoo.numbers.usage import BOTH, applications

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from typing import Unpack

    from kazoo_sup.kazoo.accounts import NamedAccount
    from kazoo_sup.results import Event
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Fields, ViewRow

USED_BY = "pvt_used_by"
_ASSIGNED_AND_APPLICATION = ("numbers", "list_assigned_and_app")


def in_accounts(repair: Repair, accounts: Databases) -> Iterator[Event]:
    """Correct the numbers in the accounts with these databases."""
    yield ApplicationsBegun("account", accounts.total())

    def step(account: str) -> Iterator[Event]:
        def fix(page: list[ViewRow]) -> Iterator[Event]:
            yield UsageChecked(len(page))
            yield from _fixed(repair, account, {account: {row["id"]: row["key"] for row in page}})

        return repair.pages(account, ("numbers", "list_by_app"), fix)

    yield from repair.over(accounts, step)


def in_number_databases(repair: Repair, databases: Databases) -> Iterator[Event]:
    """Correct the assigned numbers in these number databases."""
    yield ApplicationsBegun("number", databases.total())
    yield from repair.over(databases, partial(_in_number_database, repair))


def of_accounts(repair: Repair, accounts: Sequence[str]) -> Iterator[Event]:
    """Correct the numbers of these accounts (ids) in every number database."""
    databases, total = number_databases.every(repair.zone), len(accounts)
    yield ApplicationsBegun("number", databases.count(), accounts=total)

    def step(database: str) -> Iterator[Event]:
        for left, account in zip(range(total, 0, -1), accounts, strict=True):
            yield AccountBegun(account, left, total)
            yield from _in_number_database(repair, database, start=[account], end=[account, {}])

    yield from repair.over(databases, step)


def some_in_account(repair: Repair, account: NamedAccount, numbers: Sequence[str]) -> Iterator[Event]:
    """Correct NUMBERS in an account's database. Kazoo looks for that by the account's bare id, which is never there."""
    yield ApplicationsBegun("account", None, len(numbers))

    def step(database: str) -> Iterator[Event]:
        found = yield from repair.open(database, numbers)
        yield from _corrected(repair, database, {database: found} if found else {}, len(found))

    yield from repair.over(listed([account.database]), step)


def some_in_number_databases(repair: Repair, numbers: Sequence[str]) -> Iterator[Event]:
    """Correct NUMBERS in their number databases."""
    databases = by_database(numbers)
    yield ApplicationsBegun("number", len(databases), len(numbers))

    def step(database: str) -> Iterator[Event]:
        found = yield from repair.open(database, databases[database])
        yield Grouped("account", len(found))
        groups: dict[str, list[Document]] = {}
        for document in found:
            groups.setdefault(database_of(document.get("pvt_assigned_to")), []).append(document)
        yield from _corrected(repair, database, groups, len(groups))

    yield from repair.over(listed(list(databases)), step)


def _in_number_database(repair: Repair, database: str, **query: Unpack[ViewQuery]) -> Iterator[Event]:
    def fix(page: list[ViewRow]) -> Iterator[Event]:
        yield Grouped("account", len(page))
        said = {row["id"]: views.key_of(row, 2)[1] for row in page}
        groups = by_account({row["id"]: views.key_of(row, 2)[0] for row in page})
        yield UsageChecked(len(groups))
        yield from _fixed(repair, database, {name: {each: said[each] for each in groups[name]} for name in groups})

    return repair.pages(database, _ASSIGNED_AND_APPLICATION, fix, **query)


def _fixed(repair: Repair, database: str, groups: Mapping[str, Fields]) -> Iterator[Event]:
    """Correct those of one page's numbers whose application, as the view shows it by account, is not the right one."""
    right: dict[str, str | None] = {}
    wrong: list[str] = []
    for account in sorted(groups):
        said = groups[account]
        found = yield from _asked(repair, account, list(said))
        wrong += sorted(each for each, application in found.items() if application not in (BOTH, said[each]))
        right |= found
    documents = yield from repair.open(database, wrong)
    yield WrongFound(len(documents))
    yield from _saved(repair, database, [_change(database, each, right[each["_id"]]) for each in documents])


def _corrected(
    repair: Repair, database: str, groups: Mapping[str, Sequence[Document]], counted: int
) -> Iterator[Event]:
    """Correct documents, grouped by account; those without an application are announced as edited in any case."""
    yield DocumentsCompared(counted) if groups else WrongFound(0)
    edits: list[Change] = []
    for account in sorted(groups):
        documents = groups[account]
        found: dict[str, str | None] = {each["_id"]: None for each in documents}
        if account != NOWHERE:
            found = yield from _asked(repair, account, list(found))
        for each in documents:
            application = found.get(each["_id"], BOTH)
            if application != BOTH and (application is None or application != each.get(USED_BY)):
                edits.append(_change(database, each, application))
    yield from _saved(repair, database, edits)


def _asked(repair: Repair, account: str, numbers: Sequence[str]) -> Generator[Event, None, dict[str, str | None]]:
    """Ask an account's views; where they cannot be read its numbers are noted as failed."""
    found = yield from applications(repair.zone, account, numbers)
    if numbers and not found:
        reason = "its callflows and trunks cannot be read, so its numbers stay as they are"
        repair.fail(Unmended(database=account, id=f"{len(numbers)} numbers", reason=reason), account)
    return found or {}


def _saved(repair: Repair, database: str, edits: Sequence[Change]) -> Iterator[Event]:
    if not edits:
        yield NothingToSave()
        return
    yield SavingBegun(1, in_place=True)
    saving = DatabaseSaved(database, 1, 1, len(edits))
    yield saving
    refused = repair.save(edits)
    repair.summary.touch(database)
    yield Saved(saving, failed=sum(map(len, refused.values())))


def _change(database: str, document: Document, application: str | None) -> Change:
    """Return the change that makes a document say which application uses its number."""

    def again(stored: Document | None) -> Document:
        if stored is None:
            raise Unmended(database=database, id=document["_id"], reason="it was deleted meanwhile")
        return using(stored, application)

    changed = using(document, application)
    return Change(database, changed, document, again, ("edited",) if changed is document else ())


def using(document: Document, application: str | None) -> Document:
    """Return a number's document with its application, or the very document when that is what it says."""
    if application is None:
        return {key: value for key, value in document.items() if key != USED_BY} if USED_BY in document else document
    return document if document.get(USED_BY) == application else {**document, USED_BY: application}
