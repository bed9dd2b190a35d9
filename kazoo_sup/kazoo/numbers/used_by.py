"""Correcting which application a number's document says it is used by (`pvt_used_by`).

An account's callflows and trunks decide. Where both have a number, or the account's views cannot be read, the document
stays as it is; Kazoo's fix_numbers_apps_* store a made-up application for the one, and all of its repairs forget the
application for the other.

Source: Kazoo kazoo_number_manager_maintenance:fix_apps_*, fix_numbers_apps_*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kazoo_sup.changes import Change, Document
from kazoo_sup.kazoo.numbers.copies import NOWHERE, by_account, by_database, database_of
from kazoo_sup.kazoo.numbers.places import Databases, NamedAccount, listed, number_databases
from kazoo_sup.kazoo.numbers.repair import Repair, Row, Unmended
from kazoo_sup.kazoo.numbers.usage import BOTH, applications

USED_BY = "pvt_used_by"
_ASSIGNED_AND_APPLICATION = ("numbers", "list_assigned_and_app")


def in_accounts(repair: Repair, accounts: Databases, given: int | None = None) -> Iterator[str]:
    """Correct the numbers in the accounts with these databases."""
    count = accounts.count() if given is None else given
    yield f"::: start fixing numbers doc used_by field for {count} account dbs"

    def step(account: str) -> Iterator[str]:
        def fix(page: list[Row]) -> Iterator[str]:
            yield f"     check apps usage for {len(page)} numbers"
            yield from _fixed(repair, account, {account: {row["id"]: row["key"] for row in page}})

        return repair.pages(account, ("numbers", "list_by_app"), fix)

    yield from repair.over(accounts, step, given)


def in_number_databases(repair: Repair, databases: Databases, given: int | None = None) -> Iterator[str]:
    """Correct the assigned numbers in these number databases."""
    count = databases.count() if given is None else given
    yield f"::: start fixing numbers doc used_by field for {count} number dbs"
    yield from repair.over(databases, partial(_in_number_database, repair), given)


def of_accounts(repair: Repair, accounts: Sequence[str]) -> Iterator[str]:
    """Correct the numbers of these accounts (ids) in every number database."""
    databases, total = number_databases(repair.zone), len(accounts)
    yield (f"::: start fixing numbers doc used_by field in {databases.count()} number dbs for {total} accounts")

    def step(database: str) -> Iterator[str]:
        for left, account in zip(range(total, 0, -1), accounts, strict=True):
            yield f"==> ({left}/{total}) fixing numbers app usage for account {account}"
            yield from _in_number_database(repair, database, start=[account], end=[account, {}])

    yield from repair.over(databases, step)


def some_in_account(repair: Repair, account: NamedAccount, numbers: Sequence[str]) -> Iterator[str]:
    """Correct NUMBERS in an account's database. Kazoo looks for that by the account's bare id, which is never there."""
    yield f"::: start fixing {len(numbers)} numbers doc used_by field in account db"

    def step(database: str) -> Iterator[str]:
        found: list[Document] = []
        yield from repair.opened(database, numbers, found)
        yield from _corrected(repair, database, {database: found} if found else {}, len(found))

    yield from repair.over(listed([account.database]), step)


def some_in_number_databases(repair: Repair, numbers: Sequence[str]) -> Iterator[str]:
    """Correct NUMBERS in their number databases."""
    databases = by_database(numbers)
    yield f"::: start fixing {len(numbers)} numbers doc used_by field in {len(databases)} number dbs"

    def step(database: str) -> Iterator[str]:
        found: list[Document] = []
        yield from repair.opened(database, databases[database], found)
        yield f"     grouping {len(found)} docs by assigned_to"
        groups: dict[str, list[Document]] = {}
        for document in found:
            groups.setdefault(database_of(document.get("pvt_assigned_to")), []).append(document)
        yield from _corrected(repair, database, groups, len(groups))

    yield from repair.over(listed(list(databases)), step)


def _in_number_database(repair: Repair, database: str, **query: Any) -> Iterator[str]:
    def fix(page: list[Row]) -> Iterator[str]:
        yield f"     grouping {len(page)} docs by assigned_to"
        said = {row["id"]: row["key"][1] for row in page}
        groups = by_account({row["id"]: row["key"][0] for row in page})
        yield f"     check apps usage for {len(groups)} numbers"
        yield from _fixed(repair, database, {name: {each: said[each] for each in groups[name]} for name in groups})

    return repair.pages(database, _ASSIGNED_AND_APPLICATION, fix, **query)


def _fixed(repair: Repair, database: str, groups: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Correct those of one page's numbers whose application, as the view shows it by account, is not the right one."""
    right: dict[str, str | None] = {}
    wrong: list[str] = []
    for account in sorted(groups):
        said, found = groups[account], dict[str, str | None]()
        yield from _asked(repair, account, list(said), found)
        wrong += sorted(each for each, application in found.items() if application not in (BOTH, said[each]))
        right |= found
    documents: list[Document] = []
    yield from repair.opened(database, wrong, documents)
    if documents:
        yield f"     applying app usage fixes on {len(documents)} numbers"
    else:
        yield "     no numbers to fix apps usage"
    yield from _saved(repair, database, [_change(database, each, right[each["_id"]]) for each in documents])


def _corrected(repair: Repair, database: str, groups: Mapping[str, Sequence[Document]], counted: int) -> Iterator[str]:
    """Correct documents, grouped by account; those without an application are announced as edited in any case."""
    if not groups:
        yield "     no numbers to fix apps usage"
    else:
        yield f"     fix apps usage for {counted} numbers"
    edits: list[Change] = []
    for account in sorted(groups):
        documents, found = groups[account], dict[str, str | None]()
        if account == NOWHERE:
            found |= {each["_id"]: None for each in documents}
        else:
            yield from _asked(repair, account, [each["_id"] for each in documents], found)
        for each in documents:
            application = found.get(each["_id"], BOTH)
            if application != BOTH and (application is None or application != each.get(USED_BY)):
                edits.append(_change(database, each, application))
    yield from _saved(repair, database, edits)


def _asked(repair: Repair, account: str, numbers: Sequence[str], found: dict[str, str | None]) -> Iterator[str]:
    """Ask an account's views; where they cannot be read its numbers are noted as failed."""
    yield from applications(repair.zone, account, numbers, found)
    if not found:
        reason = "its callflows and trunks cannot be read, so its numbers stay as they are"
        repair.fail(Unmended(database=account, id=f"{len(numbers)} numbers", reason=reason), account)


def _saved(repair: Repair, database: str, edits: Sequence[Change]) -> Iterator[str]:
    if not edits:
        yield "     nothing to save"
        return
    yield "     start saving to 1 db"
    yield f"       (1/1) saving {len(edits)} documents to {database} (try: 1)"
    refused = repair.save(edits)
    repair.summary.touch(database)
    if refused:
        yield f"         [failed: {sum(map(len, refused.values()))}]"


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
