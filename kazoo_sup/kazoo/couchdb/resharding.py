"""Splitting the shards of a database in two (CouchDB 3): jobs that run on the nodes, one per copy of a shard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo.couchdb import databases

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row
    from kazoo_sup.transports.couchdb_admin import Administration
    from kazoo_sup.zone import Zone

JOB_COLUMNS = ("job", "database", "range", "node", "state", "step", "updated", "wrong")
START_COLUMNS = ("node", "shard", "job", "wrong")
RUNNING, STOPPED = "running", "stopped"
FAILED = "failed"

_JOB = re.compile(r"\d{3}-[0-9a-f]{16,}")
_SHARD = re.compile(r"shards/([0-9a-f]{8}-[0-9a-f]{8})/(.+?)(?:\.\d+)?")
_RANGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}")


class ShardRefused(NotFound):
    """{node} does not split {shard}: {reason}"""


def is_job(word: str) -> bool:
    """Tell the id of a job from the name of a database."""
    return bool(_JOB.fullmatch(word))


def checked(admin: Administration, database: str, node: str, span: str) -> dict[str, list[str]]:
    """Return the ranges that are to be split, with the nodes that hold copies.

    Raises BadArgument for a node or a range without such a copy.
    """
    if span and not _RANGE.fullmatch(span):
        raise BadArgument(parameter="--range", reason=f"{span!r} does not read like 00000000-7fffffff")
    admin.resharding()  # whether the server can do it at all
    shards = admin.shards(database)
    if span and span not in shards:
        raise BadArgument(parameter="--range", reason=f"database {database} has no range {span}")
    wanted = {
        each: [holder for holder in holders if holder == node or not node]
        for each, holders in sorted(shards.items())
        if each == span or not span
    }
    if not any(wanted.values()):
        raise BadArgument(parameter="--on", reason=f"{node} holds nothing of database {database}")
    return {each: holders for each, holders in wanted.items() if holders}


def planned(database: str, wanted: dict[str, list[str]]) -> Iterator[Row]:
    """Yield what starting would split."""
    for span, holders in wanted.items():
        for holder in holders:
            yield {"node": holder, "shard": f"{span} of {database}"}


def start(admin: Administration, database: str, node: str, span: str) -> Iterator[Row]:
    """Create the jobs; yield a row for each."""
    failures = databases.Failures("shards")
    for answer in admin.reshard(database, node=node, span=span):
        refused = None
        if "error" in answer:
            shown = {"node": answer.get("node"), "shard": answer.get("shard")}
            refused = ShardRefused(**shown, reason=str(answer["error"]))
        yield {
            "node": answer.get("node"),
            "shard": answer.get("shard"),
            "job": answer.get("id"),
            "wrong": failures.add(refused),
        }
    failures.end()


def jobs(found: Sequence[dict[str, Any]], wanted: str = "") -> list[Row]:
    """Show jobs, the unfinished ones first; those of the job or the database WANTED only, unless that is empty."""
    rows = [_job(each) for each in found]
    chosen = [row for row in rows if not wanted or wanted in (row["job"], row["database"])]
    return sorted(chosen, key=lambda row: (row["state"] == "completed", str(row["database"]), str(row["range"])))


def _job(job: dict[str, Any]) -> Row:
    shard = _SHARD.fullmatch(str(job.get("source")))
    reason = (job.get("state_info") or {}).get("reason")
    return {
        "job": job.get("id"),
        "database": shard.group(2) if shard else job.get("source"),
        "range": shard.group(1) if shard else None,
        "node": job.get("node"),
        "state": job.get("job_state"),
        "step": job.get("split_state"),
        "updated": job.get("update_time"),
        "wrong": (str(reason) if reason else "failed") if job.get("job_state") == FAILED else reason,
    }


def summary(found: dict[str, Any]) -> str:
    """Say how resharding stands."""
    counts = ", ".join(f"{found.get(word, 0)} {word}" for word in (RUNNING, STOPPED, FAILED, "completed"))
    reason = f" ({found['state_reason']})" if found.get("state_reason") else ""
    return f"resharding is {found.get('state')}{reason}: {counts}"


def reason(zone: Zone) -> str:
    """Return what a stopped job says of why."""
    return f"by {zone.own_node}"
