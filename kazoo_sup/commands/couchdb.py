"""CouchDB itself: nodes, databases, compaction, shards, replication, conflicts, backups.

What a server's version does not offer (BigCouch, CouchDB 2) is told, and the command ends with a code that is not 0. A
database goes by its own name, by the one Kazoo uses, or by the id of its account; in a PATTERN of names * and ? stand
for any letters and for one. ALL means every database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.couchdb import backup as backups
from kazoo_sup.kazoo.couchdb import compaction, databases, nodes, replication, resharding, restore, security, tasks
from kazoo_sup.kazoo.couchdb import conflicts as conflicted
from kazoo_sup.kazoo.couchdb import shards as placement
from kazoo_sup.kazoo.couchdb.databases import Database, Pattern
from kazoo_sup.kazoo.values import Json
from kazoo_sup.outcome import NO_RETURN, Outcome, table
from kazoo_sup.transports.couchdb_admin import Administration
from kazoo_sup.zone import Zone


@command
def status(zone: Zone) -> Outcome:
    """Show whether CouchDB is up, its version, and every node of the cluster with what is wrong there.

    The backlog is of internal replication jobs; errors are answers with status 500 since the node started. Exit code 2
    when something is wrong.
    """
    lines, rows, errors, facts = nodes.status(Administration(zone.couchdb))
    return table(nodes.COLUMNS, rows, text=lines, errors=errors, data=facts)


@command
def databases_(zone: Zone, *pattern: Pattern, order: str = "size", top: int = 0) -> Outcome:
    """List the databases, or those that match PATTERN, with documents, sizes in MB, fragmentation in percent.

    ORDER is size, fragmentation, waste, documents (the biggest first), or name, which shows them as they come. TOP
    shows that many only.
    """
    if order not in (*databases.ORDERS, "name"):
        raise BadArgument(parameter="--order", reason=f"{order!r} is none of {', '.join(databases.ORDERS)}, name")
    if top < 0:
        raise BadArgument(parameter="--top", reason="must not be negative")
    names = databases.chosen(zone, pattern, every=not pattern)
    found = databases.sorted_sizes(databases.all_sizes(zone, names), order, top)
    return table(databases.COLUMNS, (each.row for each in found))


@command
def compact(
    zone: Zone,
    *pattern: Pattern,
    all: bool = False,
    views: bool = False,
    fragmentation: int = 0,
    admin_port: int = compaction.ADMIN_PORT,
) -> Outcome:
    """Start the compaction of the databases that match PATTERN, or of ALL; it goes on by itself, see active_tasks.

    VIEWS compacts the indexes too. FRAGMENTATION leaves those alone that have less waste, in percent. Copies on nodes
    that are down are not compacted, which is reported (exit code 5). On BigCouch each shard is compacted on ADMIN_PORT
    of its nodes.
    """
    if not 0 <= fragmentation <= 100:  # noqa: PLR2004 - percent
        raise BadArgument(parameter="--fragmentation", reason="must be from 0 to 100")
    names = databases.chosen(zone, pattern, every=all)
    rows = compaction.compacted(zone, names, views=views, at_least=fragmentation, admin_port=admin_port)
    return table(compaction.COLUMNS, rows)


@command
def view_cleanup(zone: Zone, *pattern: Pattern, all: bool = False) -> Outcome:
    """Remove the index files that no design document needs any more, of databases that match PATTERN, or of ALL."""
    return table(("database", "state", "wrong"), compaction.cleaned(zone, databases.chosen(zone, pattern, every=all)))


@command
def active_tasks(zone: Zone) -> Outcome:
    """Show what the nodes are busy with: compactions, indexes, replications, the longest running first.

    `seconds` is how long a task has been running.
    """
    return table(tasks.COLUMNS, tasks.rows(Administration(zone.couchdb).active_tasks()))


@command
def shards(zone: Zone, database: Database, document: str = "") -> Outcome:
    """Show which nodes hold the shards of DATABASE, or the shard that the document with the id DOCUMENT is in."""
    return table(placement.COLUMNS, placement.rows(Administration(zone.couchdb), database, document))


@command
def reshard(
    zone: Zone,
    action: Literal["start", "status", "stop"],
    target: str = "",
    *,
    on: str = "",
    range: str = "",
) -> Outcome:
    """Split the shards of a database (ACTION start), show the jobs that do (status), or stop them.

    TARGET of start is a database, all of whose shards are split in two, or those on the node ON, or those of RANGE, as
    00000000-7fffffff; it asks first, since shards cannot be joined again. `start JOB` and `stop JOB` go on with a job
    and stop it; without a target they do so with all resharding. TARGET of status is a job or a database.
    """
    admin = Administration(zone.couchdb)
    if action != "start" and (on or range):
        raise BadArgument(parameter="--on --range", reason="are for start")
    if action == "status":
        lines = [resharding.summary(admin.resharding())]
        wanted = target if resharding.is_job(target) or not target else databases.name(target)
        return table(resharding.JOB_COLUMNS, resharding.jobs(admin.reshard_jobs(), wanted), text=lines)
    if action == "stop" or not target or resharding.is_job(target):
        return _resharding(zone, admin, resharding.STOPPED if action == "stop" else resharding.RUNNING, target)
    database = databases.existing(zone, databases.name(target))
    wanted_shards = resharding.checked(admin, database, on, range)
    if zone.run.dry_run:
        return table(resharding.START_COLUMNS, resharding.planned(database, wanted_shards))
    copies = sum(map(len, wanted_shards.values()))
    zone.run.confirm(f"split {copies} copies of shards of {database} in two, which cannot be undone")
    return table(resharding.START_COLUMNS, resharding.start(admin, database, on, range))


def _resharding(zone: Zone, admin: Administration, state: str, job: str) -> Outcome:
    if job and not resharding.is_job(job):
        raise BadArgument(parameter="TARGET", reason=f"{job!r} is not the id of a job; reshard status shows them")
    if not job:
        zone.run.confirm(f"set all resharding of the cluster to {state}")
    if not zone.run.dry_run:
        admin.set_reshard_state(state, resharding.reason(zone), job)
    told = f"job {job}" if job else "resharding"
    return Outcome(text=[f"{told} {'would be' if zone.run.dry_run else 'is'} {state}"], result=NO_RETURN)


@command
def replicate(
    zone: Zone,
    action: Literal["start", "status", "stop"],
    source: str = "",
    target: str = "",
    *,
    continuous: bool = False,
    create_target: bool = False,
    source_auth: str = "",
    target_auth: str = "",
) -> Outcome:
    """Replicate SOURCE to TARGET (ACTION start), show the replications (status), or end the one called SOURCE (stop).

    Each is a database of this cluster or the URL of one elsewhere. SOURCE_AUTH and TARGET_AUTH are files with
    user:password. CONTINUOUS goes on for ever, CREATE_TARGET makes the database. Status ends with exit code 2 when a
    replication has failed or keeps failing.
    """
    if action == "status":
        return table(replication.COLUMNS, replication.checked(replication.status(zone)))
    if not source or bool(target) != (action == "start"):
        usage = {"start": "SOURCE TARGET", "stop": "the id of a replication"}[action]
        raise BadArgument(parameter="SOURCE TARGET", reason=f"replicate {action} takes {usage}")
    if action == "stop":
        zone.run.confirm(f"end replication {source}")
        return Outcome(counts=replication.stop(zone, source).counts)
    ends = [
        replication.endpoint(zone, text, Path(auth).expanduser() if auth else None, name)
        for text, auth, name in ((source, source_auth, "SOURCE"), (target, target_auth, "TARGET"))
    ]
    tally = replication.start(zone, *ends, continuous=continuous, create_target=create_target)
    return table(("id", "state", "source", "target"), [replication.started(tally, *ends)], counts=tally.counts)


@command
def conflicts(zone: Zone, action: Literal["list", "resolve"], database: Database, document: str = "") -> Outcome:
    """List the documents of DATABASE that have losing revisions (ACTION list), or delete those revisions (resolve).

    DOCUMENT is the id of one. The winners stay. Resolving asks first, and --dry-run shows what would be deleted.
    """
    databases.existing(zone, database)
    if action == "list":
        return table(conflicted.COLUMNS, map(conflicted.row, conflicted.found(zone, database, document)))
    documents, losing = conflicted.count(zone, database, document)
    if losing:
        zone.run.confirm(f"delete {losing} losing revisions of {documents} documents in {database}")
    return Outcome(counts=conflicted.resolve(zone, database, document, total=losing).counts)


@command
def security_(zone: Zone, database: Database = "*", object: Json = None) -> Outcome:
    """Show who may administer and read DATABASE, or the databases that match it; set it to OBJECT after asking.

    OBJECT is {"admins": {"names": [], "roles": ["_admin"]}, "members": {"names": [], "roles": ["_admin"]}} or the like.
    A database without members is open to everybody who reaches the server.
    """
    if object is None:
        names = databases.chosen(zone, [database], every=False)
        return table(security.COLUMNS, security.rows(Administration(zone.couchdb), names))
    wanted = security.checked(object)
    databases.existing(zone, database)
    zone.run.confirm(f"change who may administer and read {database}")
    report = security.store(zone, database, wanted)
    return Outcome(counts={report.action: 1})


@command
def backup(zone: Zone, *pattern: Pattern, to: str = "", all: bool = False, verify: bool = False) -> Outcome:
    """Back up the databases that match PATTERN, or ALL, into the directory TO, a file of JSON lines each.

    Documents come with their revisions, conflicts and attachments. ALL leaves out what the cluster keeps about itself
    (_dbs, _nodes, _global_changes). A run that was cut off is completed by the next; what is whole in the directory
    already is left alone, so every new backup needs a directory of its own. VERIFY reads each file again and compares
    counts and SHA-256; without databases that is all it does, for the whole directory.
    """
    if not to:
        raise BadArgument(parameter="--to", reason="name the directory for the backups")
    directory = Path(to).expanduser()
    if verify and not pattern and not all:
        return table(backups.COLUMNS, backups.verified(directory))
    names = databases.chosen(zone, pattern, every=all)
    if all:
        names = backups.worthwhile(names)
    return table(backups.COLUMNS, backups.run(zone, names, directory, verify=verify))


@command
def restore_(zone: Zone, *file: Path, as_: str = "", merge: bool = False) -> Outcome:
    """Restore the backups FILE, each into the database it is of, which is created, or one of them into the database AS.

    Every document comes back under its own revision. Files are checked before, the databases after. A database that
    holds anything that is not in the backup is refused unless MERGE says to store the documents beside what is there,
    which asks. A restore that was cut off is completed by the same command. Nodes hear that the database changed.
    """
    if not file:
        raise BadArgument(parameter="FILE", reason="name the files to restore")
    if as_ and len(file) > 1:
        raise BadArgument(parameter="--as", reason="is for one file")
    plans = restore.plan(zone, file, databases.name(as_) if as_ else "", merge=merge)
    if zone.run.dry_run:
        return table(restore.COLUMNS, restore.planned(zone, plans))
    beside = [each.database for each in plans if each.exists] if merge else []
    if beside:
        zone.run.confirm(f"store what is in the backup beside what is in {', '.join(beside)}")
    rows, errors = restore.run(zone, plans, merge=merge)
    return table(restore.COLUMNS, rows, errors=errors)
