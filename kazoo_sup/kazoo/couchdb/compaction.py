"""Compaction and removal of old index files, on every node that has a copy.

CouchDB 2 and 3 pass the order on to every connected node; what a node that is down keeps stays as it is, which is
reported. BigCouch takes it on the admin port of each node, shard by shard. Source: fabric:compact/1, BigCouch
chttpd_db:handle_compact_req/2, Kazoo kt_compactor_worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.couchdb import databases, nodes
from kazoo_sup.transports.couchdb_admin import Administration, NotOffered, shard_file

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "node", "file_mb", "fragmentation", "state", "wrong")
ADMIN_PORT = 5986
"""Kazoo kazoo_config.hrl, ?SECTION_DEFAULTS: admin_port of [bigcouch]."""

STARTED, PLANNED, LEFT = "started", "would be started", "left alone"


class NodeDown(SupError):
    """{nodes} {verb} down: the copies of {database} there were not {done}"""

    exit_code = ExitCode.PARTIAL


def compacted(
    zone: Zone, names: Iterable[str], *, views: bool, at_least: int, admin_port: int = ADMIN_PORT
) -> Iterator[Row]:
    """Start compactions; yield a row per database, or per node on BigCouch.

    VIEWS compacts the indexes too. Databases with less than AT_LEAST percent of waste are left alone.
    """
    admin = Administration(zone.couchdb)
    found = nodes.cluster(admin)
    failures = databases.Failures("compactions")
    for each in databases.all_sizes(zone, names):
        shown = {
            "database": each.database,
            "file_mb": databases.megabytes(each.file),
            "fragmentation": each.fragmentation,
        }
        if at_least and (each.fragmentation or 0) < at_least:
            failures.add()
            yield {**shown, "state": LEFT}
        elif admin.is_bigcouch:
            for node, problem in _shard_by_shard(zone, found, each.database, admin_port, views=views):
                yield {**shown, "node": node, **_state(zone, failures, problem)}
        else:
            problem = _attempt(zone, lambda each=each: _all_at_once(admin, each.database, views=views))  # type: ignore[misc]
            problem = problem or _left_out(admin, found, each.database, "compacted")
            yield {**shown, **_state(zone, failures, problem)}
    failures.end()


def cleaned(zone: Zone, names: Iterable[str]) -> Iterator[Row]:
    """Remove index files that no design document needs any more; yield a row per database."""
    admin = Administration(zone.couchdb)
    found = nodes.cluster(admin)
    failures = databases.Failures("databases")
    for name in names:
        problem = _attempt(zone, lambda name=name: admin.clean_views(name))  # type: ignore[misc]
        problem = problem or _left_out(admin, found, name, "cleaned")
        yield {"database": name, **_state(zone, failures, problem)}
    failures.end()


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
            backdoor = Administration(zone.couchdb_of(node, admin_port))
            for file in files:
                _all_at_once(backdoor, file, views=views)

        yield node, _attempt(zone, compact, one_node=True)


def _placement(zone: Zone, node: str, admin_port: int, database: str) -> dict[str, list[str]]:
    """Return the shard files of a database on each node, from the `dbs` database of one node (mem3_util)."""
    found = zone.couchdb_of(node, admin_port).get("dbs", database)
    if found is None:
        raise NotFound(server=f"BigCouch node {node}", what=f"document {database} in its database dbs")
    suffix = "".join(map(chr, found.get("shard_suffix", [])))
    return {each: [shard_file(span, database, suffix) for span in spans] for each, spans in found["by_node"].items()}


def _attempt(zone: Zone, work: Callable[[], Any], *, one_node: bool = False) -> SupError | None:
    """Do it, unless this is a dry run; return what went wrong with this one database, or this one node."""
    if zone.run.dry_run:
        return None
    try:
        work()
    except SupError as error:
        if not (one_node or databases.concerns_one(error)):
            raise
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


def _state(zone: Zone, failures: databases.Failures, problem: SupError | None) -> dict[str, Any]:
    wrong = failures.add(problem)
    if problem is None or isinstance(problem, NodeDown):
        return {"state": PLANNED if zone.run.dry_run else STARTED, "wrong": wrong}
    return {"state": "failed", "wrong": wrong}
