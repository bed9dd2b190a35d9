"""Voicemails and call records of earlier versions, moved into the databases of accounts' months.

What cannot be moved is told; the run then ends partly done, and the same command tries it again.
"""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId, Start
from kazoo_sup.command import command
from kazoo_sup.kazoo.migrations import month_migration
from kazoo_sup.results import BulkReport, Live
from kazoo_sup.texts import month_migration as texts
from kazoo_sup.zone import Zone

_COUNTED = BulkReport({})
"""Counting begins with none, which is told where nothing is to be done."""


@command
def migrate(zone: Zone, *, from_: Start = None) -> Live:
    """Move the voicemails and call records of every account, from the one of --from ACCOUNT on."""
    return Live(month_migration.everybody(zone, from_), texts.lines, report=_COUNTED)


@command
def migrate_account(zone: Zone, account: AccountId) -> Live:
    """Move the voicemails and call records of ACCOUNT into the databases of its months."""
    return Live(month_migration.one(zone, account), texts.lines, report=_COUNTED)


@command
def migrate_voicemails(zone: Zone, account: AccountId) -> Live:
    """Move the voicemails of ACCOUNT, with their recordings, into the databases of its months."""
    return Live(month_migration.voicemails(zone, account), texts.lines, report=_COUNTED)


@command
def migrate_cdrs(zone: Zone, account: AccountId) -> Live:
    """Move the call records of ACCOUNT into the databases of its months."""
    return Live(month_migration.call_records(zone, account), texts.lines, report=_COUNTED)
