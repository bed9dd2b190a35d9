"""Repairing `pvt_tree`, the ancestors that each account names: the master account first, its parent last.

Out of a tree go ids of no account, ids that are there twice, and whatever stands first in place of the master account.
Better than Kazoo: an ancestor is looked for among all accounts, also when single ones are repaired, where Kazoo knows
none but those and so strips the middle of their trees; and an account does not stay its own ancestor.

Source: Kazoo kapps_maintenance:ensure_tree_accounts/0,1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import account_updates, accounts, master_account, views
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.kazoo.documents import value_at

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

PORT_REQUESTS = "port_requests"
Trees = dict[str, list[str]]


def all_of(zone: Zone) -> Trees:
    """Return the tree of every account. Raises NotFound where Kazoo's view of them is not registered, as in 4.3."""
    rows = views.rows(zone, accounts.DATABASE, "accounts_tree", "list_by_tree_length")
    return {row["id"]: list(row["value"]) for row in rows}


def some_of(zone: Zone, chosen: Sequence[str]) -> Trees:
    """Return the trees of these accounts, as `accounts` holds them."""
    rows = views.rows(zone, accounts.DATABASE, "accounts", "listing_by_simple_id", keys=list(chosen), include_docs=True)
    return {row["id"]: value_at(row["doc"], ["pvt_tree"], []) for row in rows if row.get("doc")}


def repaired(account: str, tree: Sequence[str], master: str, is_account: Callable[[str], bool]) -> list[str]:
    """Return the tree that an account shall have."""
    if account == master:
        return []
    others = (each for each in tree[1:] if each not in (master, account) and is_account(each))
    return list(dict.fromkeys((master, *others)))


def repair(zone: Zone, trees: Callable[[], Trees], *, save: bool) -> Iterator[str]:
    """Repair trees, or with SAVE off only show those that are not right."""
    try:
        found = trees()
    except NotFound:
        yield "failed to get accounts tree to compare: not_found"
        return
    yield f"::: ensuring pvt_tree is clean for {len(found)} account(s)"
    yield ""
    master = master_account.require(zone)
    known = _known(zone, found)
    for depth in sorted({len(tree) for tree in found.values()}):
        yield f"--> calculating tree for depth {depth}"
    fixed: dict[str, Trees] = {}
    for account, tree in sorted(found.items()):
        wanted = repaired(account, tree, master, known.__contains__)
        if wanted != tree:
            fixed.setdefault(str(len(wanted)), {})[account] = wanted
    yield ""
    if not fixed:
        yield "==> nothing to fix, all hail kazoo!"
    elif not save:
        yield "==> fixed tree:"
        yield terms.json_pretty({depth: fixed[depth] for depth in sorted(fixed)})
        yield ""
    else:
        yield "==> going to fix pvt_tree"
        yield ""
        yield from _saved(zone, fixed)


def _known(zone: Zone, trees: Trees) -> set[str]:
    """Return which of the ids in these trees are accounts."""
    named = {each for tree in trees.values() for each in tree if isinstance(each, str)} - trees.keys()
    return trees.keys() | zone.couchdb.get_many(accounts.DATABASE, sorted(named)).keys()


def _saved(zone: Zone, fixed: Mapping[str, Trees]) -> Iterator[str]:
    for place, depth in enumerate(sorted(fixed)):
        yield f"--> ({len(fixed) - place}/{len(fixed)}) fixing pvt_tree for depth {depth}"
        left = total = len(fixed[depth])
        for account, tree in sorted(fixed[depth].items()):
            yield f"         - ({left}/{total}) fixing pvt_tree for '{account}'"
            yield from _fixed(zone, account, tree)
            left -= 1


def _fixed(zone: Zone, account: str, tree: list[str]) -> Iterator[str]:
    """Put an account below TREE in its definition, its services document and its port requests."""
    if account_updates.update(zone, account, {"pvt_tree": tree}) is None:
        yield "    !!! failed to save account definitions: not_found"
    stored = zone.couchdb.get(services.DATABASE, account)
    if stored is None or stored.get("pvt_tree") != tree:
        yield "           --> fixing pvt_tree in service doc"
        changes.apply(zone, [services_reconcile.edit(zone, account, {"pvt_tree": tree})]).check()
    query = {"start": [account], "end": [account, {}], "include_docs": True}
    try:
        rows = list(views.rows(zone, PORT_REQUESTS, "port_requests", "crossbar_listing", **query))
    except NotFound:
        yield "    !!! failed to get port requests: not_found"
        return
    requests = [row["doc"] for row in rows if row.get("doc")]
    if requests:
        edits = [_port_request(each, tree) for each in requests if each.get("pvt_tree") != tree]
        tally = changes.apply(zone, edits)
        if tally.errors:
            yield "    !!! failed to update pvt_tree for port_requests"
            raise tally.errors[0]
        yield f"           --> fixed pvt_tree for{len(edits)}port request docs"


def _port_request(document: Document, tree: list[str]) -> Change:
    again = partial(_with_tree, tree)
    return Change(PORT_REQUESTS, again(document), document, again)


def _with_tree(tree: list[str], found: Document | None) -> Document:
    return {} if found is None else {**found, "pvt_tree": tree}
