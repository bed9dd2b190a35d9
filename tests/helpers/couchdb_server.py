"""A CouchDB for tests on 127.0.0.1, as one node of a cluster of three, or a BigCouch; it misbehaves on demand.

Its documents are in a MemoryCouchDB, its faults those of fault_server. What is answered, and in which words, is from
the CouchDB documentation ("API Reference") and from the sources it describes (chttpd, mem3, BigCouch 0.4's chttpd_db).
"""

from __future__ import annotations

import json
import ssl
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from helpers.fault_server import Answer, FaultServer, Request, answer
from helpers.memory_couchdb import Document, MemoryCouchDB
from helpers.view_queries import Refused
from kazoo_sup.errors import ServerRefused
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

NODES = tuple(f"couchdb@node{number}.example.com" for number in (1, 2, 3))
RANGES = ("00000000-7fffffff", "80000000-ffffffff")
BIGCOUCH = "bigcouch"
OF_DATABASES = {"_shards", "_compact", "_view_cleanup", "_security", "_revs_diff"}
MOST_KEYS = 100


def connected(url: str, *, retry: float = Timeouts().retry) -> CouchDB:
    """Return the transport to a CouchDB whose URL may have a name and password in it; RETRY is in seconds."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    name, password = parts.username and unquote(parts.username), parts.password and unquote(parts.password)
    return CouchDB([Server(bare, name, password)], timeouts=Timeouts(retry=retry))


def refused(status: int, error: str, reason: str) -> Answer:
    return answer(status, {"error": error, "reason": reason})


def unknown(name: str) -> Answer:
    """What a path that means nothing is taken for: a database whose name is not allowed."""
    words = (
        "Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, and / are allowed."
    )
    return refused(400, "illegal_database_name", f"Name: '{name}'. {words} Must begin with a letter.")


class CouchDBServer(FaultServer):
    """A server that is one node of a cluster.

    `memory` holds its documents and attachments, `databases` are its documents by database and id, tombstones too, and
    `written` is how often each was stored. `down` are the nodes that are not connected, `maintenance` is the
    maintenance_mode of each, `replications` what the scheduler tells. `version` is CouchDB's, or BIGCOUCH. What was
    asked for is kept in `compacted`, `cleaned`, `jobs`, `securities`.
    """

    def __init__(
        self,
        *,
        version: str = "3.4.2",
        nodes: tuple[str, ...] = NODES,
        down: tuple[str, ...] = NODES[2:],
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(host, port, tls)
        self.version, self.nodes, self.down = version, nodes, down
        self.memory = MemoryCouchDB()
        self.written: Counter[tuple[str, str]] = Counter()
        self.up = "ok"
        self.maintenance: dict[str, str] = {}
        self.queues: dict[str, dict[str, Any]] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self.holders: dict[str, dict[str, list[str]]] = {}
        self.securities: dict[str, Any] = {}
        self.compacted: list[tuple[str, ...]] = []
        self.cleaned: list[str] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.reshard_state: dict[str, Any] = {"state": "running", "reason": None}
        self.replications: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []

    @property
    def databases(self) -> dict[str, dict[str, Document]]:
        return self.memory.stored

    @databases.setter
    def databases(self, databases: dict[str, dict[str, Document]]) -> None:
        self.memory.stored = databases

    @property
    def is_bigcouch(self) -> bool:
        return self.version == BIGCOUCH

    def since(self, version: str) -> bool:
        if self.is_bigcouch:
            return False
        return [int(each) for each in self.version.split(".")] >= [int(each) for each in version.split(".")]

    def add(self, name: str, *, documents: int = 0, file: int = 1000, active: int = 500) -> None:
        """Make a database of which the server tells these numbers; it has no documents."""
        self.databases[name] = {}
        self.infos[name] = {"doc_count": documents, "file": file, "active": active}

    def store(self, database: str, document: Document) -> dict[str, Any]:
        """Save a document, as _bulk_docs does, and return what it says of it."""
        [result] = self.memory.save(database, [document])
        if result.error is not None:
            return {"id": result.id, "error": result.error, "reason": result.reason}
        self.written[database, result.id] += 1
        return {"ok": True, "id": result.id, "rev": result.rev}

    # -- the server

    def respond(self, request: Request) -> Answer:
        path = urlsplit(request.path).path.strip("/")
        options = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        segments = [unquote(segment) for segment in path.split("/")] if path else []
        match request.method, segments:
            case "GET", []:
                return answer(200, self.greeting())
            case "GET", ["_all_dbs"]:
                return answer(200, sorted(self.databases))
            case _, [name, *_] if name.startswith("_") and name not in self.databases:
                return self.about_the_cluster(request, segments, options)
            case "PUT", [name]:
                if not self.memory.create(name):
                    return refused(412, "file_exists", "The file already exists.")
                return answer(201, {"ok": True})
            case _, [name, *_] if name not in self.databases:
                return refused(404, "not_found", "Database does not exist.")
            case _, [name]:
                if request.method == "DELETE":
                    self.memory.delete(name)
                    return answer(200, {"ok": True})
                return answer(200, self.info(name))
            case _, [name, *below] if below[0] in OF_DATABASES:
                return self.about_a_database(request, name, below)
            case _, [name, *below]:
                return self.documents(request, name, below, options)
        return unknown(path)

    def documents(self, request: Request, name: str, below: list[str], options: dict[str, str]) -> Answer:
        """Answer for what is in a database."""
        match request.method, below:
            case "POST", ["_bulk_docs"]:
                return self.saved(name, json.loads(request.body))
            case _, ["_all_docs"]:
                return self.rows(request, name, "_all_docs", options)
            case _, ["_design", design, "_view", view]:
                return self.rows(request, name, f"{design}/{view}", options)
            case _, ["_design", design]:
                return self.document(name, f"_design/{design}")
            case _, [_identifier, _attachment]:
                return self.attachment(request, (name, below[0], below[1]), options)
        return self.document(name, below[0])

    def document(self, database: str, identifier: str) -> Answer:
        found = self.databases[database].get(identifier)
        if found is None or found.get("_deleted"):
            return refused(404, "not_found", "deleted" if found else "missing")
        return answer(200, found)

    def saved(self, database: str, body: dict[str, Any]) -> Answer:
        if body.get("new_edits") is not False:
            return answer(201, [self.store(database, document) for document in body["docs"]])
        for result in self.memory.save_revisions(database, body["docs"]):
            self.written[database, result.id] += 1
        return answer(201, [])

    def rows(self, request: Request, database: str, view: str, options: dict[str, str]) -> Answer:
        """Answer with rows of a view or of _all_docs; the total is of _all_docs only."""
        query = {name: value if name == "startkey_docid" else json.loads(value) for name, value in options.items()}
        if request.method == "POST":
            query |= json.loads(request.body)
        try:
            found = self.memory.rows(database, view, **query)
        except Refused as error:
            return refused(error.status, error.error, error.reason)
        total = {"total_rows": len(self.databases[database]), "offset": 0} if view == "_all_docs" else {}
        return answer(200, {**total, "rows": found})

    def attachment(self, request: Request, place: tuple[str, str, str], options: dict[str, str]) -> Answer:
        database, identifier, name = place
        if request.method == "PUT":
            content_type = request.headers["Content-Type"]
            try:
                revision = self.memory.put_attachment(*place, request.body, content_type, rev=options.get("rev"))
            except ServerRefused as error:
                return refused(error.status, "conflict", "Document update conflict.")
            self.written[database, identifier] += 1
            return answer(201, {"ok": True, "id": identifier, "rev": revision})
        found = self.memory.get_attachment(*place)
        if found is None:
            return refused(404, "not_found", "Document is missing attachment")
        stub = self.databases[database][identifier]["_attachments"][name]
        return Answer(200, found.read(), {"Content-Type": stub["content_type"]})

    # -- the cluster

    def about_the_cluster(self, request: Request, segments: list[str], options: dict[str, str]) -> Answer:
        body = json.loads(request.body) if request.body else None
        match request.method, segments:
            case "GET", ["_up"] if not self.is_bigcouch:
                return answer(200 if self.up == "ok" else 404, {"status": self.up})
            case "GET", ["_membership"]:
                connected = [node for node in self.nodes if node not in self.down]
                return answer(200, {"all_nodes": connected, "cluster_nodes": list(self.nodes)})
            case "GET", ["_active_tasks"]:
                return answer(200, self.tasks)
            case "GET", ["_node", node, *below] if self.since("2.0"):
                return self.node(node, below)
            case "POST", ["_dbs_info"] if self.since("2.2"):
                return self.dbs_info(body["keys"])
            case _, ["_reshard", *below] if self.since("3.0"):
                return self.reshard(request.method, below, body)
            case "GET", ["_scheduler", "docs"] if self.since("2.1"):
                return self.scheduled(int(options["limit"]), int(options.get("skip", 0)))
        return unknown(segments[0])

    def greeting(self) -> dict[str, Any]:
        if self.is_bigcouch:
            return {"couchdb": "Welcome", "version": "1.1.1", "bigcouch": "0.4.2"}
        return {"couchdb": "Welcome", "version": self.version, "features": ["scheduler"], "vendor": {}}

    def node(self, node: str, below: list[str]) -> Answer:
        if node not in self.nodes:
            return refused(404, "not_found", f"no such node: {node}")
        if node in self.down:
            return refused(412, "nodedown", f"{node} is down")
        match below:
            case ["_system"]:
                queues = self.queues.get(node, {"couch_server": 0})
                memory = {"processes": 40_000_000, "binary": 2_000_000, "ets": 8_000_000}
                system = {"uptime": 93_784, "memory": memory, "process_count": 412}
                return answer(200, {**system, "internal_replication_jobs": 0, "message_queues": queues})
            case ["_stats", "couchdb"]:
                counter = {"type": "counter", "desc": ""}
                counts = {"open_databases": {**counter, "value": 17}}
                return answer(200, {**counts, "httpd_status_codes": {"500": {**counter, "value": 3}}})
            case ["_config", "couchdb", "maintenance_mode"]:
                if node in self.maintenance:
                    return answer(200, self.maintenance[node])
                return refused(404, "not_found", "unknown_config_value")
        return refused(404, "not_found", "missing")

    def info(self, name: str) -> dict[str, Any]:
        there = sum(not each.get("_deleted") for each in self.databases[name].values())
        told = self.infos.get(name, {"doc_count": there, "file": 0, "active": 0})
        sequence = f"{sum(count for (where, _), count in self.written.items() if where == name)}-g1AAAA"
        common = {"db_name": name, "doc_count": told["doc_count"], "doc_del_count": 2, "update_seq": sequence}
        if self.is_bigcouch:
            return {**common, "disk_size": told["file"], "other": {"data_size": told["active"]}}
        sizes = {"file": told["file"], "active": told["active"], "external": told["active"]}
        cluster = {"q": len(RANGES), "n": len(self.nodes), "w": 2, "r": 2}
        return {**common, "sizes": sizes, "cluster": cluster, "props": {}, "compact_running": False}

    def dbs_info(self, keys: list[str]) -> Answer:
        if len(keys) > MOST_KEYS:
            return refused(400, "bad_request", "exceeded keys in request")
        known = [{"key": key, "info": self.info(key)} for key in keys if key in self.databases]
        return answer(200, known + [{"key": key, "error": "not_found"} for key in keys if key not in self.databases])

    def about_a_database(self, request: Request, name: str, below: list[str]) -> Answer:
        body = json.loads(request.body) if request.body else None
        match request.method, below:
            case "GET", ["_shards"] if not self.is_bigcouch:
                return answer(200, {"shards": self.shards(name)})
            case "GET", ["_shards", _document] if not self.is_bigcouch:
                return answer(200, {"range": RANGES[1], "nodes": self.shards(name)[RANGES[1]]})
            case "POST", ["_compact", *design]:
                return self.compact(request, name, design)
            case "POST", ["_view_cleanup"]:
                self.cleaned.append(name)
                return answer(202, {"ok": True})
            case "GET", ["_security"]:
                return answer(200, self.securities.get(name, {}))
            case "PUT", ["_security"]:
                self.securities[name] = body
                return answer(200, {"ok": True})
            case "POST", ["_revs_diff"]:
                held = {key: document["_rev"] for key, document in self.databases[name].items()}
                missing = {key: [rev for rev in revs if rev != held.get(key)] for key, revs in body.items()}
                return answer(200, {key: {"missing": revs} for key, revs in missing.items() if revs})
        return refused(404, "not_found", "missing")

    def compact(self, request: Request, name: str, design: list[str]) -> Answer:
        if self.is_bigcouch:
            return refused(403, "forbidden", "Compaction must be triggered on a per-shard basis in BigCouch")
        if "json" not in request.headers.get("Content-Type", ""):
            return refused(415, "bad_content_type", "Content-Type must be application/json")
        if design and f"_design/{design[0]}" not in self.databases[name]:
            return refused(404, "not_found", "missing")
        self.compacted.append((name, *design))
        return answer(202, {"ok": True})

    def shards(self, name: str) -> dict[str, list[str]]:
        return self.holders.get(name) or {span: list(self.nodes) for span in RANGES}

    def reshard(self, method: str, below: list[str], body: Any) -> Answer:
        match method, below:
            case "GET", []:
                states = Counter(job["job_state"] for job in self.jobs.values())
                counts = {state: states[state] for state in ("completed", "failed", "running", "stopped")}
                state = {"state": self.reshard_state["state"], "state_reason": self.reshard_state["reason"]}
                return answer(200, {**state, **counts, "total": len(self.jobs)})
            case "PUT", ["state"]:
                self.reshard_state = body
                return answer(200, {"ok": True})
            case "GET", ["jobs"]:
                return answer(200, {"jobs": list(self.jobs.values()), "offset": 0, "total_rows": len(self.jobs)})
            case "POST", ["jobs"]:
                return answer(201, [self.split(body["db"], *each) for each in self.wanted(body)])
            case "PUT", ["jobs", job, "state"] if job in self.jobs:
                self.jobs[job]["job_state"] = body["state"]
                return answer(200, {"ok": True})
        return refused(404, "not_found", "missing")

    def wanted(self, body: dict[str, str]) -> list[tuple[str, str]]:
        shards = self.shards(body["db"])
        spans = [body["range"]] if "range" in body else list(shards)
        return [(span, node) for span in spans for node in shards[span] if node == body.get("node", node)]

    def split(self, database: str, span: str, node: str) -> dict[str, Any]:
        shard = f"shards/{span}/{database}.1554148353"
        if node in self.down:
            return {"error": "nodedown", "node": node, "shard": shard}
        identifier = f"001-{len(self.jobs):064x}"
        self.jobs[identifier] = {
            "id": identifier,
            "type": "split",
            "node": node,
            "source": shard,
            "job_state": "running",
            "split_state": "initial_copy",
            "state_info": {},
            "update_time": "2026-11-24T08:00:00Z",
        }
        return {"ok": True, "id": identifier, "node": node, "shard": shard}

    def scheduled(self, limit: int, skip: int) -> Answer:
        page = self.replications[skip : skip + limit]
        return answer(200, {"docs": page, "offset": skip, "total_rows": len(self.replications)})
