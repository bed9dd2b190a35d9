"""The tree of accounts: each keeps its ancestors in `pvt_tree`, the master first, its parent last.

Source: Kazoo crossbar_util:move_account/2, descendants_count/0,1. Better than there: an account is not moved below one
that does not exist; of those that move with it each gets the reseller nearest above it, where Kazoo gives all of them
the reseller of the new parent, also where that is a reseller itself or one of those that move is; and counting for all
also sets back accounts that have no descendants any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_updates, master_account
from kazoo_sup.kazoo.billing import services, services_documents
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import now, shapes
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.changes import Change, Tally
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

COUNT = "descendants_count"
BATCH = 500


class Unmovable(LookupError):
    """An account cannot be moved; the argument is Kazoo's word for why."""


def tree(document: Document) -> list[str]:
    """Return the ancestors that an account's definition names. Raises Misshapen where that is not a list of them."""
    return shapes.ancestors_of(document)


def descendants(zone: Zone, account: str) -> Iterator[str]:
    """Yield the ids of all accounts below ACCOUNT."""
    rows = views.rows(zone, accounts.DATABASE, "accounts", "listing_by_descendants", start=[account], end=[account, {}])
    for row in rows:
        yield str(row["id"])


def reseller_above(zone: Zone, ancestors: Sequence[str], known: dict[str, bool] | None = None) -> str:
    """Return the nearest reseller among ANCESTORS (the master first), else the master account.

    KNOWN keeps what was found out of accounts before. Raises NoMasterAccount. Source: Kazoo
    kz_services_reseller:find_id/1.
    """
    known = {} if known is None else known
    for ancestor in reversed(ancestors):
        if ancestor not in known:
            known[ancestor] = services.is_reseller(zone, ancestor)
        if known[ancestor]:
            return ancestor
    return master_account.require(zone)


# -- moving


def move(zone: Zone, account: str, parent: str) -> Tally:
    """Move ACCOUNT, with all that is below it, below PARENT; both are ids of accounts.

    Raises Unmovable: `not_found`, or `forbidden` where the new parent is below the account.
    """
    own = accounts.definition(zone, account)
    above = accounts.definition(zone, parent)
    if own is None or above is None:
        raise Unmovable("not_found")
    target = [*tree(above), parent]
    if account in target:
        raise Unmovable("forbidden")
    below = list(descendants(zone, account))
    known: dict[str, bool] = {}

    def moves() -> Iterator[Change]:
        yield from _moved(zone, own, target, known)
        for identifier in below:
            document = accounts.definition(zone, identifier)
            if document is not None:
                before = tree(document)
                kept = before[before.index(account) :] if account in before else []
                yield from _moved(zone, document, [*target, *kept], known)

    return changes.apply(zone, moves(), total=3 * (len(below) + 1), label="moving accounts")


def _moved(zone: Zone, own: Document, target: list[str], known: dict[str, bool]) -> Iterator[Change]:
    account = own["_id"]
    reseller = reseller_above(zone, target, known)
    values: Document = {"pvt_tree": target, "pvt_modified": now()}
    if "pvt_reseller_id" in own:
        values["pvt_reseller_id"] = reseller
    if tree(own) != target:
        values["pvt_previous_tree"] = tree(own)
        yield account_updates.edit(account_database(account), own, values)
    elif "pvt_previous_tree" in own:
        values["pvt_previous_tree"] = own["pvt_previous_tree"]
    yield account_updates.edit_copy(zone, own, values)
    yield services_documents.moved(zone, account, target, reseller)


# -- counting


def count_descendants(zone: Zone, account: str | None = None) -> Tally:
    """Count the descendants of one account, or of all, and keep each number in its definition where it is not right.

    Raises as `Parts.end` does where accounts could not be read.
    """
    counted = _counted(zone) if account is None else [(account, _count(zone, [account]).get(account, 0))]
    parts = Parts(zone, "accounts")
    tally = changes.apply(zone, _counts(zone, counted, parts), label="counting descendants")
    parts.end()
    return tally


def _counted(zone: Zone) -> Iterator[tuple[str, int]]:
    """Yield each account that has descendants, or is said to have, with their number."""
    rows = views.rows_for_change(zone, accounts.DATABASE, "accounts", "listing_by_id", include_docs=True)
    while batch := [row["doc"] for row in islice(rows, BATCH) if row.get("doc")]:
        numbers = _count(zone, [each["_id"] for each in batch])
        for each in batch:
            number = numbers.get(each["_id"], 0)
            if number or each.get(COUNT):
                yield each["_id"], number


def _count(zone: Zone, keys: list[str]) -> dict[str, int]:
    rows = views.rows_for_change(
        zone, accounts.DATABASE, "accounts", "listing_by_descendants_count", keys=keys, reduce=True
    )
    return {str(row["key"]): views.value_of(row, shapes.INTEGER) for row in rows}


def _counts(zone: Zone, counted: Iterable[tuple[str, int]], parts: Parts) -> Iterator[Change]:
    for account, number in counted:
        with parts.part(account_database(account)):
            own = accounts.definition(zone, account)
            if own is None:
                continue
            for change in (
                account_updates.edit(account_database(account), own, {COUNT: number}),
                account_updates.edit_copy(zone, own, {COUNT: number}),
            ):
                if not changes.same(change.document, change.previous):
                    yield change
