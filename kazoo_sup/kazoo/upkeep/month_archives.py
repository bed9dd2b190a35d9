"""Old months of accounts: archived and deleted, or only deleted.

Source: Kazoo kazoo_modb_maintenance, kazoo_modb:maybe_archive_modb/1, kz_couch_db:db_archive/3. Better than there: an
archive is a backup as `sup couchdb backup` makes it, with attachments, which Kazoo's archives of voicemails and
recordings lack; `sup couchdb restore` brings it back. It is read again before its database is deleted, and a database
that was changed meanwhile is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import months, system_config
from kazoo_sup.kazoo.every_account import Work
from kazoo_sup.kazoo.numbers.places import Databases
from kazoo_sup.kazoo.values import to_integer
from kazoo_sup.names import account_database, account_id, encoded, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

ACTIVE = 6
"""Months before this one that are kept where modb.active_modbs says nothing else."""

_SHOWN = 12


class Changed(SupError):
    """{database} was changed while it was archived and is kept; archive it again"""


def active(zone: Zone) -> int:
    """Return how many months before this one are kept."""
    try:
        return to_integer(system_config.get(zone, "modb", "active_modbs", ACTIVE))
    except ValueError:
        return ACTIVE


def last_archived(kept: int) -> str:
    """Return the newest month that is old when KEPT months before this one are kept; this one never is."""
    month = months.this_month()
    for _month in range(max(kept, 0) + 1):
        month = months.before(month)
    return month


def until(zone: Zone, month: str, *, account: str | None = None, start: str | None = None) -> Databases:
    """Return the databases of MONTH and all before it, of one account or of all from account START on."""
    first, last = "account/", f"account/{months.LAST}"
    if account:
        first = f"{plain(account_database(account))}-"
        last = f"{first}{months.LAST}"
    elif start:
        first = plain(account_database(start))

    def names() -> Iterator[str]:
        for name in zone.couchdb.databases(start=first, end=last):
            found = months.of_database(name)
            if found is not None and found <= month:
                yield encoded(name)

    return Databases(names)


def described(databases: Iterable[str]) -> str:
    """Say in words which databases these are: how many, of which months and accounts."""
    count, found, accounts = 0, set[str](), set[str]()
    for name in databases:
        count += 1
        found.add(months.of_database(name) or "")
        accounts.add(account_id(plain(name)) or "")
    listed = sorted(found)
    shown = ", ".join(listed) if len(listed) <= _SHOWN else f"{', '.join(listed[:_SHOWN])}, … to {listed[-1]}"
    return f"{count} databases of {len(accounts)} accounts, the months {shown}"


def removed(zone: Zone, databases: Databases, *, archive: Path | None) -> Iterator[str]:
    """Delete databases, each archived first in a new directory below ARCHIVE; yield what Kazoo prints.

    Raises PartlyDone at the end where some could not be archived or deleted; those are still there.
    """
    directory = archive and archive / f"kazoo-months-{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}"

    def step(part: Zone, database: str) -> list[str]:
        return list(_one(part, database, directory))

    work = Work(zone, databases, step, label="removing months")
    for done in work:
        yield from done.found or ()
    work.end()


def default_directory() -> Path:
    """Return where archives go unless something else is said."""
    return Path(tempfile.gettempdir())


def _one(zone: Zone, database: str, directory: Path | None) -> Iterator[str]:
    if directory is None:
        yield f"deleting database {database}"
    else:
        yield from _archived(zone, database, directory)
    deleted = changes.delete_database(zone, database)
    yield f"    deleted: {str(deleted).lower()}"


def _archived(zone: Zone, database: str, directory: Path) -> Iterator[str]:
    """Archive a database. Raises Changed, and what keeps it from being archived."""
    from kazoo_sup.kazoo.couchdb import backup
    from kazoo_sup.kazoo.couchdb.backup_file import path_of, read_manifest

    name = plain(database)
    file = path_of(directory, name)
    rows = list(backup.run(zone, [name], directory, verify=True))
    yield f"archiving to {file}"
    if not zone.run.dry_run and read_manifest(file).get("changed_meanwhile"):
        raise Changed(database=name)
    yield f"    archived {rows[0].get('documents') or 0} docs"
