"""What single accounts, or all of them, are billed for: counted anew, moved in the tree, told to bookkeepers.

Source: Kazoo kazoo_services_maintenance:reconcile/1, update_tree/3, kz_services_bookkeeper:sync/1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import dropwhile, groupby
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.billing import services, services_documents
from kazoo_sup.kazoo.billing.services_reconcile import recount
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.kazoo.every_account import Done, PartlyDone, Work
from kazoo_sup.kazoo.numbers.places import Databases
from kazoo_sup.names import account_database, account_id, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_PARTS = ("manual", "account", "cascade")


def all_reconciled(zone: Zone, start: str | None = None) -> Iterator[str]:
    """Count anew what every account has, the deepest in the tree first, or from START on; yield what Kazoo prints.

    Those of one depth are counted side by side: what an account has below it must be right before it is counted. Raises
    PartlyDone at the end where accounts failed, and BadArgument for a START without a services document.
    """
    rows = list(views.rows(zone, services.DATABASE, "services", "by_tree_length"))[::-1]
    if start is not None:
        rows = list(dropwhile(lambda row: row["id"] != start, rows))
        if not rows:
            raise BadArgument(parameter="--from", reason=f"account {start} has no services document")
    total, count, failed = len(rows), 0, 0
    for _depth, same_depth in groupby(rows, lambda row: row["key"]):
        databases = [account_database(str(row["id"])) for row in same_depth]
        work = Work(zone, Databases(partial(iter, databases)), _reconciled_lines, label="reconciling services")
        for done in work:
            count += 1
            yield f"reconcile services ({count}/{total}) '{account_id(done.database)}'"
            yield from done.found or ()
            yield from _unable(done)
        failed += work.failed
    if failed:
        raise PartlyDone(failed=failed, total=total)


def reconciled(zone: Zone, account: str) -> Iterator[str]:
    """Count anew what one account (an id) has; yield what Kazoo prints, which is nothing where all was right."""
    changed = yield from recount(zone, account)
    if changed is not None:
        yield "    quantity discrepancy corrected!"
        yield from discrepancies(*changed)


def discrepancies(before: Document, after: Document) -> Iterator[str]:
    """Yield a line for each quantity of a services document that is another now."""
    was = dict(_flat(value_at(before, ["quantities"], {})))
    for key, quantity in _flat(value_at(after, ["quantities"], {})):
        if was.get(key) != quantity:
            yield f"      updated {'.'.join(key)} from {was.get(key, UNDEFINED)} to {quantity}"


def check_nothing_to_bill(zone: Zone, account: str) -> None:
    """Raise Declined where an account (an id) has service plans: only a node works out what its bookkeeper is told.

    Without any there are no invoices, and so nothing to tell. Source: Kazoo kz_services_plans:fetch/2.
    """
    stored = zone.couchdb.get(services.DATABASE, account) or {}
    objects = views.rows(zone, account_database(account), "services", "object_plans", page=1)
    if stored.get("plans") or next(objects, None) is not None:
        raise Declined(
            reason=f"account {account} has service plans: what they amount to is worked out by a running node, which "
            "tells the bookkeeper; it does so on any change of the account's services in the API"
        )


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

    stored = zone.couchdb.get(services.DATABASE, account)
    return changes.apply(zone, [Change(services.DATABASE, again(stored), stored, again)]).document


def _reconciled_lines(zone: Zone, database: str) -> list[str]:
    return list(reconciled(zone, str(account_id(plain(database)))))


def _unable(done: Done[Any]) -> Iterator[str]:
    if done.error is not None:
        yield "    unable to reconcile!"
        yield str(done.error)


def _flat(quantities: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], int]]:
    for part in _PARTS:
        for category, items in (quantities.get(part) or {}).items():
            for item, quantity in items.items():
                yield (part, category, item), quantity if isinstance(quantity, int) else 0
