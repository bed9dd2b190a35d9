"""What Kazoo prints while it removes copies of accounts that are gone.

Source: Kazoo kapps_maintenance:cleanup_aggregated_accounts/0, cleanup_aggregated_devices/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.migrations.aggregate_cleanup import CopyRemoved, CopyVerified
from kazoo_sup.kazoo.migrations.aggregates import SIP_AUTH
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of copies that were looked at."""
    for event in events:
        match event:
            case CopyVerified(database, identifier):
                yield f"    verifying {database} doc {identifier}"
            case CopyRemoved(database, _, account) if database == SIP_AUTH:
                # Kazoo names the account where it says document.
                yield f"    removing {database} doc {account} referencing missing db {account_database(account)}"
            case CopyRemoved(database, identifier):
                yield f"    removing invalid {database} doc {identifier}"
