"""Splitting the shards of a database in two (CouchDB 3): jobs that run on the nodes, one per copy of a shard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, NotFound, SupError
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.kazoo.zone import awaited

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb import Administration
    from kazoo_sup.transports.couchdb.answers import ReshardAnswer, ReshardJob
    from kazoo_sup.types import Fields, Row
    from kazoo_sup.zone import Run, Zone

JOB_COLUMNS = ("job", "database", "range", "node", "state", "step", "updated", "wrong")
START_COLUMNS = ("node", "shard", "job", "wrong")
RUNNING, STOPPED = "running", "stopped"
COMPLETED, FAILED = "completed", "failed"

_JOB = re.compile(r"\d{3}-[0-9a-f]{16,}")
_SHARD = re.compile(r"shards/([0-9a-f]{8}-[0-9a-f]{8})/(.+?)(?:\.\d+)?")
_RANGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}")


class ShardRefused(SupError):
    """{node} does not split {shard}: {reason}"""

    node: str | None
    shard: str | None
    reason: str


def is_job(word: str) -> bool:
    """Tell the id of a job from the name of a database."""
    return bool(_JOB.fullmatch(word))


def replaced(admin: Administration, state: str, job: str) -> changes.Was:
    """Return what it replaces that resharding, or a job of it, becomes STATE."""
    jobs = [each.get("job_state") for each in admin.reshard_jobs() if each.get("id") == job] if job else []
    before = jobs[0] if jobs else None if job else admin.resharding().get("state")
    if before == state:
        return changes.PASSING
    if before not in (RUNNING, STOPPED):
        return changes.UNKNOWN
    verb = "reshard_start" if before == RUNNING else "reshard_stop"
    return changes.Was(before, ("couchdb", verb, *([job] if job else [])), state)


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


def started(answers: Iterable[ReshardAnswer]) -> Iterator[Row]:
    """Yield a row for each job that was to be created."""
    items = databases.counted("shards")
    for answer in answers:
        refused = None
        if "error" in answer:
            refused = _refused(answer.get("node"), answer.get("shard"), answer["error"])
        yield {
            "node": answer.get("node"),
            "shard": answer.get("shard"),
            "job": answer.get("id"),
            "wrong": databases.attempted(items, refused),
        }
    items.end()


def finished(run: Run, admin: Administration, answers: Sequence[ReshardAnswer]) -> Iterator[Row]:
    """Wait until the jobs that were created, as ANSWERS tell, run no more, and yield them, and what was refused."""
    created = {answer["id"] for answer in answers if "id" in answer}

    def running() -> int:
        return sum(
            job.get("id") in created and job.get("job_state") not in (COMPLETED, FAILED, STOPPED)
            for job in admin.reshard_jobs()
        )

    goes_on = "the shards are split further; sup couchdb reshard_status shows how far that is, reshard_stop stops it"
    awaited.until_none(run, running, label="splitting shards", goes_on=goes_on)
    items = databases.counted("shards")
    for row in jobs(admin.reshard_jobs()):
        if row["job"] in created:
            how = row["wrong"] or f"its job is {row['state']}"
            items.add(None if row["state"] == COMPLETED else _refused(row["node"], row["range"], how))
            yield row
    for answer in answers:
        if "error" in answer:
            refused = _refused(answer.get("node"), answer.get("shard"), answer["error"])
            items.add(refused)
            yield {"node": refused.node, "range": refused.shard, "wrong": str(refused)}
    items.end()


def _refused(node: str | None, shard: str | None, reason: object) -> ShardRefused:
    return ShardRefused(node=node, shard=shard, reason=str(reason))


def jobs(found: Sequence[ReshardJob], wanted: str = "") -> list[Row]:
    """Show jobs, the unfinished ones first; those of the job or the database WANTED only, unless that is empty."""
    rows = [_job(each) for each in found]
    chosen = [row for row in rows if not wanted or wanted in (row["job"], row["database"])]
    return sorted(chosen, key=lambda row: (row["state"] == COMPLETED, str(row["database"]), str(row["range"])))


def check_there(zone: Zone, wanted: str) -> None:
    """Raise NotFound for a job without which the cluster is, and BadArgument for such a database."""
    if is_job(wanted):
        raise NotFound(server="CouchDB", what=f"resharding job {wanted}")
    databases.existing(zone, wanted)


def _job(job: ReshardJob) -> Row:
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


def summary(found: Fields) -> str:
    """Say how resharding stands."""
    counts = ", ".join(f"{found.get(word, 0)} {word}" for word in (RUNNING, STOPPED, FAILED, "completed"))
    reason = f" ({found['state_reason']})" if found.get("state_reason") else ""
    return f"resharding is {found.get('state')}{reason}: {counts}"


def reason(zone: Zone) -> str:
    """Return what a stopped job says of why."""
    return f"by {zone.own_node}"
