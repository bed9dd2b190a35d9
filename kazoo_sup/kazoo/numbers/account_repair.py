"""Mending all that is known of an account's numbers: who uses them, their copies, what is others', its services.

Source: Kazoo kazoo_number_manager_maintenance:fix_account_db_numbers/1, fix_numbers/2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.databases.walk import listed
from kazoo_sup.kazoo.numbers import assignments, copies, used_by
from kazoo_sup.kazoo.numbers.repair_events import FixBegun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.accounts import NamedAccount
    from kazoo_sup.kazoo.numbers.repair import Repair
    from kazoo_sup.results import Event


def mend_account(repair: Repair, account: NamedAccount) -> Iterator[Event]:
    """Mend all numbers of an account."""
    yield FixBegun(account.said)
    yield from used_by.of_accounts(repair, [account.id])
    yield from copies.to_account(repair, account)
    yield from _finish(repair, account)


def mend_numbers(repair: Repair, account: NamedAccount, numbers: Sequence[str]) -> Iterator[Event]:
    """Mend NUMBERS, which an account has or should have."""
    yield FixBegun(account.said, len(numbers))
    yield from used_by.some_in_number_databases(repair, numbers)
    yield from copies.some_to_accounts(repair, numbers)
    yield from _finish(repair, account)


def _finish(repair: Repair, account: NamedAccount) -> Iterator[Event]:
    yield from assignments.remove_wrong(repair, listed([account.database]))
    yield from repair.steps.each(services_reconcile.reconcile(repair.zone, account.id))
