"""The databases of accounts' months (MODBs): old ones archived and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kazoo_sup.command import command
from kazoo_sup.kazoo import months, view_registrations
from kazoo_sup.kazoo.every_account import Start
from kazoo_sup.kazoo.numbers.places import Account
from kazoo_sup.kazoo.upkeep import month_archives
from kazoo_sup.outcome import NO_RETURN, Outcome, text, worked
from kazoo_sup.zone import Zone


@command
def archive_modbs(
    zone: Zone, account: Account | None = None, *, to: Path | None = None, from_: Start = None
) -> Outcome:
    """Archive and delete the months of all accounts, or of ACCOUNT, that are older than modb.active_modbs says.

    That is 6 unless it is set. Archives are backups of `sup couchdb backup`, in a new directory below TO, else /tmp; a
    database is deleted once its archive was read again. --from ACCOUNT begins at that account.
    """
    kept = month_archives.active(zone)
    databases = month_archives.until(
        zone, month_archives.last_archived(kept), account=account.id if account else None, start=from_
    )

    def lines() -> Iterator[str]:
        yield from month_archives.removed(zone, databases, archive=to or month_archives.default_directory())
        yield f"archived {account.said if account else 'all'} MODbs more than {kept} months old"

    return worked(zone.run, lines(), NO_RETURN)


@command
def delete_modbs(
    zone: Zone, period: str, should_archive: str = "true", *, to: Path | None = None, from_: Start = None
) -> Outcome:
    """Delete the databases of the month PERIOD, as 202401, and of ALL months before it, of every account. Asks first.

    They are archived below TO, as archive_modbs does, unless SHOULD_ARCHIVE is something else than true. This month and
    later ones are denied. --from ACCOUNT begins at that account.
    """
    if not re.fullmatch(r"2\d{3}(0[1-9]|1[0-2])", period, re.ASCII):
        return text(f"period '{period}' does not match YYYYMM format")
    year, month = period[:4], int(period[4:])
    if period == months.this_month():
        return text(f"request to delete the current MODB ({year}{month}) denied")
    if period > months.this_month():
        return text(f"request to delete future MODBs ({year}{month}) denied")
    databases = month_archives.until(zone, period, start=from_)
    archive = (to or month_archives.default_directory()) if should_archive == "true" else None
    if databases.count():
        how = "archive and delete" if archive else "delete, without an archive,"
        zone.run.confirm(f"{how} {month_archives.described(databases.names())}")

    def lines() -> Iterator[str]:
        yield f"deleting all MODBs equal to or older than {year}/{month}"
        yield from month_archives.removed(zone, databases, archive=archive)

    return worked(zone.run, lines(), NO_RETURN)


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of months from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those of sup are used.
    """
    return Outcome(counts=view_registrations.register(zone, "kazoo_modb"))
