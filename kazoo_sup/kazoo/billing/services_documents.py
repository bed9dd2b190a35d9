"""Services documents: made, and kept up with what an account and those below it have.

Source: Kazoo kz_services:create/2, commit_quantities/1, kazoo_services_maintenance:update_tree/3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import now, stamped, value_at, with_value
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

VERSION = 2
Quantity = tuple[str, str, int]
"""How many of a kind of item: category, item, number."""


def made(account: str, tree: Sequence[str], reseller: str, *, node: str) -> Document:
    """Return the first services document of ACCOUNT (an id), below TREE (its ancestors, the master first)."""
    document = stamped(
        {"_id": account, "pvt_vsn": VERSION},
        account_database(account),
        node=node,
        document_type="service",
        account=account,
        before={},
    )
    return {
        **document,
        "pvt_status": "good_standing",
        "pvt_reseller_id": reseller,
        "pvt_tree": list(tree),
        "quantities": {"account": {}, "cascade": {}, "manual": {}},
    }


def with_quantities(document: Document, part: str, added: Sequence[Quantity]) -> Document:
    """Return the document with quantities added to a part of it: `account` is its own, `cascade` those below it.

    Nothing is left of an item of which there is none any more.
    """
    for category, item, number in added:
        path = ["quantities", part, category, item]
        document = with_value(document, path, (value_at(document, path, 0) + number) or None)
        if not value_at(document, path[:-1], None):
            document = with_value(document, path[:-1], None)
    return document


def added_below(zone: Zone, ancestors: Sequence[str], added: Sequence[Quantity]) -> Iterator[Change]:
    """Yield the changes that count quantities of an account in the services documents of its ancestors."""
    stored = zone.couchdb.get_many(services.DATABASE, list(ancestors))
    for ancestor in ancestors:
        if ancestor in stored:
            again = partial(_with_added, added=added)
            yield changes.rebuild(services.DATABASE, stored[ancestor], again)


def moved(zone: Zone, account: str, tree: Sequence[str], reseller: str) -> Change:
    """Return the change that puts a services document below TREE; one that is missing is made."""

    def again(stored: Document | None) -> Document:
        before = stored or made(account, [], reseller, node=zone.node)
        values = {
            "pvt_tree": list(tree),
            "pvt_previous_tree": value_at(before, ["pvt_tree"], []),
            "pvt_modified": now(),
            "pvt_reseller_id": reseller,
        }
        return before if before.get("pvt_tree") == values["pvt_tree"] and stored else {**before, **values}

    stored = zone.couchdb.get(services.DATABASE, account)
    return changes.rebuild(services.DATABASE, stored, again)


def _with_added(stored: Document | None, *, added: Sequence[Quantity]) -> Document:
    return with_quantities(stored or {}, "cascade", added)
