"""Removing from accounts the numbers that are assigned to another account.

Source: Kazoo kazoo_number_manager_maintenance:remove_wrong_assigned_from_*, which counts every number it looks at as
wrong, passes over some after each page of removals, removes also what is nowhere else, and does not see what only the
number database knows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.changes import Change
from kazoo_sup.kazoo.databases.failures import check_reachable
from kazoo_sup.kazoo.numbers.copies import ASSIGNED, by_database
from kazoo_sup.kazoo.numbers.repair import Repair, Unmended
from kazoo_sup.kazoo.numbers.repair_events import RemovalBegun, WrongLookedFor
from kazoo_sup.messages.names import account_id, number_database, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.databases.walk import Databases
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document, ViewRow


def remove_wrong(repair: Repair, accounts: Databases) -> Iterator[Event]:
    """Remove from the accounts with these databases the copies of numbers that are assigned elsewhere.

    A copy is kept, and reported, when the number is in no number database, for it may be the last one, and when the
    account says that the number is its own while the number database says otherwise, for either may be right.
    """
    yield RemovalBegun(accounts.total())

    def step(database: str) -> Iterator[Event]:
        remove = partial(_removed, repair, database)
        return repair.pages(database, ASSIGNED, remove, include_docs=True)

    yield from repair.over(accounts, step)


def _removed(repair: Repair, database: str, page: list[ViewRow]) -> Iterator[Event]:
    yield WrongLookedFor(len(page))
    account = account_id(database)
    said = {row["id"]: row["doc"] for row in page if row.get("doc")}
    owners, failed = _owners(repair, list(said))
    wrong = []
    for number, document in said.items():
        own = document.get("pvt_assigned_to") == account
        unread = failed.get(plain(number_database(number) or ""))
        if unread is not None:
            reason = f"its number database cannot be read: {unread}"
        elif number not in owners:
            reason = "its number database does not have it; copy_accounts_to_number_dbs restores it there"
        elif own and owners[number] != account:
            reason = f"its number database says that it is assigned to {owners[number] or 'nobody'}"
        else:
            wrong += [] if own else [document]
            continue
        repair.fail(Unmended(database=database, id=number, reason=reason), database, number)
    again = partial(_unless_right, account)
    repair.save(Change(database, None, document, again) for document in wrong)


def _owners(repair: Repair, numbers: list[str]) -> tuple[Document, dict[str, SupError]]:
    """Return the accounts to which the number databases say that NUMBERS are assigned, for those that they have.

    Beside them are the errors of the databases (plain names) that cannot be read.
    """
    failed: dict[str, SupError] = {}
    wanted = {plain(database): ids for database, ids in by_database(numbers).items()}
    found: Document = {}
    for originals in repair.zone.couchdb.get_from_many(wanted, failed).values():
        found |= {number: original.get("pvt_assigned_to") for number, original in originals.items()}
    check_reachable(failed)
    return found, failed


def _unless_right(account: str | None, stored: Document | None) -> Document:
    """Remove what is stored now, unless somebody has assigned it to this account meanwhile."""
    if stored is None or stored.get("pvt_assigned_to") == account:
        return stored or {}
    return {**stored, "_deleted": True}
