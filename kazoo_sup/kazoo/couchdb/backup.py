"""Backups of databases: every revision that counts, with its attachments, into one file a database.

What is read is not one moment of the database but a walk through it: what others save meanwhile is in the backup or
not, and the manifest says whether anything was. Deleted documents, `_local` ones and the history before the current
revisions are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from kazoo_sup import changes
from kazoo_sup.concurrency import outcome
from kazoo_sup.errors import BadArgument, Declined, TransportError
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
from kazoo_sup.settings import own_files
from kazoo_sup.transports.couchdb import Administration

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb.sent import Sent
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "documents", "attachments", "mb", "state", "wrong")
DONE, WHOLE_ALREADY, PLANNED, VERIFIED, BROKEN = "done", "whole already", "would be backed up", "verified", "failed"
PAGE_BYTES = 2_000_000
FIRST_PAGE, LONGEST_PAGE = 200, 4000
AHEAD = 2
"""How many pages are asked for while one is written."""
CLUSTERS_OWN = frozenset({"_dbs", "_nodes", "dbs", "nodes", "_global_changes"})
"""What a cluster keeps about itself and must not be given back from another time; two go by other names in BigCouch."""
TRIES = 3
"""How often a document is read again whose attachments are gone before they are read."""


def worthwhile(names: Iterable[str]) -> Iterator[str]:
    """Leave out what is the cluster's own."""
    return (name for name in names if name not in CLUSTERS_OWN)


def run(
    zone: Zone,
    names: Iterable[str],
    directory: Path,
    *,
    verify: bool,
    made: Callable[[str], object] = lambda database: None,
) -> Iterator[Row]:
    """Back up each database into DIRECTORY; yield a row for each. What is whole there already is left alone.

    VERIFY reads each file again afterwards. MADE is told each database of which this run made a whole backup, read
    again if VERIFY says so. What is there already and belongs to another user counts as failed. Raises BadArgument when
    the directory cannot be made or is another user's.
    """
    try:
        changes.if_made(zone, lambda: own_files.directory(directory))
    except OSError as error:
        raise BadArgument(parameter="--to", reason=f"cannot use {directory}: {error.strerror}") from None
    items = databases.counted("databases")
    for name in names:
        file = path_of(directory, name)
        try:
            if file.exists():
                _see_that_it_is_ours(file)
            make = partial(_backed_up, zone, name, file, verify=verify, made=made)
            row = changes.if_made(zone, make, shown=partial(_planned, zone, name, file))
            items.add()
        except (TransportError, BadBackup, Declined) as error:
            items.bear(error)
            row = {"database": name, "state": BROKEN, "wrong": databases.attempted(items, error)}
        yield row
    items.end()


def _backed_up(zone: Zone, name: str, file: Path, *, verify: bool, made: Callable[[str], object]) -> Row:
    is_whole = file.exists()
    row = _shown(read_manifest(file), WHOLE_ALREADY) if is_whole else _shown(_completed(zone, name, file), DONE)
    if verify:
        row = _shown(check(file), VERIFIED)
    if not is_whole:
        made(name)
    return row


def _planned(zone: Zone, name: str, file: Path) -> Row:
    if file.exists():
        return _shown(read_manifest(file), WHOLE_ALREADY)
    info = Administration(zone.couchdb).info(name)
    return {"database": name, "documents": info.get("doc_count"), "state": PLANNED}


def _see_that_it_is_ours(file: Path) -> None:
    for each in (file, manifest_path(file)):
        if each.exists() and not own_files.is_ours(each):
            raise BadBackup(file=each, reason="it is there already, and another user or a link has put it there")


def verified(directory: Path) -> Iterator[Row]:
    """Read again the backups in DIRECTORY; yield a row for each.

    A backup that was not finished counts as broken. Raises BadArgument when there is none.
    """
    files = sorted(directory.glob(f"*{ENDING}")) + sorted(directory.glob(f"*{PARTIAL}"))
    if not files:
        raise BadArgument(parameter="--to", reason=f"there are no backups in {directory}")
    items = databases.counted("backups")
    for file in files:
        try:
            row = _shown(check(file), VERIFIED)
            items.add()
        except BadBackup as error:
            row = {"database": file.name, "state": BROKEN, "wrong": databases.attempted(items, error)}
        yield row
    items.end()


def check(file: Path) -> Document:
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
                    counts.documents += entry.id != last
                    counts.revisions += 1
                    counts.attachments += len(entry.attachments)
                    last = entry.id
    except OSError as error:
        raise BadBackup(file=file, reason=f"cannot be read: {error.strerror}") from None
    if sums.hexdigest() != manifest["sha256"]:
        raise BadBackup(file=file, reason=f"its SHA-256 is not the one in {manifest_path(file).name}")
    for what, count in asdict(counts).items():
        if manifest.get(what) != count:
            raise BadBackup(file=file, reason=f"it holds {count} {what}, its manifest says {manifest.get(what)}")
    return manifest


def _completed(zone: Zone, database: str, file: Path) -> Document:
    try:
        return _back_up(zone, database, file)
    except OSError as error:
        raise BadBackup(file=file, reason=f"cannot be written: {error.strerror}") from None


def _back_up(zone: Zone, database: str, file: Path) -> Document:
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
            for page in pages(zone, database, writer):
                for are_plain, documents in groupby(page, attrgetter("is_plain")):
                    if are_plain:
                        writer.add_plain(documents)
                        continue
                    for each in documents:
                        _add(zone, database, json.loads(each.text), writer)
                advance(len(page))
        after = admin.info(database)
        changed = after.get("update_seq") != writer.head["update_seq"]
        there, read = after.get("doc_count"), writer.counts.documents
        if not changed and there not in (None, read):
            zone.run.warn(f"CouchDB counts {there} documents in {database} and listed {read}, which the backup holds")
        return writer.end(ended=_now(), changed_meanwhile=changed)
    finally:
        writer.close()


class _Page(NamedTuple):
    documents: list[Sent]
    is_last: bool


def pages(zone: Zone, database: str, writer: Writer) -> Iterator[list[Sent]]:
    """Yield the documents after the last one written, with their conflicts, in pages of about PAGE_BYTES.

    A page is as long as the documents before it let expect, so that neither many small nor a few big ones take much
    memory. The next two are asked for while one is written, so that the server need not wait.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    length, first = FIRST_PAGE, writer.last_id

    def read(before: Future[_Page] | None) -> _Page:
        if before is not None and before.result().is_last:
            return before.result()
        start = before.result().documents[-1].id if before else first
        most = length
        page = list(islice(zone.couchdb.documents_as_sent(database, start=start, page=most), most))
        return _Page(page, len(page) < most)

    pool = ThreadPoolExecutor(1, thread_name_prefix="page")
    try:
        asked = deque([pool.submit(read, None)])
        last, ahead = first, 1  # until it is known how much memory a page takes
        while True:
            while len(asked) <= ahead:
                asked.append(pool.submit(read, asked[-1]))
            page, is_last = outcome(asked.popleft())
            size = writer.size
            # The first of a page ended the one before.
            yield page[1:] if page and page[0].id == last else page
            if is_last:
                return
            last = page[-1].id
            average = (writer.size - size) / len(page) + 1
            length, ahead = int(min(LONGEST_PAGE, max(2, PAGE_BYTES / average))), AHEAD
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _add(zone: Zone, database: str, document: Document, writer: Writer) -> None:
    """Write every revision of a document: the one that counts, and those that lost."""
    for _ in range(TRIES):
        losing = document.pop("_conflicts", [])
        if _written(zone, database, document, writer):
            break
        # It was saved again, and the attachments of the revision that was read are gone.
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


def _shown(manifest: Document, state: str) -> Row:
    return {
        "database": manifest.get("database"),
        "documents": manifest.get("documents"),
        "attachments": manifest.get("attachments"),
        "mb": databases.megabytes(manifest.get("bytes")),
        "state": f"{state}, of {manifest.get('began')}" if state == WHOLE_ALREADY else state,
    }


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
