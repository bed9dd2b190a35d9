"""Backups of databases: every revision that counts, with its attachments, into one file a database.

What is read is not one moment of the database but a walk through it: what others save meanwhile is in the backup or
not, and the manifest says whether anything was. Deleted documents, `_local` ones and the history before the current
revisions are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.kazoo.couchdb.backup_file import (
    ENDING,
    PARTIAL,
    BadBackup,
    Counts,
    manifest_path,
    path_of,
    read_manifest,
    scan,
)
from kazoo_sup.kazoo.couchdb.backup_writer import Writer
from kazoo_sup.transports.couchdb_admin import Administration

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.outcome import Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "documents", "attachments", "mb", "state", "wrong")
DONE, WHOLE_ALREADY, PLANNED, VERIFIED, BROKEN = "done", "whole already", "would be backed up", "verified", "failed"
PAGE_BYTES = 4_000_000
FIRST_PAGE, LONGEST_PAGE = 200, 2000
CLUSTERS_OWN = frozenset({"_dbs", "_nodes", "dbs", "nodes", "_global_changes"})
"""What a cluster keeps about itself and must not be given back from another time; two go by other names in BigCouch."""
TRIES = 3
"""How often a document is read again whose attachments are gone before they are read."""


def worthwhile(names: Iterable[str]) -> Iterator[str]:
    """Leave out what is the cluster's own."""
    return (name for name in names if name not in CLUSTERS_OWN)


def run(zone: Zone, names: Iterable[str], directory: Path, *, verify: bool) -> Iterator[Row]:
    """Back up each database into DIRECTORY; yield a row for each. What is whole there already is left alone.

    VERIFY reads each file again afterwards. Raises BadArgument when the directory cannot be made.
    """
    if not zone.run.dry_run:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadArgument(parameter="--to", reason=f"cannot make {directory}: {error.strerror}") from None
    failures = databases.Failures("databases")
    for name in names:
        file = path_of(directory, name)
        try:
            if file.exists():
                row = _shown(read_manifest(file), WHOLE_ALREADY)
            elif zone.run.dry_run:
                info = Administration(zone.couchdb).info(name)
                row = {"database": name, "documents": info.get("doc_count"), "state": PLANNED}
            else:
                row = _shown(_completed(zone, name, file), DONE)
            if verify and not zone.run.dry_run:
                row = _shown(check(file), VERIFIED)
            failures.add()
        except SupError as error:
            if not databases.concerns_one(error):
                raise
            row = {"database": name, "state": BROKEN, "wrong": failures.add(error)}
        yield row
    failures.end()


def verified(directory: Path, names: Sequence[str] = ()) -> Iterator[Row]:
    """Read again the backups in DIRECTORY, all or those of the databases NAMES; yield a row for each.

    A backup that was not finished counts as broken. Raises BadArgument when there is none.
    """
    files = sorted(directory.glob(f"*{ENDING}")) + sorted(directory.glob(f"*{PARTIAL}"))
    if names:
        files = [path_of(directory, name) for name in names]
    if not files:
        raise BadArgument(parameter="--to", reason=f"there are no backups in {directory}")
    failures = databases.Failures("backups")
    for file in files:
        try:
            row = _shown(check(file), VERIFIED)
            failures.add()
        except BadBackup as error:
            row = {"database": file.name, "state": BROKEN, "wrong": failures.add(error)}
        yield row
    failures.end()


def check(file: Path) -> dict[str, Any]:
    """Read a backup from start to end and return its manifest.

    Raises BadBackup unless every line is good and counts and SHA-256 are those of the manifest.
    """
    if file.name.endswith(PARTIAL):
        raise BadBackup(file=file, reason="it is not finished; the same backup made again completes it")
    manifest = read_manifest(file)
    sums = hashlib.sha256()
    counts = Counts()
    last = None
    try:
        with file.open("rb") as stream:
            for _head, entry in scan(stream, file, sums):
                if entry is not None:
                    counts.documents += entry.document["_id"] != last
                    counts.revisions += 1
                    counts.attachments += len(entry.attachments)
                    last = entry.document["_id"]
    except OSError as error:
        raise BadBackup(file=file, reason=f"cannot be read: {error.strerror}") from None
    if sums.hexdigest() != manifest["sha256"]:
        raise BadBackup(file=file, reason=f"its SHA-256 is not the one in {manifest_path(file).name}")
    for what, count in asdict(counts).items():
        if manifest.get(what) != count:
            raise BadBackup(file=file, reason=f"it holds {count} {what}, its manifest says {manifest.get(what)}")
    return manifest


def _completed(zone: Zone, database: str, file: Path) -> dict[str, Any]:
    try:
        return _back_up(zone, database, file)
    except OSError as error:
        raise BadBackup(file=file, reason=f"cannot be written: {error.strerror}") from None


def _back_up(zone: Zone, database: str, file: Path) -> dict[str, Any]:
    admin = Administration(zone.couchdb)
    info = admin.info(database)
    writer = Writer(file)
    try:
        if not writer.head:
            writer.begin(
                {
                    "database": database,
                    "server": admin.product,
                    "began": _now(),
                    "update_seq": info.get("update_seq"),
                    "security": admin.security(database),
                }
            )
        if writer.head["database"] != database:
            raise BadBackup(file=writer.partial, reason=f"it is of database {writer.head['database']}")
        if writer.is_whole:
            return writer.end()
        with zone.run.progress(f"backing up {database}", info.get("doc_count")) as advance:
            advance(writer.counts.documents)
            for document in pages(zone, database, writer):
                _add(zone, database, document, writer)
                advance(1)
        changed = admin.info(database).get("update_seq") != writer.head["update_seq"]
        return writer.end(ended=_now(), changed_meanwhile=changed)
    finally:
        writer.close()


def pages(zone: Zone, database: str, writer: Writer) -> Iterator[Document]:
    """Yield the documents after the last one written, with their conflicts, in pages of about PAGE_BYTES.

    A page is as long as the documents before it let expect, so that neither many small nor a few big ones take much
    memory.
    """
    length, last = FIRST_PAGE, writer.last_id
    while True:
        page = zone.couchdb.documents(database, start=last, page=length, conflicts=True)
        size, count = writer.size, 0
        for document in islice(page, length):
            count += 1
            if document["_id"] != last:  # the first of a page ended the one before
                last = document["_id"]
                yield document
        if count < length:
            return
        average = (writer.size - size) / count + 1
        length = int(min(LONGEST_PAGE, max(2, PAGE_BYTES / average)))


def _add(zone: Zone, database: str, document: Document, writer: Writer) -> None:
    """Write every revision of a document: the one that counts, and those that lost."""
    for _ in range(TRIES):
        losing = document.pop("_conflicts", [])
        if _written(zone, database, document, writer):
            break
        # It was saved anew, and the attachments of the revision that was read are gone.
        again = zone.couchdb.documents(database, start=document["_id"], end=document["_id"], conflicts=True)
        found = next(again, None)
        if found is None:
            return
        document = found
    else:
        raise BadBackup(file=writer.file, reason=f"others keep changing document {document['_id']}")
    for revision in losing:
        older = zone.couchdb.get_revision(database, document["_id"], revision)
        if older is not None:
            _written(zone, database, older, writer)


def _written(zone: Zone, database: str, document: Document, writer: Writer) -> bool:
    def attachment(name: str) -> BinaryIO | None:
        return zone.couchdb.get_attachment(database, document["_id"], name, rev=document["_rev"])

    return writer.add(document, attachment)


def _shown(manifest: dict[str, Any], state: str) -> Row:
    return {
        "database": manifest.get("database"),
        "documents": manifest.get("documents"),
        "attachments": manifest.get("attachments"),
        "mb": databases.megabytes(manifest.get("bytes")),
        "state": f"{state}, of {manifest.get('began')}" if state == WHOLE_ALREADY else state,
    }


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
