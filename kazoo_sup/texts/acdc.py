"""What Kazoo prints of acdc's migration. Source: Kazoo acdc_maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup import terms
from kazoo_sup.kazoo.ecallmgr.acdc import (
    DATABASE,
    AccountForgotten,
    AccountsChecked,
    AccountSwitchedOn,
    Migrated,
    QueuesFound,
)


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each thing that took place."""
    for event in events:
        match event:
            case AccountForgotten(account):
                yield terms.formatted("account ~p not found in accounts, removing from ~s", account, DATABASE)
            case AccountsChecked():
                yield f"removed any missing accounts from {DATABASE}"
            case QueuesFound(account):
                yield f"account {account} has queues, adding to {DATABASE} db"
            case AccountSwitchedOn(account):
                yield f"saved account {account} to db"
            case Migrated():
                yield "migration complete"
