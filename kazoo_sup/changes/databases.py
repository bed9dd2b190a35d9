"""Whole databases through the door: created, deleted, forgotten; and the events of many changes over one connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer, recording
from kazoo_sup.changes.change import Change, Report
from kazoo_sup.changes.reports import tell
from kazoo_sup.changes.saving import apply
from kazoo_sup.errors import Declined, ExitCode, SupError
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


class NotTold(SupError):
    """the nodes were not told to forget what they know: {reason}"""

    exit_code = ExitCode.PARTIAL

    reason: str


@contextmanager
def together(zone: Zone, *, telling: bool = False) -> Iterator[None]:
    """Publish the events of all changes that are made inside over one connection.

    Where TELLING is all that is done, raises NotTold when the broker did not take them.
    """
    if zone.run.dry_run:
        yield
        return
    with announcer.of(zone) as events:
        yield
    if telling and events.missed:
        raise NotTold(reason=events.missed)


def create_database(zone: Zone, database: str, designs: Sequence[Document] = ()) -> bool:
    """Create a database that is missing, with its design documents, or show it under `--dry-run`.

    Returns False where somebody else has created it meanwhile. Source of the event: Kazoo kz_datamgr:db_create/1;
    saving design documents makes none.
    """
    if zone.run.dry_run:
        tell(zone, Report(database, "", "created", planned=True, designs=tuple(designs)))
        return True
    created = _changed(zone, database, "created", zone.couchdb.create)
    apply(zone, (Change(database, design, None, lambda stored: stored or {}) for design in designs))
    return created


def delete_database(zone: Zone, database: str) -> bool:
    """Delete a database and all that is in it, or show it under `--dry-run`; False when there was none.

    Source of the event: Kazoo kz_datamgr:db_delete/1; without it nodes would go on believing that it exists.
    """
    if zone.run.dry_run:
        tell(zone, Report(database, "", "deleted", planned=True))
        return True
    return _changed(zone, database, "deleted", zone.couchdb.delete)


def _changed(zone: Zone, database: str, act: str, change: Callable[[str], bool]) -> bool:
    """Have a database created or deleted, as ACT says, by CHANGE, which is given its plain name; return what that does.

    It is written down and its event is kept before anything is sent.
    """
    with announcer.of(zone) as events:
        record = recording.of(zone)
        number = record.expect_database(database, act)
        token = events.expect_database(act, database)
        changed = change(plain(database))
        record.settle({number: None} if changed else {}, () if changed else (number,))
        events.announce_database(act, database)
        events.settle(token)
    tell(zone, Report(database, "", act))
    return changed


def forget(zone: Zone, *databases: str) -> None:
    """Make every node drop all it has cached of databases; nothing stored is touched.

    Raises Declined where events were ruled out, and NotTold where the broker did not take them, since nothing else is
    to be done. Source of the event: Kazoo kapi_conf:publish_db_update/3.
    """
    if not zone.run.events:
        raise Declined(reason="with --no-events there is nothing to do")
    if zone.run.dry_run:
        for database in databases:
            tell(zone, Report(database, "", "forgotten", planned=True))
        return
    with together(zone, telling=True), announcer.of(zone) as events:
        for database in databases:
            events.announce_database("edited", database)
