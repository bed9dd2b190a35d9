"""CouchDB itself: nodes, databases, compaction, shards, replication, conflicts, backups.

What a server's version does not offer (BigCouch, CouchDB 2) is told, and the command ends with a code that is not 0. A
database goes by its own name, by the one Kazoo uses, or by the id of its account; in a PATTERN of names * and ? stand
for any letters and for one. --all means every database.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.arguments.databases import Database, Pattern
from kazoo_sup.arguments.reads import FileName
from kazoo_sup.arguments.values import Json
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.couchdb import backup as backups
from kazoo_sup.kazoo.couchdb import compaction, databases, nodes, replication, resharding, restore, security, tasks
from kazoo_sup.kazoo.couchdb import conflicts as conflicted
from kazoo_sup.kazoo.couchdb import shards as placement
from kazoo_sup.results import NO_RETURN, BulkReport, Done, Listing, Live, Page, Result, working
from kazoo_sup.texts.couchdb import cluster_lines
from kazoo_sup.transports.couchdb import Administration
from kazoo_sup.zone import Zone


@command
def status(zone: Zone) -> Listing:
    """Show whether CouchDB is up, its version, and every node of the cluster with what is wrong there.

    The backlog is of internal replication jobs; errors are answers with status 500 since the node started. Exit code 2
    when something is wrong.
    """
    found = nodes.status(Administration(zone.couchdb), nodes.patience(zone))
    lines, report = list(cluster_lines(found)), BulkReport(errors=found.errors)
    return Listing(nodes.COLUMNS, found.rows, data=found.as_data(), lines=lines, report=report)


@command
def databases_(zone: Zone, *pattern: Pattern, order: str = "size", top: int = 0) -> Listing:
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
    return Listing(databases.COLUMNS, (each.row for each in found))


@command
def compact(
    zone: Zone,
    *pattern: Pattern,
    all: bool = False,
    views: bool = False,
    fragmentation: int = 0,
    admin_port: int = compaction.ADMIN_PORT,
    wait: bool = False,
) -> Live:
    """Start the compaction of the databases that match PATTERN, or of --all; it goes on by itself, see active_tasks.

    --views compacts the indexes too. FRAGMENTATION leaves those alone that have less waste, in percent. --wait compacts
    one database after the other, which takes the least of the disk, and tells the size of each after it; with -t
    SECONDS it gives up (exit code 4), and what was begun goes on. Copies on nodes that are down are not compacted,
    which is reported (exit code 5). On BigCouch each shard is compacted on ADMIN_PORT of its nodes.
    """
    if not 0 <= fragmentation <= 100:  # noqa: PLR2004 - percent
        raise BadArgument(parameter="--fragmentation", reason="must be from 0 to 100")
    names = databases.chosen(zone, pattern, every=all)
    rows = compaction.compacted(zone, names, views=views, at_least=fragmentation, admin_port=admin_port, wait=wait)
    return working(compaction.WAITED_COLUMNS if wait else compaction.COLUMNS, rows)


@command
def view_cleanup(zone: Zone, *pattern: Pattern, all: bool = False) -> Live:
    """Remove the index files that no design document needs any more, of databases that match PATTERN, or with --all."""
    return working(compaction.CLEANED_COLUMNS, compaction.cleaned(zone, databases.chosen(zone, pattern, every=all)))


@command
def active_tasks(zone: Zone, *, watch: bool = False, wait: bool = False) -> Listing | Live:
    """Show what the nodes are busy with: compactions, indexes, replications, the longest running first.

    `seconds` is how long a task has been running. --watch shows it every 2 seconds; --wait ends when nothing runs any
    more but continuous replications, and shows those; together they show how it goes until then. With -t SECONDS who
    waits gives up (exit code 4).
    """
    administration = Administration(zone.couchdb)
    if not (watch or wait):
        return Listing(tasks.COLUMNS, tasks.rows(administration.active_tasks()))
    found = tasks.pages(administration.active_tasks, watch=watch, wait=wait)
    return Live(map(Page, found), term=NO_RETURN, watched=True, columns=tasks.COLUMNS)


@command
def shards(zone: Zone, database: Database, document: str = "") -> Listing:
    """Show which nodes hold the shards of DATABASE, or the shard that the document with the id DOCUMENT is in."""
    return Listing(placement.COLUMNS, placement.rows(Administration(zone.couchdb), database, document))


@command
def reshard_start(zone: Zone, target: str = "", *, on: str = "", range: str = "", wait: bool = False) -> Result:
    """Split the shards of a database, or go on with resharding that was stopped.

    TARGET is a database, all of whose shards are split in two, or those on the node ON, or those of RANGE, as
    00000000-7fffffff; it asks first, since shards cannot be joined again. With a job for TARGET that job goes on, and
    without a target all resharding does. With --wait it ends when the shards are split, or with exit code 4 after -t
    SECONDS, while that goes on.
    """
    if not target or resharding.is_job(target):
        if on or range or wait:
            raise BadArgument(parameter="--on --range --wait", reason="are for a database")
        return _resharding(zone, resharding.RUNNING, target)
    admin = Administration(zone.couchdb)
    database = databases.existing(zone, databases.name(target))
    wanted_shards = resharding.checked(admin, database, on, range)
    copies = sum(map(len, wanted_shards.values()))
    answers = changes.act(
        zone,
        f"split {copies} copies of shards of {database} in two, which cannot be undone",
        lambda: list(admin.reshard(database, node=on, span=range)),
        confirm=True,
        shown=lambda: None,
    )
    planned = answers is None
    if wait and not planned:
        return Listing(resharding.JOB_COLUMNS, resharding.finished(zone.run, admin, answers or ()))
    rows = resharding.planned(database, wanted_shards) if planned else resharding.started(answers or ())
    return Listing(resharding.START_COLUMNS, rows)


@command
def reshard_status(zone: Zone, target: str = "") -> Listing:
    """Show the jobs that split shards: all, or those of TARGET, a database or the id of a job."""
    admin = Administration(zone.couchdb)
    lines = [resharding.summary(admin.resharding())]
    wanted = target if resharding.is_job(target) or not target else databases.name(target)
    jobs = resharding.jobs(admin.reshard_jobs(), wanted)
    if wanted and not jobs:
        resharding.check_there(zone, wanted)
    return Listing(resharding.JOB_COLUMNS, jobs, lines=lines)


@command
def reshard_stop(zone: Zone, job: str = "") -> Done:
    """Stop the job JOB that splits shards; without one all resharding, after asking."""
    return _resharding(zone, resharding.STOPPED, job)


def _resharding(zone: Zone, state: str, job: str) -> Done:
    if job and not resharding.is_job(job):
        raise BadArgument(parameter="JOB", reason=f"{job!r} is not the id of a job; reshard status shows them")
    if not job:
        zone.run.confirm(f"set all resharding of the cluster to {state}")
    admin = Administration(zone.couchdb)
    told = f"job {job}" if job else "resharding"
    was = resharding.replaced(admin, state, job)

    def set_it() -> str:
        admin.set_reshard_state(state, resharding.reason(zone), job)
        return "is"

    verb = changes.act(
        zone,
        f"set {told} to {state}",
        set_it,
        was=was,
        shown=lambda: "would be",
    )
    return Done(NO_RETURN, [f"{told} {verb} {state}"])


@command
def replicate_start(
    zone: Zone,
    source: str,
    target: str,
    *,
    continuous: bool = False,
    create_target: bool = False,
    source_auth: FileName = "",
    target_auth: FileName = "",
    wait: bool = False,
) -> Listing:
    """Replicate SOURCE to TARGET, each a database of this cluster or the URL of one elsewhere.

    SOURCE_AUTH and TARGET_AUTH are files with user:password. --continuous goes on for ever, --create-target makes the
    database. With --wait it ends when the replication has, with exit code 2 where that has failed, or with 4 after -t
    SECONDS, while it goes on.
    """
    if wait and continuous:
        raise BadArgument(parameter="--wait", reason="a continuous replication does not end")
    ends = [
        replication.endpoint(zone, text, Path(auth).expanduser() if auth else None, name)
        for text, auth, name in ((source, source_auth, "SOURCE"), (target, target_auth, "TARGET"))
    ]
    tally = replication.start(zone, *ends, continuous=continuous, create_target=create_target)
    if wait and tally.counts:
        return Listing(replication.COLUMNS, replication.checked(replication.finished(zone, tally.document["_id"])))
    return Listing(
        ("id", "state", "source", "target"), [replication.started(tally, *ends)], report=BulkReport(tally.counts)
    )


@command
def replicate_status(zone: Zone, replication_id: str = "") -> Listing:
    """Show the replications, or the one with the id REPLICATION_ID; exit code 2 when one failed or keeps failing."""
    return Listing(replication.COLUMNS, replication.checked(replication.status(zone, replication_id)))


@command
def replicate_stop(zone: Zone, replication_id: str) -> Done:
    """End the replication whose id is REPLICATION_ID, after asking."""
    zone.run.confirm(f"end replication {replication_id}")
    return Done(report=BulkReport(replication.stop(zone, replication_id).counts))


@command
def conflicts_list(zone: Zone, database: Database, document: str = "") -> Listing:
    """List the documents of DATABASE that have losing revisions, or the one with the id DOCUMENT."""
    databases.existing(zone, database)
    conflicted.check_there(zone, database, document)
    return Listing(conflicted.COLUMNS, map(conflicted.row, conflicted.found(zone, database, document)))


@command
def conflicts_resolve(zone: Zone, database: Database, document: str = "") -> Done:
    """Delete the losing revisions of the documents of DATABASE, or of the one with the id DOCUMENT; the winners stay.

    It asks first, and --dry-run shows what would be deleted.
    """
    databases.existing(zone, database)
    conflicted.check_there(zone, database, document)
    documents, losing = conflicted.count(zone, database, document)
    if losing:
        zone.run.confirm(f"delete {losing} losing revisions of {documents} documents in {database}")
    return Done(report=BulkReport(conflicted.resolve(zone, database, document, total=losing).counts))


@command
def security_(zone: Zone, database: Database = "*", object: Json = None) -> Done | Listing:
    """Show who may administer and read DATABASE, or the databases that match it; set it to OBJECT after asking.

    OBJECT is {"admins": {"names": [], "roles": ["_admin"]}, "members": {"names": [], "roles": ["_admin"]}} or the like.
    A database without members is open to everybody who reaches the server.
    """
    if object is None:
        names = databases.chosen(zone, [database], every=False)
        return Listing(security.COLUMNS, security.rows(Administration(zone.couchdb), names))
    wanted = security.checked(object)
    databases.existing(zone, database)
    zone.run.confirm(f"change who may administer and read {database}")
    report = security.store(zone, database, wanted)
    return Done(report=BulkReport({report.action: 1}))


@command
def backup(zone: Zone, *pattern: Pattern, to: FileName = "", all: bool = False, verify: bool = False) -> Listing | Live:
    """Back up the databases that match PATTERN, or --all, into the directory TO, a file of JSON lines each.

    Documents come with their revisions, conflicts and attachments. --all leaves out what the cluster keeps about itself
    (_dbs, _nodes, _global_changes). A run that was cut off is completed by the next; what is whole in the directory
    already is left alone, so every new backup needs a directory of its own. --verify reads each file again and compares
    counts and SHA-256; without databases that is all it does, for the whole directory.
    """
    if not to:
        raise BadArgument(parameter="--to", reason="name the directory for the backups")
    directory = Path(to).expanduser()
    if verify and not pattern and not all:
        return Listing(backups.COLUMNS, backups.verified(directory))
    names = databases.chosen(zone, pattern, every=all)
    if all:
        names = backups.worthwhile(names)
    return working(backups.COLUMNS, backups.run(zone, names, directory, verify=verify))


@command
def restore_(zone: Zone, *file: Path, as_: str = "", merge: bool = False) -> Listing:
    """Restore the backups FILE, each into the database it is of, which is created, or one of them into the database AS.

    Every document comes back under its own revision. Files are checked before, the databases after. A database that
    holds anything that is not in the backup is refused unless --merge says to store the documents beside what is there,
    which asks. A restore that was cut off is completed by the same command. Nodes hear that the database changed.
    """
    if not file:
        raise BadArgument(parameter="FILE", reason="name the files to restore")
    if as_ and len(file) > 1:
        raise BadArgument(parameter="--as", reason="is for one file")
    plans = restore.plan(zone, file, databases.name(as_) if as_ else "", merge=merge)
    return changes.if_made(
        zone,
        lambda: _restored(zone, plans, merge=merge),
        shown=lambda: Listing(restore.COLUMNS, restore.planned(zone, plans)),
    )


def _restored(zone: Zone, plans: Sequence[restore.Plan], *, merge: bool) -> Listing:
    beside = [each.database for each in plans if each.exists] if merge else []
    if beside:
        zone.run.confirm(f"store what is in the backup beside what is in {', '.join(beside)}")
    rows, report = restore.run(zone, plans, merge=merge)
    return Listing(restore.COLUMNS, rows, report=report)
