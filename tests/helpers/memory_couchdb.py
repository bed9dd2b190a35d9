"""A stand-in for `kazoo_sup.transports.couchdb.CouchDB`, in memory, for tests of what lies above it.

It honours revisions and conflicts, keeps tombstones and attachments, and runs the views whose design documents are
stored in it. What it answers is held against other CouchDBs in tests/integration/test_couchdb_doubles.py.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from helpers import view_queries
from helpers.view_queries import Refused
from kazoo_sup.errors import NotFound, ServerRefused, SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.transports.couchdb import CouchDB, SaveResult
from kazoo_sup.transports.couchdb.bulk import save_batches
from kazoo_sup.transports.couchdb.package import ResourceNotFound

Document = dict[str, Any]


class MemoryCouchDB:
    """`stored` holds every document by database and id, tombstones too; `written` each save: (database, id, action).

    `contents` holds every attachment by database, document and name. `before_save` are functions called with (database,
    documents) when a save comes in, before anything is looked at, `before_attaching` with (database, id) before an
    attachment is stored: there a test edits as somebody else would, or raises as a server that fails.
    """

    def __init__(self, databases: Iterable[str] = (), *, batch: int = 500, workers: int = 4) -> None:
        self.batch = batch
        self.stored: dict[str, dict[str, Document]] = {name: {} for name in databases}
        self.contents: dict[tuple[str, str, str], bytes] = {}
        self.written: list[tuple[str, str, str]] = []
        self.before_save: list[Callable[[str, Sequence[Document]], None]] = []
        self.before_attaching: list[Callable[[str, str], None]] = []
        self.closed = False
        self.uuid = "0" * 32
        self._workers = workers
        self._lock = threading.RLock()

    def put(self, database: str, *documents: Document) -> None:
        """Store documents as somebody else does, whatever is there."""
        with self._lock:
            place = self.stored.setdefault(database, {})
            for document in documents:
                place[document["_id"]] = self._revised(document, place.get(document["_id"]))

    def put_views(self, database: str, *designs: str, of: str = "") -> None:
        """Store the design documents of these names, without `_design/`, that ship for a database, or for OF."""
        shipped = {each["_id"]: each for each in views.choose(of or database, []).designs}
        self.put(database, *(shipped[f"_design/{name}"] for name in designs))

    def put_design(self, database: str, name: str, **maps: str) -> None:
        """Store a design document with the map functions of these views, for one that does not ship."""
        self.put(database, {"_id": f"_design/{name}", "views": {view: {"map": code} for view, code in maps.items()}})

    def put_registration(self, target: str, design: Document) -> None:
        """Register a design document in system_data, for a database or for a class of databases."""
        self.put_views("system_data", "views")
        identifier = f"{target}-{design['_id'].removeprefix('_design/')}"
        kazoo = {"view_map": [{"database" if target in self.stored else "classification": target}]}
        registration = {"_id": identifier, "pvt_type": "view_definition", "kazoo": kazoo, "view_definition": design}
        self.put("system_data", registration)

    def put_with_attachment(self, database: str, document: Document, name: str, content: bytes) -> None:
        """Store a document with one attachment, as somebody else does."""
        self.put(database, document)
        self.put_attachment(
            database, document["_id"], name, content, "audio/mpeg", rev=self._revision(database, document)
        )

    def all(self, database: str) -> dict[str, Document]:
        """Return the documents that are there, without `_rev`."""
        with self._lock:
            there = (each for each in self.stored.get(database, {}).values() if not each.get("_deleted"))
            return {
                each["_id"]: {key: value for key, value in _copied(each).items() if key != "_rev"} for each in there
            }

    # -- what CouchDB answers

    def rows(self, database: str, view: str, **options: Any) -> list[dict[str, Any]]:
        """Return the rows of `_all_docs`, or of a view, `design/view`. Raises Refused.

        options: of the query, by CouchDB's names; see `view_queries.rows`
        """
        with self._lock:
            if database not in self.stored:
                raise Refused(404, "not_found", "Database does not exist.")
            place = self.stored[database]
            if view == "_all_docs":
                return self._all_docs(database, options)
            design, _, name = view.partition("/")
            there = [each for each in place.values() if not each.get("_deleted")]
            found = view_queries.rows(there, self.get(database, f"_design/{design}"), name, options)
            if options.get("include_docs"):
                return [{**row, "doc": self.get(database, view_queries.linked(row))} for row in found]
            return found

    def _all_docs(self, database: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        place = self.stored[database]
        if "keys" in options:
            ids = options["keys"]
        else:
            least, most = options.get("startkey", ""), options.get("endkey", "\U0010ffff")
            ids = [name for name in sorted(place) if least <= name <= most and not place[name].get("_deleted")]
        rows: list[dict[str, Any]] = []
        for name in ids[: options.get("limit")]:
            found = place.get(name)
            if found is None:
                rows.append({"key": name, "error": "not_found"})
                continue
            value = {"rev": found["_rev"], **({"deleted": True} if found.get("_deleted") else {})}
            document = {"doc": self.get(database, name)} if options.get("include_docs") else {}
            rows.append({"id": name, "key": name, "value": value, **document})
        return rows

    # -- the transport's own methods

    view = CouchDB.view
    documents = CouchDB.documents

    def _fetch(self, database: str, view: str) -> Callable[..., list[dict[str, Any]]]:
        """Make the function that gets one page, as the transport's does."""

        def fetch(**options: Any) -> list[dict[str, Any]]:
            try:
                return self.rows(database, view, **options)
            except Refused as refused:
                if refused.status == HTTPStatus.NOT_FOUND:
                    raise ResourceNotFound((refused.error, refused.reason.rstrip("."))) from None
                reason = f"{refused.error}: {refused.reason}"
                request = f"GET /{database}/{view}"
                raise ServerRefused(server="CouchDB", status=refused.status, request=request, reason=reason) from None

        return fetch

    def close(self) -> None:
        self.closed = True

    def info(self) -> dict[str, Any]:
        return {"couchdb": "Welcome", "uuid": self.uuid}

    def exists(self, database: str) -> bool:
        return database in self.stored

    def holds_documents(self, database: str) -> bool:
        return bool(self.all(database))

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
            return None if found is None or found.get("_deleted") else _copied(found)

    def get_many(self, database: str, ids: Sequence[str]) -> dict[str, Document]:
        found = {each: self.get(database, each) for each in ids}
        return {each: document for each, document in found.items() if document is not None}

    def current_revisions(self, database: str, ids: Sequence[str]) -> dict[str, str]:
        if database not in self.stored:
            raise NotFound(server="CouchDB", what=f"database {database}")
        return {each: document["_rev"] for each, document in self.get_many(database, ids).items()}

    def deleted(self, database: str, ids: Sequence[str]) -> set[str]:
        with self._lock:
            return {each for each in ids if self.stored.get(database, {}).get(each, {}).get("_deleted")}

    def get_from_many(
        self, wanted: Mapping[str, Sequence[str]], failed: dict[str, SupError] | None = None
    ) -> dict[str, dict[str, Document]]:
        found: dict[str, dict[str, Document]] = {}
        for database, ids in wanted.items():
            try:
                found[database] = self.get_many(database, ids)
            except SupError as error:
                if failed is None:
                    raise
                found[database], failed[database] = {}, error
        return found

    def databases(self, *, start: str | None = None, end: str | None = None, page: int = 1000) -> Iterator[str]:
        return iter(sorted(name for name in self.stored if (start or name) <= name <= (end or name)))

    def save(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        for hook in self.before_save:
            hook(database, documents)
        with self._lock:
            if database not in self.stored:
                raise NotFound(server="CouchDB", what=f"database {database}")
            return [self._save(database, document) for document in documents]

    def save_revisions(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        with self._lock:
            if database not in self.stored:
                raise NotFound(server="CouchDB", what=f"database {database}")
            self.stored[database] |= {each["_id"]: _copied(each) for each in documents}
        return [SaveResult(each["_id"], each["_rev"]) for each in documents]

    def save_batches(
        self,
        batches: Iterable[Any],
        *,
        as_revisions: bool = False,
        unsaved: Callable[[Any], object] = lambda _token: None,
    ) -> Iterator[Any]:
        return save_batches(self.save_revisions if as_revisions else self.save, batches, self._workers, unsaved)

    def put_attachment(
        self,
        database: str,
        id: str,  # noqa: A002 - the transport's name
        name: str,
        content: Any,
        content_type: str,
        *,
        rev: str | None = None,
    ) -> str:
        for hook in list(self.before_attaching):
            hook(database, id)
        with self._lock:
            if database not in self.stored:
                raise NotFound(server="CouchDB", what=f"database {database}")
            document = self.get(database, id) or {"_id": id}
            if document.get("_rev") != rev:
                raise ServerRefused(server="CouchDB", status=409, request="PUT", reason="conflict")
            body = content if isinstance(content, bytes) else _from_its_start(content)
            self.contents[database, id, name] = body
            stub = {
                "content_type": content_type,
                "revpos": 1 + int((rev or "0").partition("-")[0]),
                "digest": digest(body),
                "length": len(body),
                "stub": True,
            }
            self.put(database, {**document, "_attachments": {**document.get("_attachments", {}), name: stub}})
            return self._revision(database, document)

    def get_attachment(
        self,
        database: str,
        id: str,  # noqa: A002 - the transport's name
        name: str,
        *,
        rev: str | None = None,
    ) -> io.BytesIO | None:
        found = self.contents.get((database, id, name))
        return None if found is None else io.BytesIO(found)

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
        revision = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        plain: Document = json.loads(text)
        return {"_id": plain["_id"], "_rev": f"{generation}-{revision}", **plain}

    def _revision(self, database: str, document: Document) -> str:
        return str(self.stored[database][document["_id"]]["_rev"])


def _copied(document: Document) -> Document:
    found: Document = json.loads(json.dumps(document))
    return found


def digest(content: bytes) -> str:
    """Return a digest of an attachment as CouchDB writes it."""
    return "md5-" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _from_its_start(content: Any) -> bytes:
    content.seek(0)
    body: bytes = content.read()
    return body
