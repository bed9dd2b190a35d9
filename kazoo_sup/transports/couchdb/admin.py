"""What an administrator asks of a CouchDB cluster: its nodes, databases, shards, tasks and replications.

Requests go through `CouchDB.request`. What a version of the server does not offer raises NotOffered. Sources: CouchDB
documentation, "API Reference"; BigCouch 0.4 chttpd, mem3 for its dialect.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from kazoo_sup.errors import NotAuthorised, NotFound, ServerRefused, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kazoo_sup.transports.couchdb.answers import (
        DatabaseInfo,
        DatabaseInfoRow,
        Greeting,
        Replication,
        ReshardAnswer,
        ReshardJob,
        Task,
    )
    from kazoo_sup.transports.couchdb.client import CouchDB
    from kazoo_sup.types import Document, Fields, Json

SERVER = "CouchDB"
INFO_KEYS = 100
"""Databases in one _dbs_info request ([httpd] max_db_number_for_dbs_info_req)."""
JOBS = 100
"""Rows of one page of _scheduler."""

_UNKNOWN_METHOD = (405, 501)
BIGCOUCH = "BigCouch"
PER_SHARD = "on a per-shard basis"
"""How BigCouch refuses, with 403, to compact a whole database (chttpd_db:handle_compact_req/2)."""


class NotOffered(TransportError):
    """{server} has no {what}{reason}"""

    server: str
    what: str
    reason: str


class Administration:
    """One cluster; every method raises what `CouchDB.request` does."""

    def __init__(self, couchdb: CouchDB) -> None:
        """Ask through COUCHDB."""
        self._couchdb = couchdb

    @cached_property
    def greeting(self) -> Greeting:
        """What the server says of itself; asked once."""
        return self._couchdb.info()

    @property
    def is_bigcouch(self) -> bool:
        """Whether it is BigCouch (Kazoo kz_couch_util:connection_parse/2)."""
        return "bigcouch" in self.greeting

    @property
    def product(self) -> str:
        """Name and version."""
        if self.is_bigcouch:
            return f"{BIGCOUCH} {self.greeting['bigcouch']}"
        return f"{SERVER} {self.greeting.get('version', 'of unknown version')}"

    # -- the cluster and its nodes

    def up(self) -> str:
        """Return "ok", or why the node that answers wants no requests: "maintenance_mode", "nolb", "seeding"."""
        try:
            answer = self._offered("GET", "_up", "/_up")
        except ServerRefused as refused:
            if refused.status == 404:  # noqa: PLR2004
                return refused.reason
            raise
        return str(answer.get("status", "ok"))

    def membership(self) -> tuple[list[str], list[str]]:
        """Return the nodes that the asked one is connected with, itself too, and those that belong to the cluster."""
        answer = self._offered("GET", "_membership", "/_membership", since="2.0")
        return answer["all_nodes"], answer["cluster_nodes"]

    def node(self, name: str, *below: str) -> Json:
        """Return what a node tells of itself: `_system`, `_stats`, `_versions`, a setting (`_config`, section, key)."""
        return self._offered("GET", _path("_node", name, *below), "/_node", since="2.0")

    def setting(self, node: str, section: str, key: str) -> str | None:
        """Return a setting of a node, None where it is not set."""
        try:
            found: str = self._couchdb.request("GET", _path("_node", node, "_config", section, key))
        except NotFound:
            return None
        return found

    def active_tasks(self) -> list[Task]:
        """Return what the connected nodes are busy with."""
        tasks: list[Task] = self._offered("GET", "_active_tasks", "/_active_tasks")
        return tasks

    # -- databases

    def info(self, database: str) -> DatabaseInfo:
        """Return counts and sizes of a database."""
        found: DatabaseInfo = self._of_database("GET", database)
        return found

    def infos(self, databases: Sequence[str]) -> Iterator[tuple[str, DatabaseInfo]]:
        """Yield name and info of each database that is there, INFO_KEYS a request where the server can (2.2)."""
        for index in range(0, len(databases), INFO_KEYS):
            names = list(databases[index : index + INFO_KEYS])
            rows: Iterable[DatabaseInfoRow]
            try:
                rows = self._offered("POST", "_dbs_info", "/_dbs_info", since="2.2", json={"keys": names})
            except NotOffered:
                rows = self._one_by_one(names)
            for row in rows:
                if info := row.get("info"):
                    yield row["key"], info

    def _one_by_one(self, names: Sequence[str]) -> Iterator[DatabaseInfoRow]:
        for name in names:
            try:
                yield {"key": name, "info": self.info(name)}
            except NotFound:  # deleted meanwhile
                continue

    def design_documents(self, database: str) -> list[str]:
        """Return the names of the design documents, without `_design/`."""
        found = self._couchdb.documents(database, start="_design/", end="_design0", include_docs=False)
        return [document["_id"].removeprefix("_design/") for document in found if document["_id"] != "_design0"]

    def compact(self, database: str, design: str | None = None) -> None:
        """Start the compaction of a database, or of the views of a design document, on the connected nodes."""
        below = ("_compact",) if design is None else ("_compact", design)
        self._of_database("POST", database, *below, json={})

    def clean_views(self, database: str) -> None:
        """Remove index files that no design document needs any more."""
        self._of_database("POST", database, "_view_cleanup", json={})

    def shards(self, database: str) -> dict[str, list[str]]:
        """Return the nodes with a copy of each range of a database."""
        answer = self._offered("GET", _path(database, "_shards"), "/DATABASE/_shards", since="2.0", database=database)
        return dict(answer["shards"])

    def shard_of(self, database: str, document: str) -> tuple[str, list[str]]:
        """Return the range that a document id falls into, and the nodes with a copy of it."""
        path = _path(database, "_shards", document)
        answer = self._offered("GET", path, "/DATABASE/_shards", since="2.0", database=database)
        return answer["range"], answer["nodes"]

    def security(self, database: str) -> Document:
        """Return who may read and who may administer a database."""
        found: Document = self._of_database("GET", database, "_security")
        return found

    def set_security(self, database: str, security: Fields) -> None:
        """Replace it."""
        self._of_database("PUT", database, "_security", json=dict(security))

    # -- resharding

    def resharding(self) -> Document:
        """Return the state of resharding and how many jobs are in which."""
        found: Document = self._reshard("GET")
        return found

    def reshard_jobs(self) -> list[ReshardJob]:
        """Return every job, finished ones too."""
        jobs: list[ReshardJob] = self._reshard("GET", "jobs")["jobs"]
        return jobs

    def reshard(self, database: str, *, node: str = "", span: str = "") -> list[ReshardAnswer]:
        """Split every shard of a database in two, or those on one node, or of one range; one answer per shard copy."""
        job = {"type": "split", "db": database, "node": node, "range": span}
        answers: list[ReshardAnswer] = self._reshard(
            "POST", "jobs", json={key: each for key, each in job.items() if each}
        )
        return answers

    def set_reshard_state(self, state: str, reason: str, job: str = "") -> None:
        """Make a job, or all of resharding, "running" or "stopped"."""
        below = ("jobs", job, "state") if job else ("state",)
        try:
            self._reshard("PUT", *below, json={"state": state, "reason": reason})
        except NotOffered:
            if not job:
                raise
            self._reshard("GET")  # which tells a missing job from a server that cannot do this
            raise NotFound(server=SERVER, what=f"resharding job {job}") from None

    def _reshard(self, method: str, *below: str, json: object = None) -> Json:
        return self._offered(method, _path("_reshard", *below), "/_reshard", since="3.0", json=json)

    # -- replication

    def replications(self) -> Iterator[Replication]:
        """Yield the state of every replication document, a page at a time."""
        skip = 0  # the scheduler keeps these in memory and knows no keys to page by
        while True:
            params = {"limit": JOBS, "skip": skip}
            page = self._offered("GET", "_scheduler/docs", "/_scheduler", since="2.1", params=params)["docs"]
            yield from page
            skip += len(page)
            if len(page) < JOBS:
                return

    def _of_database(self, method: str, database: str, *below: str, json: object = None) -> Json:
        try:
            return self._couchdb.request(method, _path(database, *below), json=json)
        except NotFound as missing:
            if below and below[0] == "_compact" and len(below) > 1:
                raise NotFound(server=SERVER, what=f"design document {below[1]} in database {database}") from missing
            if below and self._couchdb.exists(database):
                raise self._not_offered(f"/DATABASE/{below[0]}", "") from None
            raise NotFound(server=SERVER, what=f"database {database}") from None
        except NotAuthorised as refused:
            if PER_SHARD in refused.reason:
                raise self._not_offered("compaction of a whole database", "") from refused
            raise

    def _offered(
        self, method: str, path: str, what: str, *, since: str = "", database: str = "", **request: Json
    ) -> Json:
        """Ask for what some versions have not; WHAT names it in the error."""
        try:
            return self._couchdb.request(method, path, **request)
        except NotFound:
            if database and not self._couchdb.exists(database):
                raise NotFound(server=SERVER, what=f"database {database}") from None
            raise self._not_offered(what, since) from None
        except ServerRefused as refused:
            # A path that is not known is taken for a database whose name is not allowed.
            status, reason = refused.status, refused.reason
            if status not in _UNKNOWN_METHOD and "illegal_database_name" not in reason:
                raise
            raise self._not_offered(what, since) from None

    def _not_offered(self, what: str, since: str) -> NotOffered:
        reason = f"; {SERVER} has it since {since}" if since else ""
        return NotOffered(server=self.product, what=what, reason=reason)


def shard_file(span: str, database: str, suffix: str) -> str:
    """Return the name under which a node keeps a shard, on its admin port (mem3_util:name_shard/2)."""
    return f"shards/{span}/{database}{suffix}"


def _path(*segments: str) -> str:
    return "/".join(quote(segment, safe="") for segment in segments)
