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
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import BadArgument, NotFound, SupError
from kazoo_sup.kazoo import gregorian, master_account, nodes, system_config, views
from kazoo_sup.kazoo.couchdb import compaction, databases
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.names import account_database, plain
from kazoo_sup.transports.couchdb_admin import Administration, NotOffered

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

HEADER = "node,database,before_disk,before_data,after_disk,after_data"

_COLUMNS = (
    ("id", 28, "<"),
    ("found", 6, ">"),
    ("compacted", 9, ">"),
    ("skipped", 7, ">"),
    ("recovered", 10, ">"),
    ("started_at", 19, "<"),
    ("finished_at", 19, "<"),
    ("exec_time", 12, ">"),
)
_MONTH = re.compile(r"(\d{4})(\d{1,2})")
_JOB = re.compile(r"(\d{4})(\d{2})-.+")
_COUCH = "kazoo_couch"
_PATIENCE_MS = 360_000
_POLL_SECONDS = 0.5
_ALONE = "nonode@nohost"
"""The node of a CouchDB that is no cluster."""


class StillCompacting(SupError):
    """{database} was still being compacted after {seconds:g} s"""


def month(text: str) -> tuple[int, int] | None:
    """Return year and month of `YYYYMM` or `YYYYM`, None for another text."""
    found = _MONTH.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def history(zone: Zone, year: int, month_: int) -> Iterator[str]:
    """Yield the table of the compactions of a month."""
    archive = _archive(zone, year, month_)
    try:
        rows = list(views.rows(zone, archive, "compaction_jobs", "crossbar_listing", include_docs=True))
    except NotFound:
        rows = []
    if not rows:
        yield "no history found"
        return
    edge = "+".join(["", *("-" * (width + 2) for _name, width, _side in _COLUMNS), ""])
    yield edge
    yield _line([name for name, _width, _side in _COLUMNS])
    yield edge
    for row in rows:
        if row.get("doc"):
            yield _line(_history_cells(row["doc"]))
    yield edge


def job(zone: Zone, identifier: str) -> Iterator[str]:
    """Yield what is kept of one compaction."""
    found = _JOB.fullmatch(identifier)
    year, month_ = (int(found[1]), int(found[2])) if found else this_month()
    document = zone.couchdb.get(plain(_archive(zone, year, month_)), identifier)
    if document is None:
        yield f"failed to get info for job {identifier} with reason: not_found"
        return
    yield from (f"{name}: {value}" for name, value in described(document).items())


def described(document: Document) -> dict[str, Any]:
    """Return what is shown of a compaction (Kazoo kt_compaction_reporter:job_info/1)."""

    def at(*path: str) -> Any:
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
    """Return the databases of which a node of CouchDB has a copy. Raises BadArgument when that is none."""
    admin = Administration(zone.couchdb)
    found = [name for name in zone.couchdb.databases() if node in (_holders(admin, name) or [_ALONE])]
    if not found:
        raise BadArgument(parameter="TARGET", reason=f"no node {node} has a database")
    return found


def compact(zone: Zone, kind: str, names: Sequence[str], only: str | None = None) -> Iterator[str]:
    """Compact databases (plain names) with their views, and yield a line of CSV for each and each of its nodes.

    ONLY shows one node. KIND is what stands in the name of the job, which is kept in the master account's month.
    """
    admin = Administration(zone.couchdb)
    port = str(system_config.get(zone, _COUCH, "admin_port", ""))
    admin_port = int(port) if port.isdecimal() else compaction.ADMIN_PORT
    job: dict[str, Any] = {"started": now(), "shards": 0, "disk": [0, 0], "data": [0, 0], "done": 0}
    yield HEADER
    for name in names:
        before = databases.sizes(name, admin.info(name))
        for _row in compaction.compacted(zone, [name], views=True, at_least=0, admin_port=admin_port):
            pass
        after = before if zone.run.dry_run else _settled(zone, admin, name)
        holders = _holders(admin, name) or [_ALONE]
        job["done"] += 1
        job["shards"] += before.shards or 1
        for place, sizes in enumerate((before, after)):
            job["disk"][place] += sizes.file or 0
            job["data"][place] += sizes.active or 0
        shown = [before.file or 0, before.active or 0, after.file or 0, after.active or 0]
        for node in holders:
            if only in (None, node):
                yield ",".join([node, name, *map(str, shown)])
    if not zone.run.dry_run:
        _keep(zone, _document(zone, kind, job))


def _holders(admin: Administration, name: str) -> list[str]:
    try:
        return sorted({node for copies in admin.shards(name).values() for node in copies})
    except NotOffered:
        return []


def _settled(zone: Zone, admin: Administration, name: str) -> databases.Sizes:
    """Return the sizes of a database once it is compacted no more, or when patience is over, which is told."""
    patience = system_config.get(zone, _COUCH, "max_wait_for_compaction_pids", _PATIENCE_MS)
    seconds = (patience if isinstance(patience, int) else _PATIENCE_MS) / 1000
    until = time.monotonic() + seconds
    while (found := databases.sizes(name, admin.info(name))).compacting:
        if time.monotonic() >= until:
            zone.run.warn(str(StillCompacting(database=name, seconds=seconds)))
            break
        time.sleep(_POLL_SECONDS)
    return found


def _document(zone: Zone, kind: str, job: dict[str, Any]) -> Document:
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
        changes.apply(zone, [Change(archive, document, None)])
    else:
        zone.run.hint(f"there is no database {plain(archive)} to keep the job in")


def this_month() -> tuple[int, int]:
    """Return year and month of now, in UTC."""
    moment = gregorian.moment(now())
    return moment.year, moment.month


def _archive(zone: Zone, year: int, month_: int) -> str:
    return f"{account_database(master_account.require(zone))}-{year:04}{month_:02}"


def _history_cells(document: Document) -> list[str]:
    shown = described(document)
    recovered = value_at(document, ["storage", "disk", "start"], 0) - value_at(document, ["storage", "disk", "end"], 0)
    return [
        str(shown["id"]),
        *(str(shown[each]) for each in ("found_dbs", "compacted_dbs", "skipped_dbs")),
        gregorian.size(recovered, truncated=True),
        *(str(shown[each]) for each in ("started", "finished", "exec_time")),
    ]


def _line(cells: Sequence[str]) -> str:
    shown = (f"{cell[:width]:{side}{width}}" for cell, (_name, width, side) in zip(cells, _COLUMNS, strict=True))
    return f"| {' | '.join(shown)} |"
