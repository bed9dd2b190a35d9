"""What Kazoo prints while it archives and deletes months. Source: Kazoo kazoo_modb_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.migrations import month_archives as archives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of months that are archived and deleted."""
    for event in events:
        match event:
            case archives.PeriodBegun(month):
                # Kazoo shows the month as a number.
                yield f"deleting all MODBs equal to or older than {month[:4]}/{int(month[4:])}"
            case archives.DeletionBegun(database):
                yield f"deleting database {database}"
            case archives.ArchivingBegun(_, file):
                yield f"archiving to {file}"
            case archives.Archived(_, documents):
                yield f"    archived {documents} docs"
            case archives.Deleted(_, found):
                yield f"    deleted: {str(found).lower()}"
            case archives.OldArchived(account, kept):
                yield f"archived {account or 'all'} MODbs more than {kept} months old"
