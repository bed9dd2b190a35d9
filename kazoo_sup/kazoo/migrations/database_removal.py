"""Removing whole databases: orphaned months, deprecated ones, and those that are to be built again.

Before a database is deleted it is copied to a file, and the copy is read again and compared with what was written: no
verified copy, no deletion. `sup couchdb restore FILE` brings it back. Kazoo copies only deprecated databases, and
deletes also those it could not copy.

Source: Kazoo kapps_maintenance:rebuild_db/2, cleanup_orphan_modbs/0, remove_deprecated_databases/0, maybe_delete_db/1.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.migrations import account_refresh
from kazoo_sup.messages.names import account_id, classification, encoded, plain

if TYPE_CHECKING:
    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.zone import Zone

SHOWN = 5
PAUSE = 5000
"""Milliseconds between deleting a database and making it again: a cluster takes its time to forget one."""


@dataclass(frozen=True, slots=True)
class DeprecatedFound:
    """A deprecated database has its turn to be copied, and deleted."""

    database: str


class NotCopied(SupError):
    """database {database} was not deleted: {reason}"""

    database: str
    reason: str


def copies(zone: Zone) -> Path:
    """Return a new place for copies of databases, in the state directory."""
    return zone.state_dir / "copies" / f"{datetime.now(tz=UTC):%Y%m%dT%H%M%S}"


def keep_copy(zone: Zone, database: str, directory: Path) -> Path | None:
    """Copy a database into a file of DIRECTORY, verified; None under --dry-run. Raises NotCopied when that failed."""
    return changes.if_made(zone, lambda: _copied(zone, database, directory))


def _copied(zone: Zone, database: str, directory: Path) -> Path:
    from kazoo_sup.kazoo.couchdb import backup
    from kazoo_sup.kazoo.couchdb.backup_file import path_of

    name = plain(database)
    try:
        row = next(iter(backup.run(zone, [name], directory, verify=True)))
    except SupError as error:
        raise NotCopied(database=name, reason=str(error)) from error
    if row.get("state") != backup.VERIFIED:
        raise NotCopied(database=name, reason=str(row.get("wrong") or row.get("state")))
    return path_of(directory, name)


def remove(zone: Zone, database: str, directory: Path) -> None:
    """Copy a database, and delete it. Raises NotCopied, with nothing deleted."""
    file = keep_copy(zone, database, directory)
    if file is not None:
        zone.run.hint(f"what was in {plain(database)} is in {file}")
    changes.delete_database(zone, encoded(database))


def named(databases: Sequence[str]) -> str:
    """Return a few names of databases, and how many there are."""
    shown = ", ".join(plain(each) for each in islice(databases, SHOWN))
    count = len(databases)
    return shown if count == 1 else f"{count} databases: {shown}{', …' if count > SHOWN else ''}"


def rebuild(zone: Zone, database: str, *, pause: int, directory: Path) -> None:
    """Copy a database, delete it, and make it again, empty, with its views; PAUSE in milliseconds lies between.

    Kazoo makes only those again that every node expects.
    """
    if zone.couchdb.exists(plain(database)):
        remove(zone, database, directory)
        changes.if_made(zone, lambda: time.sleep(max(0, pause) / 1000))
    changes.if_made(zone, lambda: _made_again(zone, database))


def _made_again(zone: Zone, database: str) -> None:
    views.ensure_database(zone, encoded(database))
    account_refresh.one(zone, database)


def orphans(zone: Zone) -> Iterator[str]:
    """Yield the (encoded) databases of months whose account has none."""
    owners = set()
    for name in zone.couchdb.databases(start="account/", end=f"account/{LAST}"):
        kind = classification(name)
        if kind == "account":
            owners.add(account_id(name))
        elif kind == "modb" and account_id(name) not in owners:
            # In CouchDB's order an account's database comes before those of its months.
            yield encoded(name)


def remove_orphans(zone: Zone) -> BulkReport | None:
    """Delete those, each copied to a file before; None where there are none. Asks first."""
    found = list(orphans(zone))
    if not found:
        return None
    zone.run.confirm(f"delete {named(found)}")
    directory = copies(zone)
    parts = Parts(zone)
    for database in found:
        with parts.part(database):
            remove(zone, database, directory)
    return parts.report


def remove_allowed(zone: Zone, database: str) -> bool:
    """Delete a database, copied to a file before; return whether there was one. Asks first.

    Raises Declined where the zone does not let maintenance delete databases.
    """
    if not may_delete(zone):
        raise Declined(reason=f"{database} stays: kazoo_couch.allow_maintenance_db_delete of system_config is not true")
    if not zone.couchdb.exists(database):
        return False
    zone.run.confirm(f"delete database {database} and all that is in it")
    remove(zone, database, copies(zone))
    return True


def deprecated(zone: Zone) -> list[str]:
    """Return the databases that Kazoo has no more use for."""
    return [each for each in zone.couchdb.databases() if classification(each) == "deprecated"]


def may_delete(zone: Zone) -> bool:
    """Return whether the zone lets maintenance delete databases: `kazoo_couch.allow_maintenance_db_delete`."""
    return is_true(system_config.get(zone, "kazoo_couch", "allow_maintenance_db_delete", default=False))


def archive_folder(zone: Zone) -> Path:
    """Return where Kazoo keeps copies of databases it has no more use for: in /tmp, or where TMPDIR says."""
    return Path(system_config.read(zone, "kazoo_data", "default_archive_folder", gettempdir(), TEXT))


def remove_deprecated(zone: Zone) -> Iterator[Event]:
    """Copy each deprecated database, and delete it where the zone lets maintenance do so."""
    found = deprecated(zone)
    allowed = may_delete(zone)
    if found and allowed:
        zone.run.confirm(f"delete {named(found)}")
    directory = archive_folder(zone) / copies(zone).name
    parts = Parts(zone)
    for database in found:
        yield DeprecatedFound(database)
        with parts.part(database):
            if allowed:
                remove(zone, database, directory)
            else:
                keep_copy(zone, database, directory)
                zone.run.warn(f"{database} stays: kazoo_couch.allow_maintenance_db_delete is not true")
    yield parts.report
