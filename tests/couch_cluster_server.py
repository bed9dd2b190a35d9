"""A CouchDB cluster as its administration API shows it, or a BigCouch one: three nodes, of which some are down.

The documents and their faults are couch_fault_server's. What is answered, and in which words, is from the CouchDB
documentation ("API Reference") and from the sources it describes (chttpd, mem3, BigCouch 0.4's chttpd_db). What was
asked for is kept in `compacted`, `cleaned`, `jobs`, `securities`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from couch_fault_server import Answer, CouchFaultServer, Request, answer

NODES = tuple(f"couchdb@node{number}.example.com" for number in (1, 2, 3))
RANGES = ("00000000-7fffffff", "80000000-ffffffff")
BIGCOUCH = "bigcouch"
MOST_KEYS = 100


def refused(status: int, error: str, reason: str) -> Answer:
    return answer(status, {"error": error, "reason": reason})


def unknown(name: str) -> Answer:
    """What a path that means nothing is taken for: a database whose name is not allowed."""
    words = (
        "Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, and / are allowed."
    )
    return refused(400, "illegal_database_name", f"Name: '{name}'. {words} Must begin with a letter.")


class CouchClusterServer(CouchFaultServer):
    """A server that is one node of a cluster.

    `down` are the nodes that are not connected, `maintenance` is the maintenance_mode of each, `replications` what the
    scheduler tells. `version` is CouchDB's, or BIGCOUCH.
    """

    def __init__(
        self,
        *,
        version: str = "3.4.2",
        nodes: tuple[str, ...] = NODES,
        down: tuple[str, ...] = NODES[2:],
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host, port)
        self.version, self.nodes, self.down = version, nodes, down
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

    # -- CouchDB

    def respond(self, request: Request) -> Answer:
        path = urlsplit(request.path).path.strip("/")
        options = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        segments = [unquote(segment) for segment in path.split("/")] if path else []
        body = json.loads(request.body) if request.body else None
        match request.method, segments:
            case "GET", []:
                return answer(200, self.greeting())
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
            case _, [name, *_] if name.startswith("_") and name not in (*self.databases, "_all_dbs"):
                return unknown(name)
            case _, [name, *below] if name in self.databases:
                return self.database(request, name, below, body) or super().respond(request)
        return super().respond(request)

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
        told = self.infos.get(name, {"doc_count": len(self.databases[name]), "file": 0, "active": 0})
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

    def database(self, request: Request, name: str, below: list[str], body: Any) -> Answer | None:
        match request.method, below:
            case "GET", []:
                return answer(200, self.info(name))
            case "GET", ["_shards"] if not self.is_bigcouch:
                return answer(200, {"shards": self.shards(name)})
            case "GET", ["_shards", _document] if not self.is_bigcouch:
                return answer(200, {"range": RANGES[1], "nodes": self.shards(name)[RANGES[1]]})
            case "POST", ["_compact", *design]:
                if self.is_bigcouch:
                    return refused(403, "forbidden", "Compaction must be triggered on a per-shard basis in BigCouch")
                if "json" not in request.headers.get("Content-Type", ""):
                    return refused(415, "bad_content_type", "Content-Type must be application/json")
                if design and f"_design/{design[0]}" not in self.databases[name]:
                    return refused(404, "not_found", "missing")
                self.compacted.append((name, *design))
                return answer(202, {"ok": True})
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
            case "POST", ["_bulk_docs"] if body.get("new_edits") is False:
                for document in body["docs"]:
                    self.databases[name][document["_id"]] = document
                    self.written[name, document["_id"]] += 1
                return answer(201, [])
        return None

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
