"""Removing from accounts the numbers that are assigned to another account.

Source: Kazoo kazoo_number_manager_maintenance:remove_wrong_assigned_from_*, which counts every number it looks at as
wrong, passes over some after each page of removals, and removes also what is nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup.changes import Change, Document
from kazoo_sup.kazoo.numbers.copies import ASSIGNED, by_database
from kazoo_sup.kazoo.numbers.repair import Repair, Row, Unmended
from kazoo_sup.names import account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.places import Databases


def remove_wrong(repair: Repair, accounts: Databases, given: int | None = None) -> Iterator[str]:
    """Remove from the accounts with these databases the copies of numbers that are assigned elsewhere.

    A copy is kept, and reported, when the number is in no number database: it may be the last one.
    """
    count = accounts.count() if given is None else given
    yield f"::: start removing wrong assigned numbers from {count} account dbs"

    def step(database: str) -> Iterator[str]:
        remove = partial(_removed, repair, database)
        return repair.pages(database, ASSIGNED, remove, include_docs=True)

    yield from repair.over(accounts, step, given)


def _removed(repair: Repair, database: str, page: list[Row]) -> Iterator[str]:
    yield f"     {len(page)} wrong assignments to remove"
    account = account_id(database)
    wrong = {row["id"]: row["doc"] for row in page if row["key"] != account and row.get("doc")}
    kept = set(wrong) - _elsewhere(repair, list(wrong))
    for number in sorted(kept):
        reason = "it is assigned to another account, and kept because its number database has it not"
        repair.fail(Unmended(database=database, id=number, reason=reason), database, number)
    removable = (document for number, document in wrong.items() if number not in kept)
    repair.save(Change(database, None, document, partial(_unless_right, account)) for document in removable)


def _elsewhere(repair: Repair, numbers: list[str]) -> set[str]:
    found: set[str] = set()
    for database, ids in by_database(numbers).items():
        found |= set(repair.zone.couchdb.get_many(plain(database), ids))
    return found


def _unless_right(account: str | None, stored: Document | None) -> dict[str, Any]:
    """Remove what is stored now, unless somebody has assigned it to this account meanwhile."""
    if stored is None or stored.get("pvt_assigned_to") == account:
        return stored or {}
    return {**stored, "_deleted": True}
