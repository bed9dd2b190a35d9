"""Voicemails and call records of earlier versions, moved into the databases of accounts' months.

What cannot be moved is told; the run then ends partly done, and the same command tries it again.
"""

from __future__ import annotations

from collections import Counter

from kazoo_sup.command import command
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.every_account import Start
from kazoo_sup.kazoo.upkeep import month_migration
from kazoo_sup.outcome import Outcome, worked
from kazoo_sup.zone import Zone


@command
def migrate(zone: Zone, *, from_: Start = None) -> Outcome:
    """Move the voicemails and call records of every account. --from ACCOUNT begins at that account."""
    counts: Counter[str] = Counter()
    return worked(zone.run, month_migration.everybody(zone, from_, counts), counts=counts)


@command
def migrate_account(zone: Zone, account: AccountId) -> Outcome:
    """Move the voicemails and call records of ACCOUNT."""
    counts: Counter[str] = Counter()
    return worked(zone.run, month_migration.one(zone, account, counts), counts=counts)


@command
def migrate_voicemails(zone: Zone, account: AccountId) -> Outcome:
    """Move the voicemails of ACCOUNT, with their recordings."""
    counts: Counter[str] = Counter()
    return worked(zone.run, month_migration.voicemails(zone, account, counts), counts=counts)


@command
def migrate_cdrs(zone: Zone, account: AccountId) -> Outcome:
    """Move the call records of ACCOUNT."""
    counts: Counter[str] = Counter()
    return worked(zone.run, month_migration.call_records(zone, account, counts), counts=counts)
