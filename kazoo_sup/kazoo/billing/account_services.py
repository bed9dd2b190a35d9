"""What single accounts, or all of them, are billed for: recounted, moved in the tree, told to bookkeepers.

Source: Kazoo kazoo_services_maintenance:reconcile/1, update_tree/3, kz_services_bookkeeper:sync/1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import dropwhile, groupby
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.accounts import hierarchy
from kazoo_sup.kazoo.billing import services, services_documents, services_reconcile
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.every_account import Work
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.databases.walk import Databases
from kazoo_sup.kazoo.documents import now
from kazoo_sup.messages.names import account_database, account_id, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.errors import SupError
    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class AccountReconciled:
    """An account, an id, had its turn: the one at `place`, from 1, of `total`. It was not counted for the `error`."""

    account: str
    place: int
    total: int
    error: SupError | None = None


def reconcile_all(zone: Zone, start: str | None = None) -> Iterator[Event]:
    """Recount what every account has, the deepest in the tree first, or from START on.

    Yields for each account that it had its turn, then what took place. Those of one depth are counted side by side:
    what an account has below it must be right before it is counted. Raises PartlyDone at the end where accounts failed,
    and BadArgument for a START without a services document.
    """
    rows = list(views.rows_for_change(zone, services.DATABASE, "services", "by_tree_length"))[::-1]
    if start is not None:
        rows = list(dropwhile(lambda row: row["id"] != start, rows))
        if not rows:
            raise BadArgument(parameter="--from", reason=f"account {start} has no services document")
    total, count, parts = len(rows), 0, Parts(zone)
    for _depth, same_depth in groupby(rows, lambda row: row["key"]):
        databases = [account_database(str(row["id"])) for row in same_depth]
        chosen = Databases(partial(iter, databases))
        for done in Work(zone, chosen, _reconcile, label="reconciling services", parts=parts):
            count += 1
            yield AccountReconciled(account_id(done.database) or done.database, count, total, done.error)
            yield from done.found or ()
    parts.end()


def reconcile(zone: Zone, account: str) -> Iterator[Event]:
    """Recount what one account (an id) has; yield what could not be read, and what was corrected."""
    yield from services_reconcile.correct(zone, account, services_reconcile.count(zone, account))


def check_nothing_to_bill(zone: Zone, account: str) -> None:
    """Raise Declined where an account (an id) has service plans: only a node works out what its bookkeeper is told.

    Without any there are no invoices, and so nothing to tell. Source: Kazoo kz_services_plans:fetch/2.
    """
    stored = zone.couchdb.get(services.DATABASE, account) or {}
    objects = views.rows_for_change(zone, account_database(account), "services", "object_plans", page=1)
    if stored.get("plans") or next(objects, None) is not None:
        raise Declined(
            reason=f"account {account} has service plans: what they amount to is worked out by a running node, which "
            "tells the bookkeeper; it does so on any change of the account's services in the API"
        )


@dataclass(frozen=True, slots=True)
class DescendantsSynced:
    """The accounts below one were gone over: of so many, those that have nothing to bill, and how many failed.

    `synced` has the id of each, and how many were left after it.
    """

    account: str
    total: int
    synced: list[tuple[str, int]]
    failed: int


def sync_descendants(zone: Zone, account: str) -> Iterator[DescendantsSynced | BulkReport]:
    """Check that the accounts below one (an id) have nothing to bill; yield what was found, and the report of them."""
    below = list(hierarchy.descendants(zone, account))
    parts, synced = Parts(zone, "accounts"), list[tuple[str, int]]()
    for place, each in enumerate(below, start=1):
        with parts.part(each):
            check_nothing_to_bill(zone, each)
            synced.append((each, len(below) - place))
    yield DescendantsSynced(account, len(below), synced, parts.failed)
    yield parts.report


def read_tree(text: str) -> list[str]:
    """Read the ancestors of an account: a JSON list of ids, or one id. Raises BadArgument."""
    try:
        found = terms.read_json(text) if text.startswith("[") else [text]
    except ValueError as error:
        raise BadArgument(parameter="NEW_TREE", reason=str(error)) from error
    if not isinstance(found, list) or any(not isinstance(each, str) or account_id(each) != each for each in found):
        raise BadArgument(parameter="NEW_TREE", reason=f"{text!r} is not a JSON list of account ids")
    return found


def moved(zone: Zone, account: str, tree: list[str], reseller: str) -> Document:
    """Put the services document of an account (an id) below TREE; return it as it is stored now."""

    def again(found: Document | None) -> Document:
        before = found or services_documents.made(account, [], reseller, node=zone.node)
        previous = {"pvt_previous_tree": before["pvt_tree"]} if "pvt_tree" in before else {}
        return {**before, "pvt_tree": tree, **previous, "pvt_modified": now(), "pvt_reseller_id": reseller}

    return changes.update(zone, services.DATABASE, account, again).document


def _reconcile(zone: Zone, database: str) -> Iterator[Event]:
    return reconcile(zone, str(account_id(plain(database))))
