"""Repairing `pvt_tree`, the ancestors that each account names: the master account first, its parent last.

Out of a tree go ids of no account, ids that are there twice, and whatever stands first in place of the master account.
Better than Kazoo: an ancestor is looked for among all accounts, also when single ones are repaired, where Kazoo knows
none but those and so strips the middle of their trees; and an account does not stay its own ancestor.

Source: Kazoo kapps_maintenance:ensure_tree_accounts/0,1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_updates, master_account
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import shapes
from kazoo_sup.kazoo.numbers import port_requests

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.results import Event
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

Trees = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class TreesMissing:
    """There is no view, or no database, that tells the trees of accounts."""


@dataclass(frozen=True, slots=True)
class TreesRead:
    """The trees of so many accounts were read; `depths` are how many ancestors they name."""

    accounts: int
    depths: list[int]


@dataclass(frozen=True, slots=True)
class TreesCompared:
    """Each tree was compared with what it shall be; `wrong` holds what it shall be, by depth and account.

    `saved` says that those are stored next.
    """

    wrong: dict[str, Trees]
    saved: bool


@dataclass(frozen=True, slots=True)
class DepthBegun:
    """The trees of one depth have their turn."""

    depth: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class AccountBegun:
    """The tree of one account has its turn, of `total` with that depth."""

    account: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class DefinitionMissing:
    """The account has no definition to store its tree in."""

    account: str


@dataclass(frozen=True, slots=True)
class ServicesOutdated:
    """The services document of the account has another tree, and gets the right one."""

    account: str


@dataclass(frozen=True, slots=True)
class PortRequestsMissing:
    """There are no port requests that could be asked for."""

    account: str


@dataclass(frozen=True, slots=True)
class PortRequestsFailed:
    """The tree could not be stored in port requests of the account."""

    account: str


@dataclass(frozen=True, slots=True)
class PortRequestsSaved:
    """The tree was stored in so many port requests of the account."""

    account: str
    documents: int


def all_of(zone: Zone) -> Trees:
    """Return the tree of every account. Raises NotFound where Kazoo's view of them is not registered, as in 4.3."""
    rows = views.rows_for_change(zone, accounts.DATABASE, "accounts_tree", "list_by_tree_length")
    return {row["id"]: views.value_of(row, shapes.NAMES) for row in rows}


def some_of(zone: Zone, chosen: Sequence[str]) -> Trees:
    """Return the trees of these accounts, as `accounts` holds them."""
    rows = views.rows_for_change(
        zone, accounts.DATABASE, "accounts", "listing_by_simple_id", keys=list(chosen), include_docs=True
    )
    documents = (row["doc"] for row in rows if row.get("doc"))
    return dict(
        shapes.of_each(zone, accounts.DATABASE, documents, lambda each: (each["_id"], shapes.ancestors_of(each)))
    )


def repaired(account: str, tree: Sequence[str], master: str, is_account: Callable[[str], bool]) -> list[str]:
    """Return the tree that an account shall have."""
    if account == master:
        return []
    others = (each for each in tree[1:] if each not in (master, account) and is_account(each))
    return list(dict.fromkeys((master, *others)))


def repair(zone: Zone, chosen: Sequence[str] | None, *, save: bool) -> Iterator[Event]:
    """Repair the trees of all accounts, or of those CHOSEN, or with SAVE off only show those that are not right."""
    try:
        found = all_of(zone) if chosen is None else some_of(zone, chosen)
    except NotFound:
        yield TreesMissing()
        return
    yield TreesRead(len(found), sorted({len(tree) for tree in found.values()}))
    master = master_account.require(zone)
    known = _known(zone, found)
    fixed: dict[str, Trees] = {}
    for account, tree in sorted(found.items()):
        wanted = repaired(account, tree, master, known.__contains__)
        if wanted != tree:
            fixed.setdefault(str(len(wanted)), {})[account] = wanted
    yield TreesCompared({depth: fixed[depth] for depth in sorted(fixed)}, save)
    if save:
        yield from _save(zone, fixed)


def _known(zone: Zone, trees: Trees) -> set[str]:
    """Return which of the ids in these trees are accounts."""
    named = {each for tree in trees.values() for each in tree if isinstance(each, str)} - trees.keys()
    return trees.keys() | zone.couchdb.get_many(accounts.DATABASE, sorted(named)).keys()


def _save(zone: Zone, fixed: Mapping[str, Trees]) -> Iterator[Event]:
    parts = Parts(zone, "accounts")
    for place, depth in enumerate(sorted(fixed)):
        yield DepthBegun(depth, len(fixed) - place, len(fixed))
        left = total = len(fixed[depth])
        for account, tree in sorted(fixed[depth].items()):
            yield AccountBegun(account, left, total)
            with parts.part(account):
                yield from _fix(zone, account, tree)
            left -= 1
    yield parts.report


def _fix(zone: Zone, account: str, tree: list[str]) -> Iterator[Event]:
    """Put an account below TREE in its definition, its services document and its port requests."""
    if account_updates.update(zone, account, {"pvt_tree": tree}) is None:
        yield DefinitionMissing(account)
    stored = zone.couchdb.get(services.DATABASE, account)
    if stored is None or stored.get("pvt_tree") != tree:
        yield ServicesOutdated(account)
        changes.apply(zone, [services_reconcile.edit(zone, account, {"pvt_tree": tree})]).check()
    query: ViewQuery = {"start": [account], "end": [account, {}], "include_docs": True}
    try:
        rows = list(views.rows_for_change(zone, port_requests.DATABASE, "port_requests", "crossbar_listing", **query))
    except NotFound:
        yield PortRequestsMissing(account)
        return
    requests = [row["doc"] for row in rows if row.get("doc")]
    if requests:
        edits = [_port_request(each, tree) for each in requests if each.get("pvt_tree") != tree]
        tally = changes.apply(zone, edits)
        if tally.errors:
            yield PortRequestsFailed(account)
            raise tally.errors[0]
        yield PortRequestsSaved(account, len(edits))


def _port_request(document: Document, tree: list[str]) -> Change:
    again = partial(_with_tree, tree)
    return changes.rebuild(port_requests.DATABASE, document, again)


def _with_tree(tree: list[str], found: Document | None) -> Document:
    return {} if found is None else {**found, "pvt_tree": tree}
