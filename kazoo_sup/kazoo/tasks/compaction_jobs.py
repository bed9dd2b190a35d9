"""Compactions as Kazoo's tasks application keeps them: run, and looked up in the months of the master account.

Source: Kazoo kt_compactor, kt_compaction_reporter. There every shard is compacted on its node's admin port, as it is
here on BigCouch; CouchDB 2 and 3 take the order for the whole database (`kazoo.couchdb.compaction`).
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, NotFound, SupError
from kazoo_sup.kazoo.accounts import master_account
from kazoo_sup.kazoo.bus import nodes
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.couchdb import compaction, databases
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import gregorian, now, value_at
from kazoo_sup.kazoo.documents.shapes import INTEGER, POSITIVE
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.transports.couchdb import Administration
from kazoo_sup.transports.couchdb.admin import NotOffered

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_MONTH = re.compile(r"(\d{4})(\d{1,2})")
_JOB = re.compile(r"(\d{4})(\d{2})-.+")
_COUCH = "kazoo_couch"
_PATIENCE_MS = 360_000
_POLL_SECONDS = 0.5
_ALONE = "nonode@nohost"
"""The node of a CouchDB that is not a cluster."""


class StillCompacting(SupError):
    """{database} was still being compacted after {seconds:g} s"""

    remedy = "it goes on by itself; sup couchdb active_tasks shows how far it is"

    database: str
    seconds: float


def month(text: str) -> tuple[int, int] | None:
    """Return year and month of `YYYYMM` or `YYYYM`, None for another text."""
    found = _MONTH.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class CompactionBegun:
    """Databases are compacted from now on."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """A database (a plain name) of which a node has a copy was compacted; sizes are in bytes, of all its copies."""

    node: str
    database: str
    before_disk: int
    before_data: int
    after_disk: int
    after_data: int


def history(zone: Zone, year: int, month_: int) -> list[Document]:
    """Return the documents of a month's compactions, none where it has no database."""
    archive = _archive(zone, year, month_)
    try:
        rows = list(views.rows(zone, archive, "compaction_jobs", "crossbar_listing", include_docs=True))
    except NotFound:
        rows = []
    return [row["doc"] for row in rows if row.get("doc")]


def job(zone: Zone, identifier: str) -> Document | None:
    """Return the document of one compaction, None where none is kept."""
    found = _JOB.fullmatch(identifier)
    year, month_ = (int(found[1]), int(found[2])) if found else this_month()
    return zone.couchdb.get(plain(_archive(zone, year, month_)), identifier)


def described(document: Document) -> Document:
    """Return what is shown of a compaction (Kazoo kt_compaction_reporter:job_info/1)."""

    def at(*path: str) -> Json:
        return value_at(document, path, 0)

    start, end = at("storage", "disk", "start"), at("storage", "disk", "end")
    started, finished = at("worker", "started"), at("worker", "finished")
    return {
        "id": document["_id"],
        "found_dbs": at("databases", "found"),
        "compacted_dbs": at("databases", "compacted"),
        "skipped_dbs": at("databases", "skipped"),
        "found_shards": at("shards", "found"),
        "compacted_shards": at("shards", "compacted"),
        "disk_start": start,
        "disk_end": end,
        "data_start": at("storage", "data", "start"),
        "data_end": at("storage", "data", "end"),
        "recovered_disk": gregorian.size(start - end),
        "node": at("worker", "node"),
        "pid": at("worker", "pid"),
        "started": gregorian.joined_datetime(started),
        "finished": gregorian.joined_datetime(finished),
        "exec_time": nodes.elapsed(max(0, finished - started)),
    }


def on_node(zone: Zone, node: str) -> list[str]:
    """Return the databases of which a node of CouchDB has a copy. Raises BadArgument when that is not a node."""
    admin = Administration(zone.couchdb)
    parts, found = Parts(zone), list[str]()
    for name in zone.couchdb.databases():
        # Where nothing is known of a database it is compacted: that does no harm.
        held = True
        with parts.part(name):
            held = node in (_holders(admin, name) or [_ALONE])
        if held:
            found.append(name)
    if not found:
        raise BadArgument(parameter="TARGET", reason=f"no node {node} has a database")
    return found


def compact(zone: Zone, kind: str, names: Sequence[str], only: str | None = None) -> Iterator[Event]:
    """Compact databases (plain names) with their views; yield what became of each, for each of its nodes.

    ONLY shows one node. KIND is what is in the name of the job, which is kept in the master account's month.
    """
    admin = Administration(zone.couchdb)
    admin_port = system_config.read(zone, _COUCH, "admin_port", compaction.ADMIN_PORT, POSITIVE)
    job: Document = {"started": now(), "shards": 0, "disk": [0, 0], "data": [0, 0], "done": 0}
    yield CompactionBegun()
    parts = Parts(zone)
    for name in names:
        with parts.part(name):
            before = databases.sizes(name, admin.info(name))
            for _row in compaction.compacted(zone, [name], views=True, at_least=0, admin_port=admin_port):
                pass
            after = changes.if_made(zone, partial(_settled, zone, admin, name)) or before
            holders = _holders(admin, name) or [_ALONE]
            job["done"] += 1
            job["shards"] += before.shards or 1
            for place, sizes in enumerate((before, after)):
                job["disk"][place] += sizes.file or 0
                job["data"][place] += sizes.active or 0
            shown = [before.file or 0, before.active or 0, after.file or 0, after.active or 0]
            for node in holders:
                if only in (None, node):
                    yield Compacted(node, name, *shown)
    changes.if_made(zone, lambda: _keep(zone, _document(zone, kind, job)))
    yield parts.report


def _holders(admin: Administration, name: str) -> list[str]:
    try:
        return sorted({node for copies in admin.shards(name).values() for node in copies})
    except NotOffered:
        return []


def _settled(zone: Zone, admin: Administration, name: str) -> databases.Sizes:
    """Return the sizes of a database once it is compacted no more, or when patience is over, which is reported."""
    seconds = system_config.read(zone, _COUCH, "max_wait_for_compaction_pids", _PATIENCE_MS, INTEGER) / 1000
    until = time.monotonic() + seconds
    while (found := databases.sizes(name, admin.info(name))).compacting:
        if time.monotonic() >= until:
            zone.run.warn(str(StillCompacting(database=name, seconds=seconds)))
            break
        time.sleep(_POLL_SECONDS)
    return found


def _document(zone: Zone, kind: str, job: Document) -> Document:
    finished = now()
    year, month_ = this_month()
    disk, data = job["disk"], job["data"]
    return {
        "_id": f"{year}{month_:02}-{kind}_{secrets.token_hex(4)}",
        "databases": {"found": job["done"], "compacted": job["done"], "queued": 0, "skipped": 0},
        "shards": {"found": job["shards"], "compacted": job["shards"]},
        "storage": {"disk": {"start": disk[0], "end": disk[1]}, "data": {"start": data[0], "end": data[1]}},
        "worker": {
            "pid": f"<0.{os.getpid()}.0>",
            "node": zone.own_node,
            "started": job["started"],
            "finished": finished,
        },
        "pvt_type": "compaction_job",
        "pvt_created": finished,
    }


def _keep(zone: Zone, document: Document) -> None:
    """Keep a job for the history, where the master account has a database for this month."""
    try:
        archive = _archive(zone, *this_month())
    except master_account.NoMasterAccount as error:
        zone.run.hint(str(error))
        return
    if zone.couchdb.exists(plain(archive)):
        changes.create(zone, archive, document).check()
    else:
        zone.run.hint(f"there is no database {plain(archive)} to keep the job in")


def this_month() -> tuple[int, int]:
    """Return year and month of now, in UTC."""
    moment = gregorian.moment(now())
    return moment.year, moment.month


def _archive(zone: Zone, year: int, month_: int) -> str:
    return f"{account_database(master_account.require(zone))}-{year:04}{month_:02}"
