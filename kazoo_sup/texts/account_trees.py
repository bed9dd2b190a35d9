"""What Kazoo prints while it repairs the trees and resellers of accounts.

Source: Kazoo kapps_maintenance:ensure_tree_accounts/0,1, ensure_reseller_id_account/1,2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.billing import account_resellers as resellers
from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn
from kazoo_sup.kazoo.migrations import account_trees as trees
from kazoo_sup.messages.names import account_database, account_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of trees that are compared, or repaired."""
    for event in events:
        match event:
            case trees.TreesMissing():
                yield "failed to get accounts tree to compare: not_found"
            case trees.TreesRead(accounts, depths):
                yield f"::: ensuring pvt_tree is clean for {accounts} account(s)"
                yield ""
                yield from (f"--> calculating tree for depth {depth}" for depth in depths)
                yield ""
            case trees.TreesCompared():
                yield from _compared(event)
            case _:
                yield from _repaired(event)


def resellers_of(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of resellers that are stored."""
    for event in events:
        match event:
            case DatabaseWorkedOn(database, left, total):
                named = account_database(account_id(database) or database)
                yield f"({left}/{total}) ensuring reseller id for account '{named}'"
            case resellers.AccountMissing():
                yield "failed to open account from accounts db: not_found"
            case resellers.ResellerStored(found=True):
                yield "updated account definitions"
            case resellers.ResellerStored():
                yield "failed to update account definitions: not_found"


def _compared(event: trees.TreesCompared) -> Iterator[str]:
    if not event.wrong:
        yield "==> nothing to fix, all hail kazoo!"
    elif event.saved:
        yield "==> going to fix pvt_tree"
        yield ""
    else:
        yield "==> fixed tree:"
        yield terms.json_pretty(event.wrong)
        yield ""


def _repaired(event: object) -> Iterator[str]:
    match event:
        case trees.DepthBegun(depth, left, total):
            yield f"--> ({left}/{total}) fixing pvt_tree for depth {depth}"
        case trees.AccountBegun(account, left, total):
            yield f"         - ({left}/{total}) fixing pvt_tree for '{account}'"
        case trees.DefinitionMissing():
            yield "    !!! failed to save account definitions: not_found"
        case trees.ServicesOutdated():
            yield "           --> fixing pvt_tree in service doc"
        case trees.PortRequestsMissing():
            yield "    !!! failed to get port requests: not_found"
        case trees.PortRequestsFailed():
            yield "    !!! failed to update pvt_tree for port_requests"
        case trees.PortRequestsSaved(_, documents):
            yield f"           --> fixed pvt_tree for{documents}port request docs"
