"""Restoring a database from a backup: every revision comes back under its own name, so nothing is ever stored twice.

A restore that was cut off is completed by a second run: what is there already is not sent again.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from kazoo_sup import changes
from kazoo_sup.changes import revisions as stored_revisions
from kazoo_sup.changes.revisions import Revision
from kazoo_sup.concurrency import ahead
from kazoo_sup.errors import BadArgument, Declined, SupError
from kazoo_sup.kazoo.couchdb import backup, databases, security
from kazoo_sup.kazoo.couchdb.backup_file import BadBackup, Content, Entry, Pieces, scan
from kazoo_sup.messages.names import encoded

if TYPE_CHECKING:
    from kazoo_sup.results import BulkReport
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "file", "documents", "stored", "there", "state", "wrong")
INLINE = 500_000
"""Attachments of a document go into it while together they have no more bytes; bigger ones are streamed."""
RESTORED, PLANNED, FAILED = "restored", "would be restored", "failed"


class NotEmpty(Declined):
    """database {database} holds what is not in this backup, as {id}; --merge stores the backup beside it"""

    remedy = "--merge stores the backup beside it"

    database: str
    id: str


class NotRestored(SupError):
    """database {database} was not restored as a whole: {reason}"""

    database: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One file that is good, and the database that it shall go into; `exists` tells whether that is there already."""

    file: Path
    manifest: Document
    database: str
    exists: bool


def plan(zone: Zone, files: Sequence[Path], name: str, *, merge: bool) -> list[Plan]:
    """Check every file, and that each database is missing, empty, or holds nothing but what is in its file.

    NAME is the database to restore into in place of the file's own. Raises BadBackup, NotEmpty, or BadArgument for two
    files of one database before anything is written; with `merge` a database may hold anything.
    """
    plans: list[Plan] = []
    for file in files:
        with zone.run.progress(f"checking {file.name}", None):
            manifest = backup.check(file)
        database = name or manifest["database"]
        before = next((each.file for each in plans if each.database == database), None)
        if before is not None and not merge:
            reason = f"{before} and {file} are both of database {database}; --merge stores one beside the other"
            raise BadArgument(parameter="FILE", reason=reason)
        exists = zone.couchdb.exists(database)
        if exists and not merge:
            foreign = _foreign(zone, database, file)
            if foreign is not None:
                raise NotEmpty(database=database, id=foreign)
        plans.append(Plan(file, manifest, database, exists))
    return plans


def planned(zone: Zone, plans: Iterable[Plan]) -> Iterator[Row]:
    """Yield what would be restored."""
    for each in plans:
        missing = _missing(zone, each) if each.exists else each.manifest["revisions"]
        yield _row(each, missing, each.manifest["revisions"] - missing, PLANNED)


def run(zone: Zone, plans: Iterable[Plan], *, merge: bool) -> tuple[list[Row], BulkReport]:
    """Restore each; return a row for each, and what became of them."""
    items = databases.counted("databases")
    rows: list[Row] = []
    for each in plans:
        tally = _restore(zone, each, merge=merge)
        problem = _incomplete(zone, each)
        if tally.errors:
            reason = f"{tally.counts['failed']} revisions were refused, the first: {tally.errors[0]}"
            problem = NotRestored(database=each.database, reason=reason)
        wrong = databases.attempted(items, problem)
        row = _row(each, tally.saved, tally.counts["unchanged"], FAILED if problem else RESTORED)
        rows.append({**row, "wrong": wrong})
    return rows, items.report


def _restore(zone: Zone, each: Plan, *, merge: bool) -> changes.Tally:
    database = encoded(each.database)
    is_new = not each.exists and changes.create_database(zone, database)
    if not merge:
        _secure(zone, each)
    revisions = (_revision(each.file, entry) for entry in _entries(each.file))
    label = f"restoring {each.database}"
    with _numbers_of_any_length():
        return stored_revisions.store(
            zone, database, revisions, total=each.manifest["revisions"], label=label, is_new=is_new
        )


@contextmanager
def _numbers_of_any_length() -> Iterator[None]:
    """Have Python read and write whole numbers of more than its 4,300 digits in the block, as CouchDB does."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


def _secure(zone: Zone, each: Plan) -> None:
    """Let the database be read and administered by whom the backup says."""
    with each.file.open("rb") as stream:
        head, _ = next(scan(stream, each.file))
    told = (head or {}).get("security")
    if isinstance(told, dict):
        security.store(zone, each.database, told)


def _incomplete(zone: Zone, each: Plan) -> SupError | None:
    """Ask for every revision and every document of the backup; return what is wrong, if anything."""
    gone, count = "", 0
    for missing, away in ahead(partial(_otherwise, zone, each.database), _batches(each)):
        if missing:
            return NotRestored(database=each.database, reason=f"document {missing} is not there as it is in the backup")
        if away:
            gone, count = gone or away[0], count + len(away)
    if not count:
        return None
    were = "document was" if count == 1 else "documents were"
    reason = f"{count} {were} deleted there since, {gone} first; an older revision does not undo that"
    return NotRestored(database=each.database, reason=f"{reason}, so restore --as a new database")


def _otherwise(zone: Zone, database: str, batch: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
    """Return the first document of a batch of which a revision is missing, and those that are deleted."""
    listed = zone.couchdb.current_revisions(database, list(batch))
    # What stands there as it is in the backup needs no second look.
    others = {name: revisions for name, revisions in batch.items() if revisions != [listed.get(name)]}
    missing = zone.couchdb.missing_revisions(database, others) if others else {}
    return next(iter(missing), ""), [name for name in others if name not in listed]


def _missing(zone: Zone, each: Plan) -> int:
    """Count the revisions of a backup that the database does not have."""
    return sum(
        len(revisions)
        for batch in _batches(each)
        for revisions in zone.couchdb.missing_revisions(each.database, batch).values()
    )


def _batches(each: Plan) -> Iterator[dict[str, list[str]]]:
    """Yield the revisions of a backup by id, about as many at a time as are stored with one request."""
    entries = _entries(each.file)
    while batch := list(islice(((entry.id, entry.rev) for entry in entries), stored_revisions.BATCH)):
        revisions: dict[str, list[str]] = {}
        for identifier, revision in batch:
            revisions.setdefault(identifier, []).append(revision)
        yield revisions


def _foreign(zone: Zone, database: str, file: Path) -> str | None:
    """Return the first document of a database that is not in the backup as it stands, or None.

    Both are read side by side, in the order of the ids, which is the server's own.
    """
    entries = _entries(file)
    entry = next(entries, None)
    for stored in zone.couchdb.documents(database, include_docs=False):
        while entry is not None and (entry.id != stored["_id"] or entry.rev != stored["_rev"]):
            entry = next(entries, None)
        if entry is None:
            return str(stored["_id"])
    return None


def _entries(file: Path) -> Iterator[Entry]:
    try:
        with file.open("rb") as stream:
            yield from (entry for _head, entry in scan(stream, file) if entry is not None)
    except OSError as error:
        raise BadBackup(file=file, reason=f"cannot be read: {error.strerror}") from None


def _revision(file: Path, entry: Entry) -> Revision:
    try:
        document = {key: each for key, each in entry.document.items() if key != "_attachments"}
    except ValueError as error:
        raise BadBackup(file=file, reason=f"document {entry.id} cannot be read: {error}") from None
    weight = sum(content.length for content in entry.attachments)
    if weight > INLINE:
        from kazoo_sup.transports.couchdb import Attachment

        attachments = (
            Attachment(each.name, each.content_type, each.length, partial(_open, file, each), each.revpos)
            for each in entry.attachments
        )
        return Revision(document, entry.size, tuple(attachments))
    if entry.attachments:
        document["_attachments"] = {each.name: _inline(file, each) for each in entry.attachments}
    return Revision(document, entry.size + weight * 4 // 3)


def _inline(file: Path, content: Content) -> Document:
    with _open(file, content) as pieces:
        data = base64.b64encode(pieces.read()).decode()
    inline = {"content_type": content.content_type, "data": data}
    return inline if content.revpos is None else {**inline, "revpos": content.revpos}


def _open(file: Path, content: Content) -> BinaryIO:
    return cast("BinaryIO", Pieces(file, content))


def _row(each: Plan, stored: int, there: int, state: str) -> Row:
    return {
        "database": each.database,
        "file": str(each.file),
        "documents": each.manifest["documents"],
        "stored": stored,
        "there": there,
        "state": state,
    }
