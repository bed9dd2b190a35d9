"""A CouchDB in memory, as far as the door for writes asks one: revisions and conflicts are honoured.

Integration tests run the same against a real server; this one makes thousands of interleavings affordable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kazoo_sup.errors import NotFound
from kazoo_sup.transports.couchdb import SaveResult

Document = dict[str, Any]


class MemoryCouchDB:
    """Databases of documents; `before_save` is called with a database and documents before each is saved."""

    def __init__(self, *databases: str) -> None:
        self.databases: dict[str, dict[str, Document]] = {name: {} for name in databases}
        self.before_save: Callable[[str, list[Document]], None] = lambda database, documents: None
        self.writes = 0

    def exists(self, database: str) -> bool:
        return database in self.databases

    def create(self, database: str) -> bool:
        return self.databases.setdefault(database, {}) == {}

    def get(self, database: str, identifier: str) -> Document | None:
        found = self.databases.get(database, {}).get(identifier)
        return dict(found) if found else None

    def get_many(self, database: str, ids: list[str]) -> dict[str, Document]:
        return {each: found for each in ids if (found := self.get(database, each))}

    def save(self, database: str, documents: list[Document]) -> list[SaveResult]:
        if database not in self.databases:
            raise NotFound(server="CouchDB", what=f"database {database}")
        self.before_save(database, documents)
        return [self.put(database, document) for document in documents]

    def put(self, database: str, document: Document) -> SaveResult:
        """Save one document as CouchDB does, or refuse it as a conflict."""
        stored = self.databases[database].get(document["_id"])
        if (stored or {}).get("_rev") != document.get("_rev"):
            return SaveResult(document["_id"], None, "conflict", "Document update conflict.")
        self.writes += 1
        revision = f"{self.writes}-x"
        if document.get("_deleted"):
            del self.databases[database][document["_id"]]
        else:
            self.databases[database][document["_id"]] = {**document, "_rev": revision}
        return SaveResult(document["_id"], revision)

    def save_batches(self, batches: Iterator[tuple[str, list[Document], Any]]) -> Iterator[Any]:
        for database, documents, token in batches:
            yield database, documents, self.save(database, documents), token
