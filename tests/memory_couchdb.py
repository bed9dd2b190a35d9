"""A stand-in for `kazoo_sup.transports.couchdb.CouchDB` and the broker, in memory, for tests of what lies above them.

It honours revisions and conflicts, keeps tombstones, and knows the views that are registered with it in Python. What is
tested against it here is tested again, through the real program and a real server, in tests/integration.
"""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.accounts import normalised_name
from kazoo_sup.names import classification
from kazoo_sup.settings import Server, Settings, ZoneSettings
from kazoo_sup.transports.amqp import Message, PublishResult
from kazoo_sup.transports.couchdb_bulk import SaveResult, save_batches
from kazoo_sup.zone import Run, Zone

Document = dict[str, Any]
Emit = Callable[[Document], Iterable[tuple[Any, Any]]]


class MemoryCouchDB:
    """`stored` holds every document by database and id, tombstones too; `written` each save: (database, id, action).

    `before_save` are functions called with (database, documents) when a save comes in, before anything is looked at:
    there a test edits as somebody else would, or raises as a server that fails.
    """

    def __init__(self, databases: Iterable[str] = (), *, batch: int = 500, workers: int = 4) -> None:
        self.batch = batch
        self.stored: dict[str, dict[str, Document]] = {name: {} for name in databases}
        self.written: list[tuple[str, str, str]] = []
        self.before_save: list[Callable[[str, Sequence[Document]], None]] = []
        self.views: dict[tuple[str, ...], Emit] = dict(_VIEWS)
        self.closed = False
        self._workers = workers
        self._lock = threading.RLock()

    def put(self, database: str, *documents: Document) -> None:
        """Store documents as somebody else does, whatever is there."""
        with self._lock:
            place = self.stored.setdefault(database, {})
            for document in documents:
                place[document["_id"]] = self._revised(document, place.get(document["_id"]))

    def all(self, database: str) -> dict[str, Document]:
        """Return the documents that are there, without `_rev`."""
        with self._lock:
            there = (each for each in self.stored.get(database, {}).values() if not each.get("_deleted"))
            return {
                each["_id"]: {key: value for key, value in copy.deepcopy(each).items() if key != "_rev"}
                for each in there
            }

    # -- the transport's own methods

    def close(self) -> None:
        self.closed = True

    def exists(self, database: str) -> bool:
        return database in self.stored

    def create(self, database: str) -> bool:
        if database in self.stored:
            return False
        self.stored[database] = {}
        return True

    def delete(self, database: str) -> bool:
        return self.stored.pop(database, None) is not None

    def get(self, database: str, id: str) -> Document | None:  # noqa: A002 - the transport's name
        with self._lock:
            found = self.stored.get(database, {}).get(id)
            return None if found is None or found.get("_deleted") else copy.deepcopy(found)

    def get_many(self, database: str, ids: Sequence[str]) -> dict[str, Document]:
        found = {each: self.get(database, each) for each in ids}
        return {each: document for each, document in found.items() if document is not None}

    def get_from_many(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Document]]:
        return {database: self.get_many(database, ids) for database, ids in wanted.items()}

    def documents(
        self, database: str, *, start: str | None = None, end: str | None = None, include_docs: bool = True
    ) -> Iterator[Document]:
        if database not in self.stored:
            raise NotFound(server="CouchDB", what=f"database {database}")
        every = sorted(self.stored[database])
        ids = [identifier for identifier in every if (start or identifier) <= identifier <= (end or identifier)]
        for each in self.get_many(database, ids).values():
            yield each if include_docs else {key: each[key] for key in ("_id", "_rev")}

    def databases(self, *, start: str | None = None, end: str | None = None) -> Iterator[str]:
        return iter(sorted(name for name in self.stored if (start or name) <= name <= (end or name)))

    def view(
        self,
        database: str,
        design: str,
        view: str,
        *,
        start: Any = None,
        end: Any = None,
        key: Any = None,
        keys: Sequence[Any] | None = None,
        reduce: bool = False,
        group: bool = False,
        include_docs: bool = False,
        page: int = 1000,
    ) -> Iterator[dict[str, Any]]:
        """Yield rows as they are now, page by page, like the transport: documents may change in between."""
        emit = self.views.get((classification(database), design, view)) or self.views.get((design, view))
        if self.get(database, f"_design/{design}") is None or emit is None:
            raise NotFound(server="CouchDB", what=f"view {design}/{view} in database {database}")
        first = collated(start), ""
        while True:
            rows = self._rows(database, emit, include_docs=include_docs)
            if group:
                yield from _grouped(_within(rows, start, end))
                return
            if reduce and keys is None:
                found = _within(rows, start, end) if key is None else [row for row in rows if row["key"] == key]
                yield from [{"key": None, "value": sum(row["value"] for row in found)}] if found else []
                return
            if keys is not None or key is not None:
                yield from (row for each in (keys or [key]) for row in rows if row["key"] == each)
                return
            rest = [row for row in _within(rows, start, end) if (collated(row["key"]), row["id"]) >= first]
            yield from rest[:page]
            if len(rest) <= page:
                return
            first = collated(rest[page]["key"]), rest[page]["id"]

    def _rows(self, database: str, emit: Emit, *, include_docs: bool) -> list[dict[str, Any]]:
        rows = [
            {"id": name, "key": key, "value": value, **({"doc": self.get(database, name)} if include_docs else {})}
            for name, document in self.all(database).items()
            if not name.startswith("_design/")
            for key, value in emit(document)
        ]
        return sorted(rows, key=lambda row: (collated(row["key"]), row["id"]))

    def save(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        for hook in self.before_save:
            hook(database, documents)
        with self._lock:
            if database not in self.stored:
                raise NotFound(server="CouchDB", what=f"database {database}")
            return [self._save(database, document) for document in documents]

    def save_batches(self, batches: Iterable[Any]) -> Iterator[Any]:
        return save_batches(self.save, batches, self._workers)

    def _save(self, database: str, document: Document) -> SaveResult:
        place, identifier = self.stored[database], document["_id"]
        before = place.get(identifier)
        gone = before is None or before.get("_deleted")
        allowed = (None,) if before is None else (None, before["_rev"]) if gone else (before["_rev"],)
        if document.get("_rev") not in allowed:
            return SaveResult(identifier, None, "conflict", "Document update conflict.")
        place[identifier] = self._revised(document, before)
        action = "deleted" if document.get("_deleted") else "created" if gone else "edited"
        self.written.append((database, identifier, action))
        return SaveResult(identifier, place[identifier]["_rev"])

    def _revised(self, document: Document, before: Document | None) -> Document:
        """Return what is stored: the document as JSON carries it, with the next revision."""
        generation = int(before["_rev"].partition("-")[0]) + 1 if before else 1
        text = json.dumps({key: value for key, value in document.items() if key != "_rev"})
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        plain: Document = json.loads(text)
        return {"_id": plain["_id"], "_rev": f"{generation}-{digest}", **plain}


def collated(value: Any) -> Any:
    """Return what sorts as CouchDB sorts JSON values."""
    if isinstance(value, list):
        return 4, [collated(each) for each in value]
    if isinstance(value, dict):
        return 5, sorted(value)
    if value is None or isinstance(value, bool):
        return 0 if value is None else 1, bool(value)
    return (2, value) if isinstance(value, int | float) else (3, value)


def _within(rows: Iterable[dict[str, Any]], start: Any, end: Any) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if (start is None or collated(row["key"]) >= collated(start))
        and (end is None or collated(row["key"]) <= collated(end))
    ]


def _grouped(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for _key, same in groupby(rows, key=lambda row: collated(row["key"])):
        each = list(same)
        yield {"key": each[0]["key"], "value": sum(row["value"] for row in each)}


def _by_classification(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "view_definition":
        for each in document["kazoo"]["view_map"]:
            yield each.get("classification", each.get("database")), document["_id"]


def _by_realm(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "account" and "realm" in document:
        yield document["realm"].lower(), {"account_id": document["_id"]}


def _by_name(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "account" and "name" in document:
        yield normalised_name(document["name"]), {"account_id": document["_id"]}


def _numbers(emitted: Callable[[Document], Any], *, assigned: bool = False) -> Emit:
    """Make the map of a view of numbers, or of assigned ones."""

    def emit(document: Document) -> Iterator[tuple[Any, Any]]:
        if document.get("pvt_type") == "number" and (not assigned or document.get("pvt_assigned_to")):
            yield emitted(document), None

    return emit


def _unassigned(document: Document) -> Iterator[tuple[Any, Any]]:
    if not document.get("pvt_assigned_to") and document.get("pvt_state") != "discovery":
        yield document["_id"], None


def _callflow_numbers(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "callflow":
        yield from ((number, None) for number in document["numbers"])


def _trunk_numbers(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "sys_info":
        yield from ((number, None) for server in document["servers"] for number in server["DIDs"])


def _quantities(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "user":
        yield ["users", document["priv_level"]], 1
    if document.get("pvt_type") == "number":
        yield ["number_carriers", document.get("pvt_module_name")], 1


def _quantities_below(document: Document) -> Iterator[tuple[Any, Any]]:
    for category, items in document.get("quantities", {}).get("account", {}).items():
        for ancestor in document["pvt_tree"]:
            yield from (([ancestor, category, item], count) for item, count in items.items())


def _state(document: Document) -> Any:
    return [document.get("pvt_state"), document.get("pvt_module_name"), document["_id"]]


def _ledgers(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "ledger":
        sign = -1 if document["pvt_ledger_type"] == "debit" else 1
        yield [document["source"]["service"], document["pvt_created"]], sign * document["amount"]


def _old_messages(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "vmbox":
        for each in document.get("messages", []):
            yield each["timestamp"], {"source_id": document["_id"], "metadata": each}


def _of_type(kind: str, key: Callable[[Document], Any]) -> Emit:
    """Make the map of a view of the documents of one type."""
    return lambda document: [(key(document), None)] if document.get("pvt_type") == kind else []


_VIEWS: dict[tuple[str, ...], Emit] = {
    ("accounts", "listing_by_descendants"): lambda each: [
        ([ancestor, place], None) for place, ancestor in enumerate(each.get("pvt_tree", []))
    ],
    ("services", "by_tree_length"): _of_type("service", lambda each: len(each["pvt_tree"])),
    ("services", "plans"): _of_type("service_plan", lambda each: each["_id"]),
    ("services", "bookkeepers"): _of_type("bookkeeper", lambda each: each.get("bookkeeper")),
    ("services", "object_plans"): lambda each: [
        (each.get("pvt_type"), plans) for plans in [each.get("service", {}).get("plans")] if plans
    ],
    ("apps_store", "crossbar_listing"): _of_type("app", lambda each: each["name"]),
    ("ledgers", "total_by_source"): _ledgers,
    ("transactions", "legacy_total"): lambda each: [
        (None, each["pvt_amount"]) for kind in [each.get("pvt_type")] if kind == "credit"
    ],
    ("vmboxes", "legacy_msg_by_timestamp"): _old_messages,
    ("cdrs", "crossbar_listing"): _of_type("cdr", lambda each: each["pvt_created"]),
    ("rates", "lookup"): _of_type("rate", lambda each: int(each["prefix"])),
    ("dedicated_ips", "assigned_to_listing"): lambda each: [
        (account, None) for account in [each.get("pvt_assigned_to")] if account
    ],
    ("dedicated_ips", "summary_listing"): lambda each: [
        (
            each["pvt_host"],
            {
                "ip": each["_id"],
                "zone": each["pvt_zone"],
                "host": each["pvt_host"],
                "status": each["pvt_status"],
                "assigned_to": each.get("pvt_assigned_to", ""),
            },
        )
    ],
    ("views", "views_by_classification"): _by_classification,
    ("accounts", "listing_by_realm"): _by_realm,
    ("accounts", "listing_by_name"): _by_name,
    ("numbers", "numbers", "assigned_to"): lambda each: (
        [([each["pvt_assigned_to"], each["_id"]], None)] if each.get("pvt_assigned_to") else []
    ),
    ("numbers", "numbers", "list_assigned_and_app"): _numbers(
        lambda each: [each["pvt_assigned_to"], each.get("pvt_used_by")], assigned=True
    ),
    ("numbers", "numbers", "module_name"): lambda each: [(each.get("pvt_module_name"), 1)],
    ("numbers", "numbers", "status"): lambda each: [(_state(each), None)],
    ("numbers", "numbers", "unassigned"): _unassigned,
    ("account", "numbers", "assigned_to"): _numbers(lambda each: each["pvt_assigned_to"], assigned=True),
    ("account", "numbers", "list_by_app"): _numbers(lambda each: each.get("pvt_used_by")),
    ("account", "numbers", "list_by_number"): _numbers(lambda each: each["_id"]),
    ("callflows", "listing_by_number"): _callflow_numbers,
    ("trunkstore", "lookup_did"): _trunk_numbers,
    ("services", "quantify"): _quantities,
    ("services", "cascade_quantities"): _quantities_below,
    ("port_services", "account_quantities"): lambda each: [
        ([each["pvt_account_id"], each["pvt_port_state"]], len(each["numbers"]))
    ],
    ("port_services", "cascade_quantities"): lambda each: [
        ([ancestor, each["pvt_port_state"]], len(each["numbers"])) for ancestor in each["pvt_tree"]
    ],
    ("port_requests", "port_in_numbers"): lambda each: [
        (number, each["pvt_account_id"]) for number in each["numbers"] if each["pvt_port_state"] == "submitted"
    ],
    ("port_requests", "listing_by_state"): lambda each: [([each["pvt_account_id"], each["pvt_port_state"]], None)],
}


class MemoryBroker:
    """Keeps what is published; while `down` says why not, nothing is taken."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.down: str | None = None

    @property
    def keys(self) -> list[str]:
        """The routing keys, in the order of publishing."""
        return [message.routing_key for message in self.messages]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies, in the order of publishing."""
        return [json.loads(message.body) for message in self.messages]


class _Publisher:
    """Like the real one it has sent nothing for certain before it is closed."""

    def __init__(self, broker: MemoryBroker, on_failed: Callable[[Sequence[Message], str], None]) -> None:
        self._broker = broker
        self._on_failed = on_failed
        self._unconfirmed: list[Message] = []

    def send(self, messages: Sequence[Message]) -> None:
        self._unconfirmed += messages

    def close(self) -> PublishResult:
        messages, self._unconfirmed = self._unconfirmed, []
        if self._broker.down and messages:
            self._on_failed(messages, self._broker.down)
            return PublishResult(0, len(messages), self._broker.down)
        self._broker.messages += messages
        return PublishResult(len(messages), 0, None)


class MemoryZone(Zone):
    """A zone of these two; `reports` and `warnings` are what the run was told."""

    def __init__(
        self,
        state_dir: Path,
        *,
        couchdb: MemoryCouchDB | None = None,
        node: str = "kazoo_apps",
        **settings: Any,
    ) -> None:
        self.reports: list[Any] = []
        self.warnings: list[str] = []
        self.broker = MemoryBroker()
        chosen = {"couchdb": (Server("http://192.0.2.1:5984"),), "brokers": (Server("amqp://192.0.2.1"),), **settings}
        super().__init__(
            Settings({"local": ZoneSettings(**chosen)}, "local", state_dir, "apps1.example.com", {}),
            node=node,
            run=self.new_run(),
        )
        self.__dict__["couchdb"] = couchdb or MemoryCouchDB()

    def new_run(self, **choices: Any) -> Run:
        """Return a run that reports here; `zone.run = zone.new_run(dry_run=True)` begins another one."""
        return Run(report=self.reports.append, warn=self.warnings.append, **choices)

    def rerun(self, **choices: Any) -> None:
        """Begin another run, which reads afresh."""
        self.run = self.new_run(**choices)
        self.reports.clear()
        self._configurations.clear()

    def publisher(self, on_failed: Callable[[Sequence[Message], str], None]) -> Any:
        return _Publisher(self.broker, on_failed)

    @property
    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event in the outbox, as its routing key and its body, held files too."""
        from kazoo_sup.changes import announcer

        claims = announcer.outbox(self).claim()
        found = [(key, json.loads(body)) for claim in claims for key, body in claim.messages()]
        for claim in claims:
            claim.release()
        return found
