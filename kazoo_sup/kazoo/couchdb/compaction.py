"""Compaction and removal of old index files, on every node that has a copy.

CouchDB 2 and 3 pass the order on to every connected node; what a node that is down keeps stays as it is, which is
reported. BigCouch takes it on the admin port of each node, shard by shard. Source: fabric:compact/1, BigCouch
chttpd_db:handle_compact_req/2, Kazoo kt_compactor_worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Declined, ExitCode, NotFound, SupError, TransportError
from kazoo_sup.kazoo.couchdb import databases, nodes
from kazoo_sup.kazoo.couchdb.tasks import of_database
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.transports.couchdb import Administration
from kazoo_sup.transports.couchdb.admin import NotOffered, shard_file

if TYPE_CHECKING:
    from kazoo_sup.kazoo.databases.failures import Attempts
    from kazoo_sup.results import Items
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "node", "file_mb", "fragmentation", "state", "wrong")
WAITED_COLUMNS = ("database", "node", "file_mb", "after_mb", "fragmentation", "state", "wrong")
CLEANED_COLUMNS = ("database", "state", "wrong")
ADMIN_PORT = 5986
"""Kazoo kazoo_config.hrl, ?SECTION_DEFAULTS: admin_port of [bigcouch]."""

STARTED, PLANNED, LEFT, COMPACTED = "started", "would be started", "left alone", "compacted"
_TASKS = ("database_compaction", "view_compaction")


class NodeDown(SupError):
    """{nodes} {verb} down: the copies of {database} there were not {done}"""

    exit_code = ExitCode.PARTIAL
    remedy = "start CouchDB there, then run the same command again"

    nodes: str
    verb: str
    database: str
    done: str


def compacted(
    zone: Zone, names: Iterable[str], *, views: bool, at_least: int, admin_port: int = ADMIN_PORT, wait: bool = False
) -> Iterator[Row]:
    """Start compactions; yield a row per database, or per node on BigCouch.

    VIEWS compacts the indexes too. Databases with less than AT_LEAST percent of waste are left alone. With WAIT each is
    waited for, and the next one begun after it.
    """
    admin = Administration(zone.couchdb)
    found = nodes.cluster(admin)
    items = databases.counted("compactions")
    for each in databases.all_sizes(zone, names):
        shown = {
            "database": each.database,
            "file_mb": databases.megabytes(each.file),
            "fragmentation": each.fragmentation,
        }
        if at_least and (each.fragmentation or 0) < at_least:
            items.add()
            yield {**shown, "state": LEFT}
        elif admin.is_bigcouch:
            told = list(_shard_by_shard(zone, found, each.database, admin_port, views=views))
            after = _awaited(zone, admin, each.database, [problem for _node, problem in told]) if wait else {}
            for node, problem in told:
                yield {**shown, "node": node, **_state(zone, items, problem), **({} if problem else after)}
        else:
            deed = f"compact {each.database}"
            problem = _attempt(zone, deed, partial(_all_at_once, admin, each.database, views=views), items)
            problem = problem or _left_out(admin, found, each.database, "compacted")
            state = _state(zone, items, problem)
            yield {**shown, **state, **(_awaited(zone, admin, each.database, [problem]) if wait else {})}
    items.end()


def cleaned(zone: Zone, names: Iterable[str]) -> Iterator[Row]:
    """Remove index files that no design document needs any more; yield a row per database."""
    admin = Administration(zone.couchdb)
    found = nodes.cluster(admin)
    items = databases.counted("databases")
    for name in names:
        problem = _attempt(zone, f"clean the views of {name}", partial(admin.clean_views, name), items)
        problem = problem or _left_out(admin, found, name, "cleaned")
        yield {"database": name, **_state(zone, items, problem)}
    items.end()


def _awaited(zone: Zone, admin: Administration, database: str, problems: Sequence[SupError | None]) -> Document:
    """Wait until a database is compacted no more, where that was begun anywhere; return what is shown of it then."""
    if all(problem is not None and not isinstance(problem, NodeDown) for problem in problems):
        return {}
    return changes.if_made(zone, lambda: _until_compacted(zone, admin, database), shown=dict)


def _until_compacted(zone: Zone, admin: Administration, database: str) -> Document:
    def running() -> int:
        tasks = sum(
            task.get("type") in _TASKS and of_database(task.get("database")) == database
            for task in admin.active_tasks()
        )
        return tasks or int(databases.sizes(database, admin.info(database)).compacting)

    goes_on = f"the compaction of {database} goes on; sup couchdb active_tasks --wait waits for it"
    awaited.until_none(zone.run, running, label=f"compacting {database}", goes_on=goes_on)
    after = databases.sizes(database, admin.info(database))
    return {"state": COMPACTED, "after_mb": databases.megabytes(after.file)}


def _all_at_once(admin: Administration, database: str, *, views: bool) -> None:
    admin.compact(database)
    if views:
        for design in admin.design_documents(database):
            admin.compact(database, design)


def _shard_by_shard(
    zone: Zone, found: nodes.Cluster, database: str, admin_port: int, *, views: bool
) -> Iterator[tuple[str, SupError | None]]:
    """Compact every shard of a database on every node; yield each node with what went wrong there."""
    by_node: dict[str, list[str]] = {}
    reading: SupError | None = None
    for asked in found.connected or found.names:
        try:
            by_node = _placement(zone, asked, admin_port, database)
            break
        except SupError as error:
            reading = error
    else:
        yield "", reading or NotFound(server="CouchDB", what="node that is connected")
        return
    for node, files in sorted(by_node.items()):
        if node in found.down:
            yield node, NodeDown(nodes=node, verb="is", database=database, done="compacted")
            continue

        def compact(node: str = node, files: list[str] = files) -> None:
            backdoor = Administration(zone.connections.couchdb_of(node, admin_port))
            for file in files:
                _all_at_once(backdoor, file, views=views)

        yield node, _attempt(zone, f"compact {database} on {node}", compact)


def _placement(zone: Zone, node: str, admin_port: int, database: str) -> dict[str, list[str]]:
    """Return the shard files of a database on each node, from the `dbs` database of one node (mem3_util)."""
    found = zone.connections.couchdb_of(node, admin_port).get("dbs", database)
    if found is None:
        raise NotFound(server=f"BigCouch node {node}", what=f"document {database} in its database dbs")
    suffix = "".join(map(chr, found.get("shard_suffix", [])))
    return {each: [shard_file(span, database, suffix) for span in spans] for each, spans in found["by_node"].items()}


def _attempt(
    zone: Zone, deed: str, work: Callable[[], object], databases_so_far: Attempts | None = None
) -> SupError | None:
    """Do it, unless this is a dry run; return what went wrong with this one database, or this one node."""
    try:
        changes.act(zone, deed, work, was=changes.PASSING, shown=lambda: None)
    except (TransportError, Declined) as error:
        if databases_so_far is not None:
            databases_so_far.bear(error)
        return error
    return None


def _left_out(admin: Administration, found: nodes.Cluster, database: str, done: str) -> SupError | None:
    """Return the error that names the nodes which are down and have copies of a database."""
    if not found.down:
        return None
    try:
        holders = {node for copies in admin.shards(database).values() for node in copies}
    except NotOffered:
        return None
    missing = nodes.without(sorted(holders), found)
    if not missing:
        return None
    verb = "is" if len(missing) == 1 else "are"
    return NodeDown(nodes=", ".join(missing), verb=verb, database=database, done=done)


def _state(zone: Zone, items: Items, problem: SupError | None) -> Document:
    wrong = databases.attempted(items, problem)
    if problem is None or isinstance(problem, NodeDown):
        return {"state": changes.if_made(zone, lambda: STARTED, shown=lambda: PLANNED), "wrong": wrong}
    return {"state": "failed", "wrong": wrong}
