"""Old months of accounts: archived and deleted, or only deleted.

Source: Kazoo kazoo_modb_maintenance, kazoo_modb:maybe_archive_modb/1, kz_couch_db:db_archive/3. Better than there: an
archive is a backup as `sup couchdb backup` makes it, with attachments, which Kazoo's archives of voicemails and
recordings lack; `sup couchdb restore` brings it back. It is read again before its database is deleted, and a database
that was changed meanwhile is kept. Archives are in a directory of this run alone, so that none is taken for a copy
that another run, or another user, has put there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.databases.every_account import Work
from kazoo_sup.kazoo.databases.walk import LAST, Databases
from kazoo_sup.kazoo.documents.shapes import INTEGER
from kazoo_sup.messages.names import account_database, account_id, encoded, plain
from kazoo_sup.results import BulkReport
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone

ACTIVE = 6
"""Months before this one that are kept where modb.active_modbs says nothing else."""

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class PeriodBegun:
    """The databases of a month, as 202401, and of all months before it are deleted next."""

    month: str


@dataclass(frozen=True, slots=True)
class DeletionBegun:
    """A database is deleted next, without an archive."""

    database: str


@dataclass(frozen=True, slots=True)
class ArchivingBegun:
    """A database was copied to a file, which is looked at next."""

    database: str
    file: str


@dataclass(frozen=True, slots=True)
class Archived:
    """So many documents of a database are in its archive."""

    database: str
    documents: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A database was deleted; without `found` there was none any more."""

    database: str
    found: bool


@dataclass(frozen=True, slots=True)
class OldArchived:
    """All that is older than so many months is archived, of one account as it was named, or of all."""

    account: str | None
    months: int


class Changed(SupError):
    """{database} was changed while it was archived and is kept; archive it again"""

    remedy = "archive it again"

    database: str


class NotArchived(SupError):
    """{database} is kept: {file} was not made by this run"""

    database: str
    file: Path | str


def active(zone: Zone) -> int:
    """Return how many months before this one are kept."""
    return system_config.read(zone, "modb", "active_modbs", ACTIVE, INTEGER)


def last_archived(kept: int) -> str:
    """Return the newest month that is old when KEPT months before this one are kept; this one never is."""
    month = months.this_month()
    for _month in range(max(kept, 0) + 1):
        month = months.before(month)
    return month


def until(zone: Zone, month: str, *, account: str | None = None, start: str | None = None) -> Databases:
    """Return the databases of MONTH and all before it, of one account or of all from account START on."""
    first, last = "account/", f"account/{LAST}"
    if account:
        first = f"{plain(account_database(account))}-"
        last = f"{first}{LAST}"
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


def remove(zone: Zone, databases: Databases, *, archive: Path | None) -> Iterator[Event]:
    """Delete databases, each archived first in a new directory below ARCHIVE.

    The last event is the report; those that could not be archived or deleted are still there.
    """
    directory = _new_directory(zone, archive) if archive and next(iter(databases.names()), None) else None

    def step(part: Zone, database: str) -> list[Event]:
        return list(_one(part, database, directory))

    work = Work(zone, databases, step, label="removing months")
    for done in work:
        yield from done.found or ()
    yield work.report


def default_directory() -> Path:
    """Return where archives go unless something else is said."""
    return Path(tempfile.gettempdir())


def _new_directory(zone: Zone, parent: Path) -> Path:
    prefix = f"kazoo-months-{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}-"
    try:
        return changes.if_made(
            zone, lambda: own_files.fresh_directory(parent, prefix), shown=lambda: parent / f"{prefix}…"
        )
    except OSError as error:
        raise BadArgument(parameter="--to", reason=f"cannot make a directory in {parent}: {error.strerror}") from None


def archive_old(
    zone: Zone, databases: Databases, directory: Path, *, account: str | None, kept: int
) -> Iterator[Event]:
    """Archive and delete databases, those of ACCOUNT or of all accounts that are older than the months KEPT."""
    failed = 0
    for event in remove(zone, databases, archive=directory):
        failed += event.failed if isinstance(event, BulkReport) else 0
        yield event
    if not failed:
        yield OldArchived(account, kept)


def remove_until(zone: Zone, month: str, databases: Databases, archive: Path | None) -> Iterator[Event]:
    """Delete the databases of a month and of those before it, each archived first where there is an ARCHIVE."""
    yield PeriodBegun(month)
    yield from remove(zone, databases, archive=archive)


def _one(zone: Zone, database: str, directory: Path | None) -> Iterator[Event]:
    if directory is None:
        yield DeletionBegun(database)
    else:
        yield from _archive(zone, database, directory)
    yield Deleted(database, bool(changes.delete_database(zone, database)))


def _archive(zone: Zone, database: str, directory: Path) -> Iterator[Event]:
    """Archive a database. Raises Changed, NotArchived, and what keeps it from being archived."""
    from kazoo_sup.kazoo.couchdb import backup
    from kazoo_sup.kazoo.couchdb.backup_file import path_of, read_manifest

    name = plain(database)
    file = path_of(directory, name)
    copied: set[str] = set()
    rows = list(backup.run(zone, [name], directory, verify=True, made=copied.add))
    yield ArchivingBegun(database, str(file))
    if rows[0].get("state") != backup.PLANNED:
        if name not in copied:
            raise NotArchived(database=name, file=file)
        if read_manifest(file).get("changed_meanwhile"):
            raise Changed(database=name)
    yield Archived(database, int(rows[0].get("documents") or 0))
