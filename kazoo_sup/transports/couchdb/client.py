"""CouchDB 2 and 3 (and BigCouch as far as it goes) over HTTP: databases, documents, views, bulk writes, attachments."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property, partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

from kazoo_sup.concurrency import ahead
from kazoo_sup.errors import Delivered, NotFound, ServerRefused, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.couchdb import bulk, package, paging, revisions
from kazoo_sup.transports.couchdb.bulk import SaveResult
from kazoo_sup.transports.couchdb.failures import SERVER
from kazoo_sup.transports.couchdb.neighbours import Neighbours
from kazoo_sup.transports.couchdb.session import Session, encode
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Unpack

    from couchdb.http import Resource

    from kazoo_sup.transports.couchdb.answers import Greeting
    from kazoo_sup.transports.couchdb.revisions import Attachment
    from kazoo_sup.transports.couchdb.sent import Sent
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Document, Json, ViewRow

__all__ = ["CouchDB", "SaveResult"]

Token = TypeVar("Token")

_NO_NAMES = frozenset({"", ".", ".."})  # which no URL can have for a database
_PIECE = 65_536

NO_DATABASE = ("Database does not exist", "no_db_file")  # CouchDB 2 and 3; CouchDB 1 and BigCouch


class CouchDB:
    """One CouchDB cluster, reached through any of its coordinators; safe to use from several threads.

    Database names are CouchDB's own, unescaped: `account/ab/cd/…`, `numbers/+1415`.

    Every method may raise ServerUnreachable, TimedOut, NotAuthorised and ServerRefused, after having repeated the
    request where that is safe: when there was no connection, on 429 and 503, and whatever happened if it only reads.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - immutable
        limits: Limits = Limits(),  # noqa: B008 - immutable
        tls: Tls = Tls(),  # noqa: B008 - immutable
        workers: int = 4,
        batch: int = 500,
    ) -> None:
        """Connect to nothing yet.

        servers: coordinators, by their URLs, of one and the same cluster; the next is asked when one is not reached
        limits: of one answer; a page of a listing that is over them is asked for in smaller ones
        workers: threads of `save_batches`
        batch: documents per request of `get_many` and of `view` with keys; a good size for `save_batches` too
        """
        self.batch = batch
        self._workers = workers
        self._neighbours = Neighbours()
        self._session = Session(servers, timeouts, limits, tls, connections=workers + 1)

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

    # -- the server and its databases

    def info(self) -> Greeting:
        """Return CouchDB's greeting: version, vendor, features."""
        greeting: Greeting = self.request("GET", "")
        return greeting

    def request(
        self, method: str, path: str, *, json: object = None, params: Mapping[str, object] | None = None
    ) -> Json:
        """Ask for anything else, as `_active_tasks` or `_node/_local/_stats`, and return the decoded JSON.

        path: below the server's root, its segments escaped already
        params: of the query; True and False become CouchDB's words, other values are sent as str() makes them

        Raises NotFound for what CouchDB says it does not have.
        """
        path = path.lstrip("/")
        words = {True: "true", False: "false"}
        query = urlencode([(name, words[v] if isinstance(v, bool) else v) for name, v in (params or {}).items()])
        with _named(f"/{path}"):
            return self._session.request(method, f"{self._session.url}/{path}{'?' * bool(query)}{query}", json)[2]

    def databases(self, *, start: str | None = None, end: str | None = None, page: int = 1000) -> Iterator[str]:
        """Iterate over the names of the databases from `start` to `end` inclusive, in their order, a page at a time."""

        def fetch(**options: object) -> list[str]:
            found: list[str] = self._server.resource.get_json("_all_dbs", **options)[2]
            return found

        return paging.names(fetch, start, end, page)

    def exists(self, database: str) -> bool:
        """Say whether there is such a database."""
        return database not in _NO_NAMES and database in self._server

    def holds_documents(self, database: str) -> bool:
        """Say whether a database holds any document, a design document too. Raises NotFound for a missing database.

        Its count tells that at once; to list none of many deleted ones some servers look at each.
        """
        count = self.request("GET", quote(database, safe="")).get("doc_count")
        if count is None:
            return any(True for _each in self.documents(database, include_docs=False))
        return bool(count)

    def create(self, database: str) -> bool:
        """Create a database; False when it was there already."""
        if database in _NO_NAMES:
            raise ServerRefused(
                server=SERVER, status=400, request=f"PUT /{database}", reason="it is not a name of a database"
            )
        try:
            self._server.resource.put_json(database)
        except package.PreconditionFailed:
            return False
        except (ServerRefused, ServerUnreachable, TimedOut) as error:
            if not (error.delivered is Delivered.MAYBE and self.exists(database)):
                raise
        return True

    def delete(self, database: str) -> bool:
        """Delete a database and all that is in it; False when there was none."""
        if database in _NO_NAMES:
            return False
        try:
            self._server.delete(database)
        except package.ResourceNotFound:
            return False
        except (ServerRefused, ServerUnreachable, TimedOut) as error:
            if error.delivered is not Delivered.MAYBE or self.exists(database):
                raise
        return True

    # -- reading documents

    def get(self, database: str, id: str) -> Document | None:  # noqa: A002 - CouchDB's own word
        """Return a document, or None when it, or its database, is not there or deleted."""
        if not id or (id.startswith("_") and not id.startswith(("_design/", "_local/"))):
            return None  # what CouchDB has at such a path is not a document
        if id in {".", ".."}:  # which no URL can name
            return self.get_many(database, [id]).get(id)
        if database in _NO_NAMES:
            return None
        place = "/".join(quote(each, safe="") for each in (database, *revisions.segments(id)))
        try:
            found: Document = self._session.request("GET", f"{self._session.url}/{place}")[2]
        except SupError:
            raise  # the package is not imported to find out that it is another error
        except package.ResourceNotFound:
            return None
        return _ordered(found)

    def get_many(self, database: str, ids: Sequence[str]) -> dict[str, Document]:
        """Return the documents with these ids by their id; without those that are not there or deleted."""
        found = {}
        for index in range(0, len(ids), self.batch):
            try:
                fetch = partial(self._fetch(database, "_all_docs"), include_docs=True)
                rows = self._neighbours.rows(fetch, database, ids[index : index + self.batch])
                found.update({row["id"]: _ordered(row["doc"]) for row in rows if row.get("doc")})
            except package.ResourceNotFound:
                return {}
        return found

    def deleted(self, database: str, ids: Sequence[str]) -> set[str]:
        """Return which of these ids are those of documents that were there once and are deleted."""
        gone = set()
        for index in range(0, len(ids), self.batch):
            try:
                rows = self._fetch(database, "_all_docs")(keys=list(ids[index : index + self.batch]))
            except package.ResourceNotFound:
                return set()
            gone |= {row["id"] for row in rows if (row.get("value") or {}).get("deleted")}
        return gone

    def get_from_many(
        self, wanted: Mapping[str, Sequence[str]], failed: dict[str, SupError] | None = None
    ) -> dict[str, dict[str, Document]]:
        """Return what `get_many` does for each database and its ids, read from the databases side by side.

        FAILED takes in the errors of databases that cannot be read, which are as if empty then; without it they are
        raised.
        """

        def read(asked: tuple[str, Sequence[str]]) -> dict[str, Document]:
            database, ids = asked
            try:
                return self.get_many(database, ids)
            except SupError as error:
                if failed is None:
                    raise
                failed[database] = error
                return {}

        if len(wanted) < 2:  # noqa: PLR2004 - threads are for several
            return {each[0]: read(each) for each in wanted.items()}
        return dict(zip(wanted, ahead(read, wanted.items(), workers=self._workers), strict=True))

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
        options: dict[str, object] = {"include_docs": include_docs}
        if conflicts:
            options["conflicts"] = True
        options |= {word: bound for word, bound in (("startkey", start), ("endkey", end)) if bound is not None}
        with _named(f"database {database}"):
            for row in paging.distinct_keys(self._fetch(database, "_all_docs"), options, page):
                if not include_docs:
                    yield {"_id": row["id"], "_rev": row["value"]["rev"]}
                elif row["doc"]:  # null: deleted between CouchDB's look at the index and at the document
                    yield _ordered(row["doc"])

    def documents_as_sent(self, database: str, *, start: str | None, page: int) -> Iterator[Sent]:
        """Iterate over the documents from `start` on, as `documents` with conflicts, but as JSON."""
        from kazoo_sup.transports.couchdb import sent

        place = f"{self._session.url}/{quote(database, safe='')}/_all_docs"

        def fetch(**options: object) -> list[ViewRow]:
            query = urlencode({word: encode(value) for word, value in options.items()})
            rows: list[ViewRow] = self._session.request("GET", f"{place}?{query}", quick=sent.plain_rows)[2]["rows"]
            return rows

        options: dict[str, object] = {"include_docs": True, "conflicts": True}
        if start is not None:
            options["startkey"] = start
        with _named(f"database {database}"):
            for row in paging.distinct_keys(fetch, options, page):
                document = row["doc"]
                if document:
                    yield document if isinstance(document, sent.Sent) else sent.of(document)

    def view(
        self,
        database: str,
        design: str,
        view: str,
        **query: Unpack[ViewQuery],
    ) -> Iterator[ViewRow]:
        """Iterate over the rows of a view, a page at a time.

        Raises NotFound when the view, its design document or the database is missing.
        """
        fetch = self._fetch(database, f"{design}/{view}")
        start, end, key, keys = query.get("start"), query.get("end"), query.get("key"), query.get("keys")
        reduce, group, page = query.get("reduce", False), query.get("group", False), query.get("page", 1000)
        if key is not None:
            start = end = key
        choices = {
            "include_docs": query.get("include_docs"),
            "descending": query.get("descending"),
            "group": group or (reduce and keys is not None),
        }
        options: dict[str, object] = {word: True for word, chosen in choices.items() if chosen}
        options |= {word: bound for word, bound in (("startkey", start), ("endkey", end)) if bound is not None}
        options["reduce"] = reduce or group
        with _named(f"view {design}/{view} in database {database}", database):
            if keys is not None:
                for index in range(0, len(keys), self.batch):
                    yield from paging.of_keys(partial(fetch, **options), list(keys[index : index + self.batch]))
            elif group:
                yield from paging.distinct_keys(fetch, options, page)
            elif reduce:
                yield from fetch(**options)
            else:
                yield from paging.rows(fetch, options, page)

    def get_revision(self, database: str, id: str, rev: str) -> Document | None:  # noqa: A002 - CouchDB's own word
        """Return one revision of a document, a losing one too, or None when it is gone."""
        try:
            document: Document = self._document(database, id).get_json(rev=rev)[2]
        except package.ResourceNotFound:
            return None
        return _ordered(document)

    def current_revisions(self, database: str, ids: Sequence[str]) -> dict[str, str]:
        """Return the revision by the id of each of these documents that is there and not deleted."""
        with _named(f"database {database}"):
            rows = self._neighbours.rows(self._fetch(database, "_all_docs"), database, ids)
            found = {row["id"]: row["value"] for row in rows if "error" not in row}
        return {name: value["rev"] for name, value in found.items() if not value.get("deleted")}

    def missing_revisions(self, database: str, revisions: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return which of these revisions, by document id, the database does not have.

        Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            answer = self._database(database).resource.post_json("_revs_diff", body=dict(revisions))[2]
        return {name: each.get("missing", []) for name, each in answer.items()}

    # -- writing

    def save(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        """Save documents with one _bulk_docs: exactly one result per document, in their order.

        A document without `_id` is given one, one with `_deleted` is deleted. When the answer gets lost nothing is
        written twice or forgotten: see bulk.save_what_did_not_arrive. Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            return bulk.save(self._database(database), documents)

    def save_revisions(self, database: str, documents: Sequence[Document]) -> list[SaveResult]:
        """Save documents under the revisions they carry, beside what is there, with one _bulk_docs.

        One result per document, in their order; a revision that is there already counts as saved. Raises NotFound for a
        missing database.
        """
        with _named(f"database {database}"):
            return revisions.save(self._database(database), documents)

    def put_revision(self, database: str, document: Document, attachments: Sequence[Attachment]) -> None:
        """Save one document under the revision it carries; its attachments are streamed.

        Raises NotFound for a missing database.
        """
        with _named(f"database {database}"):
            revisions.put(self._database(database), document, attachments)

    def save_batches(
        self,
        batches: Iterable[tuple[str, list[Document], Token]],
        *,
        as_revisions: bool = False,
        unsaved: Callable[[Token], object] = lambda _token: None,
    ) -> Iterator[tuple[str, list[Document], list[SaveResult], Token]]:
        """Save (database, documents, token) batches in parallel and hand each back with its results, in their order.

        In the order of `batches`, so that a report, a journal or the place to resume at is the same in every run. At
        most workers + 1 batches are under way or wait to be handed back, and no more are pulled from `batches`.

        A batch that is refused does not hide what became of those beside it: all its documents then have the same
        error, "not_found" for a missing database or the name of the class, as "ServerRefused". When the server itself
        fails no more is pulled, the batches under way are handed back, and then the first such error is raised; what
        became of the batch it came from is not known, unless `unsaved` was given its token: then nothing of it was
        saved. With `as_revisions` they are saved as save_revisions does.
        """
        return bulk.save_batches(self.save_revisions if as_revisions else self.save, batches, self._workers, unsaved)

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

        Raises NotFound for a missing database, ServerRefused 409 for an outdated `rev`. An error whose `delivered` is
        MAYBE leaves open whether it was stored; storing it again with the same `rev` never does so twice.
        """
        document = {"_id": id, "_rev": rev}
        with _named(f"database {database}"):
            try:
                self._database(database).put_attachment(document, content, name, content_type)
            except ServerRefused as error:
                stands = self._attached(database, id, name, content, rev) if error.status == 409 else None  # noqa: PLR2004
                if stands is None:
                    raise
                return stands
        return str(document["_rev"])

    def _attached(
        self,
        database: str,
        id: str,  # noqa: A002 - CouchDB's own word
        name: str,
        content: bytes | BinaryIO,
        rev: str | None,
    ) -> str | None:
        """Return the revision in which an attachment was stored on top of REV, or None when it was not.

        A proxy may have sent the request twice; then the refusal is the answer to the second one.
        """
        found = str((self.get(database, id) or {}).get("_rev", ""))
        stored = None
        if found.startswith(f"{1 + int((rev or '0').partition('-')[0])}-"):
            stored = self.get_attachment(database, id, name, rev=found)
        if stored is None:
            return None
        if isinstance(content, bytes):
            content = BytesIO(content)
        content.seek(0)
        with stored:
            same = all(piece == content.read(len(piece)) for piece in iter(lambda: stored.read(_PIECE), b""))
        return found if same and not content.read(1) else None

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
        except package.ResourceNotFound:
            return None
        return content

    @cached_property
    def _server(self) -> package.Server:
        return package.Server(self._session.url, session=self._session)

    def _document(self, database: str, id: str) -> Resource:  # noqa: A002 - CouchDB's own word
        return self._database(database).resource(*revisions.segments(id))

    def _database(self, name: str) -> package.Database:
        if name in _NO_NAMES:
            raise package.ResourceNotFound(("not_found", NO_DATABASE[0]))
        return package.Database(self._server.resource(name), name)

    def _fetch(self, database: str, view: str) -> Callable[..., list[ViewRow]]:
        """Make the function that gets one page of a view, or of _all_docs, with the options of its query."""

        def fetch(**options: object) -> list[ViewRow]:
            rows: list[ViewRow] = self._database(database).view(view, _as_it_is, **options).rows
            return rows

        return fetch


@contextmanager
def _named(what: str, database: str = "") -> Iterator[None]:
    """Say in our words what it is that CouchDB does not have: `what`, or the database where that is missing."""
    try:
        yield
    except package.ResourceNotFound as missing:
        if database and missing.args[0][1] in NO_DATABASE:
            what = f"database {database}"
        raise NotFound(server=SERVER, what=what) from None


def _ordered(document: Document) -> Document:
    """Put `_id` and `_rev` first, as CouchDB gives a document; some servers that speak its language do not."""
    if next(iter(document), "_id") == "_id" or "_id" not in document:
        return document
    first: Document = {name: document[name] for name in ("_id", "_rev") if name in document}
    return {**first, **document}


def _as_it_is(row: ViewRow) -> ViewRow:
    return row
