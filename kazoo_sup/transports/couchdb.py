"""CouchDB 2 and 3 (and BigCouch as far as it goes) over HTTP: databases, documents, views, bulk writes, attachments."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import urlencode

from kazoo_sup.errors import NotFound, ServerRefused, ServerUnreachable, TimedOut
from kazoo_sup.transports import couchdb_bulk, couchdb_kept, couchdb_paging
from kazoo_sup.transports.couchdb_bulk import SaveResult
from kazoo_sup.transports.couchdb_failures import SERVER, answer_was_lost
from kazoo_sup.transports.couchdb_package import Database, PreconditionFailed, ResourceNotFound, Server
from kazoo_sup.transports.couchdb_session import Endpoint, Session, Timeouts
from kazoo_sup.transports.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.transports.couchdb_kept import Attachment

__all__ = ["CouchDB", "Endpoint", "Row", "SaveResult", "Timeouts", "Tls"]

Document = dict[str, Any]
Row = dict[str, Any]  # {"id", "key", "value"} and "doc" with include_docs; {"key", "value"} when reduced
Token = TypeVar("Token")

NO_DATABASE = ("Database does not exist", "no_db_file")  # CouchDB 2 and 3; CouchDB 1 and BigCouch


class CouchDB:
    """One CouchDB cluster, reached through any of its coordinators; safe to use from several threads.

    Database names are CouchDB's own, unescaped: `account/ab/cd/…`, `numbers/+1415`.

    Every method may raise ServerUnreachable, TimedOut, NotAuthorised and ServerRefused, after having repeated the
    request where that is safe: when there was no connection, on 429 and 503, and whatever happened if it only reads.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - immutable
        tls: Tls = Tls(),  # noqa: B008 - immutable
        workers: int = 4,
        batch: int = 500,
    ) -> None:
        """Connect to nothing yet.

        endpoints: coordinators of one and the same cluster; the next is asked when one is not reached
        workers: threads of `save_batches`
        batch: documents per request of `get_many` and of `view` with keys; a good size for `save_batches` too
        """
        self.batch = batch
        self._workers = workers
        self._session = Session(endpoints, timeouts, tls, connections=workers + 1)
        self._server = Server(self._session.url, session=self._session)

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

    # -- the server and its databases

    def info(self) -> dict[str, Any]:
        """Return CouchDB's greeting: version, vendor, features."""
        greeting: dict[str, Any] = self.request("GET", "")
        return greeting

    def request(self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Ask for anything else, as `_active_tasks` or `_node/_local/_stats`, and return the decoded JSON.

        path: below the server's root, its segments escaped already
        params: of the query; True and False become CouchDB's words, other values are sent as str() makes them

        Raises NotFound for what CouchDB says it has not.
        """
        path = path.lstrip("/")
        words = {True: "true", False: "false"}
        query = urlencode([(name, words[v] if isinstance(v, bool) else v) for name, v in (params or {}).items()])
        with _named(f"/{path}"):
            return self._session.request(method, f"{self._session.url}/{path}{'?' * bool(query)}{query}", json)[2]

    def databases(self, *, start: str | None = None, end: str | None = None, page: int = 1000) -> Iterator[str]:
        """Iterate over the names of the databases from `start` to `end` inclusive, in their order, a page at a time."""

        def fetch(**options: Any) -> list[str]:
            found: list[str] = self._server.resource.get_json("_all_dbs", **options)[2]
            return found

        return couchdb_paging.names(fetch, start, end, page)

    def exists(self, database: str) -> bool:
        """Say whether there is such a database."""
        return database not in {"", ".", ".."} and database in self._server

    def create(self, database: str) -> bool:
        """Create a database; False when it was there already."""
        try:
            self._server.resource.put_json(database)
        except PreconditionFailed:
            return False
        except (ServerRefused, ServerUnreachable, TimedOut) as error:
            if not (answer_was_lost(error) and self.exists(database)):
                raise
        return True

    def delete(self, database: str) -> bool:
        """Delete a database and all that is in it; False when there was none."""
        try:
            self._server.delete(database)
        except ResourceNotFound:
            return False
        except (ServerRefused, ServerUnreachable, TimedOut) as error:
            if not answer_was_lost(error) or self.exists(database):
                raise
        return True

    # -- reading documents

    def get(self, database: str, id: str) -> Document | None:  # noqa: A002 - CouchDB's own word
        """Return a document, or None when it, or its database, is not there or deleted."""
        if not id or (id.startswith("_") and not id.startswith(("_design/", "_local/"))):
            return None  # what CouchDB has at such a path is no document
        if id in {".", ".."}:  # which no URL can name
            return self.get_many(database, [id]).get(id)
        try:
            document = self._database(database).get(id)
        except ResourceNotFound:
            return None
        return None if document is None else _ordered(dict(document))

    def get_many(self, database: str, ids: Sequence[str]) -> dict[str, Document]:
        """Return the documents with these ids by their id; without those that are not there or deleted."""
        found = {}
        for index in range(0, len(ids), self.batch):
            try:
                rows = self._fetch(database, "_all_docs")(keys=list(ids[index : index + self.batch]), include_docs=True)
            except ResourceNotFound:
                return {}
            found.update({row["id"]: _ordered(row["doc"]) for row in rows if row.get("doc")})
        return found

    def get_from_many(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Document]]:
        """Return what `get_many` does for each database and its ids, read from the databases side by side."""
        if len(wanted) < 2:  # noqa: PLR2004 - threads are for several
            return {database: self.get_many(database, ids) for database, ids in wanted.items()}
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self._workers) as pool:
            return dict(zip(wanted, pool.map(self.get_many, wanted, wanted.values()), strict=True))

    def documents(
        self,
        database: str,
        *,
        start: str | None = None,
        end: str | None = None,
        page: int = 1000,
        include_docs: bool = True,
        conflicts: bool = False,
    ) -> Iterator[Document]:
        """Iterate over the documents with ids from `start` to `end` inclusive, design documents too, a page at a time.

        Without include_docs they are only `{"_id": …, "_rev": …}`. With conflicts a document that has losing revisions
        names them in `_conflicts`. Raises NotFound for a missing database.
        """
        options: dict[str, Any] = {"include_docs": include_docs}
        if conflicts:
            options["conflicts"] = True
        options |= {word: bound for word, bound in (("startkey", start), ("endkey", end)) if bound is not None}
        with _named(f"database {database}"):
            for row in couchdb_paging.distinct_keys(self._fetch(database, "_all_docs"), options, page):
                if not include_docs:
                    yield {"_id": row["id"], "_rev": row["value"]["rev"]}
                elif row["doc"]:  # null: deleted between CouchDB's look at the index and at the document
                    yield _ordered(row["doc"])

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
        descending: bool = False,
        page: int = 1000,
    ) -> Iterator[Row]:
        """Iterate over the rows of a view from `start` to `end` inclusive, or with `key`, or with one of `keys`.

        The rows come a page at a time, those of `keys` in the order of the keys. `group` implies `reduce`. Raises
        NotFound when the view, its design document or the database is missing.
        """
        fetch = self._fetch(database, f"{design}/{view}")
        if key is not None:
            start = end = key
        choices = {
            "include_docs": include_docs,
            "descending": descending,
            "group": group or (reduce and keys is not None),
        }
        options: dict[str, Any] = {word: True for word, chosen in choices.items() if chosen}
        options |= {word: bound for word, bound in (("startkey", start), ("endkey", end)) if bound is not None}
        options["reduce"] = reduce or group
        with _named(f"view {design}/{view} in database {database}", database):
            if keys is not None:
                for index in range(0, len(keys), self.batch):
                    yield from fetch(**options, keys=list(keys[index : index + self.batch]))
            elif group:
                yield from couchdb_paging.distinct_keys(fetch, options, page)
            elif reduce:
                yield from fetch(**options)
            else:
                yield from couchdb_paging.rows(fetch, options, page)

    def get_revision(self, database: str, id: str, rev: str) -> Document | None:  # noqa: A002 - CouchDB's own word
        """Return one revision of a document, a losing one too, or None when it is gone."""
        try:
            document: Document = self._document(database, id).get_json(rev=rev)[2]
        except ResourceNotFound:
            return None
        return _ordered(document)

    def current_revisions(self, database: str, ids: Sequence[str]) -> dict[str, str]:
        """Return the revision by the id of each of these documents that is there and not deleted."""
        with _named(f"database {database}"):
            rows = self._fetch(database, "_all_docs")(keys=list(ids))
        found = {row["id"]: row["value"] for row in rows if "error" not in row}
        return {name: value["rev"] for name, value in found.items() if not value.get("deleted")}

    def missing_revisions(self, database: str, revisions: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return which of these revisions, by document id, the database has not.

        Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            answer = self._database(database).resource.post_json("_revs_diff", body=dict(revisions))[2]
        return {name: each.get("missing", []) for name, each in answer.items()}

    # -- writing

    def save(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        """Save documents with one _bulk_docs: exactly one result per document, in their order.

        A document without `_id` is given one, one with `_deleted` is deleted. When the answer gets lost nothing is
        written twice or forgotten: see couchdb_bulk.save_what_did_not_arrive. Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            return couchdb_bulk.save(self._database(database), documents)

    def save_kept(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        """Save documents under the revisions they carry, beside what is there, with one _bulk_docs.

        One result per document, in their order; a revision that is there already counts as saved. Raises NotFound for a
        missing database.
        """
        with _named(f"database {database}"):
            return couchdb_kept.save(self._database(database), documents)

    def put_kept(self, database: str, document: Document, attachments: Sequence[Attachment]) -> None:
        """Save one document under the revision it carries; its attachments are streamed.

        Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            couchdb_kept.put(self._database(database), document, attachments)

    def save_batches(
        self, batches: Iterable[tuple[str, list[Document], Token]], *, kept: bool = False
    ) -> Iterator[tuple[str, list[Document], list[SaveResult], Token]]:
        """Save (database, documents, token) batches in parallel and hand each back with its results, in their order.

        In the order of `batches`, so that a report, a journal or the place to resume at is the same in every run. At
        most workers + 1 batches are under way or wait to be handed back, and no more are pulled from `batches`.

        A batch that is refused does not hide what became of those beside it: all its documents then have the same
        error, "not_found" for a missing database or the name of the class, as "ServerRefused". When the server itself
        fails no more is pulled, the batches under way are handed back, and then the first such error is raised; what
        became of the batch it came from is not known. `kept` saves them as save_kept does.
        """
        return couchdb_bulk.save_batches(self.save_kept if kept else self.save, batches, self._workers)

    # -- attachments

    def put_attachment(
        self,
        database: str,
        id: str,  # noqa: A002 - CouchDB's own word
        name: str,
        content: bytes | BinaryIO,
        content_type: str,
        *,
        rev: str | None = None,
    ) -> str:
        """Store an attachment, creating the document where `rev` is None, and return the document's new revision.

        content: bytes, or a file opened in binary mode, read from its start

        Raises NotFound for a missing database, ServerRefused 409 for an outdated `rev`. An error with the fact `lost`
        leaves open whether it was stored; storing it again with the same `rev` never does so twice.
        """
        document = {"_id": id, "_rev": rev}
        with _named(f"database {database}"):
            self._database(database).put_attachment(document, content, name, content_type)
        return str(document["_rev"])

    def get_attachment(
        self,
        database: str,
        id: str,  # noqa: A002 - CouchDB's own word
        name: str,
        *,
        rev: str | None = None,
    ) -> BinaryIO | None:
        """Open an attachment, of the current revision or of `rev`, for reading from the connection.

        None when there is none; the caller closes it.
        """
        revision = {} if rev is None else {"rev": rev}
        try:
            content: BinaryIO = self._document(database, id).get(name, headers={"Accept": "*/*"}, **revision)[2]
        except ResourceNotFound:
            return None
        return content

    def _document(self, database: str, id: str) -> Any:  # noqa: A002 - CouchDB's own word
        return self._database(database).resource(*couchdb_kept.segments(id))

    def _database(self, name: str) -> Any:
        if name in {"", ".", ".."}:
            raise ResourceNotFound(("not_found", NO_DATABASE[0]))
        return Database(self._server.resource(name), name)

    def _fetch(self, database: str, view: str) -> Callable[..., list[Row]]:
        """Make the function that gets one page of a view, or of _all_docs, with the options of its query."""

        def fetch(**options: Any) -> list[Row]:
            rows: list[Row] = self._database(database).view(view, _as_it_is, **options).rows
            return rows

        return fetch


@contextmanager
def _named(what: str, database: str = "") -> Iterator[None]:
    """Say in our words what it is that CouchDB has not: `what`, or the database where that is missing."""
    try:
        yield
    except ResourceNotFound as missing:
        if database and missing.args[0][1] in NO_DATABASE:
            what = f"database {database}"
        raise NotFound(server=SERVER, what=what) from None


def _ordered(document: Document) -> Document:
    """Put `_id` and `_rev` first, as CouchDB gives a document; some servers that speak its language do not."""
    if next(iter(document), "_id") == "_id" or "_id" not in document:
        return document
    first: Document = {name: document[name] for name in ("_id", "_rev") if name in document}
    return {**first, **document}


def _as_it_is(row: Row) -> Row:
    return row
