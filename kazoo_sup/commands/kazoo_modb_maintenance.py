"""The databases of accounts' months (MODBs): old ones archived and deleted."""

from __future__ import annotations

import re
from pathlib import Path

from kazoo_sup.arguments.accounts import Account, Start
from kazoo_sup.command import command
from kazoo_sup.kazoo.databases import months, view_registrations
from kazoo_sup.kazoo.migrations import month_archives
from kazoo_sup.results import NO_RETURN, BulkReport, Done, Live
from kazoo_sup.texts import months as texts
from kazoo_sup.zone import Zone


@command
def archive_modbs(zone: Zone, account: Account | None = None, *, to: Path | None = None, from_: Start = None) -> Live:
    """Archive and delete the months of all accounts, or of ACCOUNT, that are older than modb.active_modbs says.

    That is 6 unless it is set. Archives are backups of `sup couchdb backup`, in a new directory below TO, else /tmp; a
    database is deleted once its archive was read again. --from ACCOUNT begins at that account.
    """
    kept = month_archives.active(zone)
    databases = month_archives.until(
        zone, month_archives.last_archived(kept), account=account.id if account else None, start=from_
    )
    directory, said = to or month_archives.default_directory(), account.said if account else None
    events = month_archives.archive_old(zone, databases, directory, account=said, kept=kept)
    return Live(events, texts.lines, NO_RETURN)


@command
def delete_modbs(
    zone: Zone, period: str, should_archive: str = "true", *, to: Path | None = None, from_: Start = None
) -> Done | Live:
    """Delete the databases of the month PERIOD, as 202401, and of ALL months before it, of every account. Asks first.

    They are archived below TO, as archive_modbs does, unless SHOULD_ARCHIVE is something else than true. This month and
    later ones are denied. --from ACCOUNT begins at that account.
    """
    if not re.fullmatch(r"2\d{3}(0[1-9]|1[0-2])", period, re.ASCII):
        return Done(lines=[f"period '{period}' does not match YYYYMM format"])
    year, month = period[:4], int(period[4:])
    if period == months.this_month():
        return Done(lines=[f"request to delete the current MODB ({year}{month}) denied"])
    if period > months.this_month():
        return Done(lines=[f"request to delete future MODBs ({year}{month}) denied"])
    databases = month_archives.until(zone, period, start=from_)
    archive = (to or month_archives.default_directory()) if should_archive == "true" else None
    if databases.count():
        how = "archive and delete" if archive else "delete, without an archive,"
        zone.run.confirm(f"{how} {month_archives.described(databases.names())}")
    return Live(month_archives.remove_until(zone, period, databases, archive), texts.lines, NO_RETURN)


@command
def register_views(zone: Zone) -> Done:
    """Register the views of months from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those of sup are used.
    """
    return Done(report=BulkReport(view_registrations.register(zone, "kazoo_modb")))
