"""Saving many documents at once: exactly one truthful result for each, whatever happens to the connection."""

from __future__ import annotations

import json
import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kazoo_sup.concurrency import is_interruption, outcome
from kazoo_sup.errors import Delivered, NotAuthorised, NotFound, ServerRefused, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.couchdb.session import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from kazoo_sup.transports.couchdb.package import Database
    from kazoo_sup.types import Document

Token = TypeVar("Token")

FAILED_IN_A_ROW = 5
"""After so many batches in a row that fail, or would, a run ends: the server is gone, or there is no other database."""

RESENDS = 2  # of a document whose answers keep getting lost

# Errors of one row that leave open whether a replica took the document: fabric_doc_update ensure_all_responses,
# fabric_util request_timeout.
UNCERTAIN = frozenset({"error", "internal_server_error", "timeout", "unknown_error"})


ONE_AT_FAULT = {413: "too_large", 400: "bad_request"}
"""Statuses of a whole request that a single document brings about, and the word for the one."""


class SaveResult(NamedTuple):
    """What became of one document: its new revision, or CouchDB's word for the error ("conflict", "forbidden" …).

    Other words than CouchDB's: "too_large" when it is refused for its size, "bad_request" for a field that CouchDB does
    not take, "not_found" for a missing database
    (save_batches), and the name of an error class of this project when CouchDB could not be asked to the end.
    """

    id: str
    rev: str | None
    error: str | None = None
    reason: str | None = None
    delivered: Delivered = Delivered.YES

    @property
    def is_open(self) -> bool:
        """Whether nobody knows if the document was written."""
        return self.delivered is Delivered.MAYBE


def save(database: Database, documents: Sequence[Document]) -> list[SaveResult]:
    """Save documents into a couchdb.Database with one _bulk_docs; one result per document, in their order.

    A document without `_id` is given one here, so that it can be recognised if the answer gets lost. A request that
    is refused as too large or for what a document holds (ONE_AT_FAULT) is split in halves, down to the one at fault.
    """
    if not documents:
        return []
    named = [document if document.get("_id") else {**document, "_id": os.urandom(16).hex()} for document in documents]
    try:
        results = _post(database, named)
    except (TimedOut, ServerUnreachable, ServerRefused) as error:
        if error.delivered is Delivered.MAYBE:
            unknown = [_unsaved(document, error, Delivered.MAYBE) for document in named]
            return save_what_did_not_arrive(database, named, unknown)
        if not isinstance(error, ServerRefused) or error.status not in ONE_AT_FAULT:
            raise
        half = len(named) // 2
        if half:
            return _both_halves(database, named[:half], named[half:])
        return [SaveResult(named[0]["_id"], None, ONE_AT_FAULT[error.status], error.reason)]
    doubtful = [index for index, result in enumerate(results) if result.is_open]
    if doubtful:
        settled = save_what_did_not_arrive(
            database, [named[index] for index in doubtful], [results[index] for index in doubtful]
        )
        for index, result in zip(doubtful, settled, strict=True):
            results[index] = result
    return results


def _both_halves(database: Database, one: list[Document], other: list[Document]) -> list[SaveResult]:
    done = save(database, one)
    try:
        return done + save(database, other)
    except SupError as error:
        error.delivered = Delivered.MAYBE  # whatever became of the other half, of the first one some may be written
        raise


def save_what_did_not_arrive(
    database: Database, documents: Sequence[Document], unknown: Sequence[SaveResult]
) -> list[SaveResult]:
    """Find out which documents of a _bulk_docs without an answer were written, and send only the others again.

    After a time-out, a broken connection or a 502/504, CouchDB may have written all, some or none of the documents. To
    send them again blindly would do no damage, since CouchDB checks `_rev`, but would have it answer "conflict" for
    what we wrote ourselves; not to send them again would forget what never arrived. So the documents are read back,
    and one counts as written when the stored one has another revision than ours was based upon and the same content
    (for a deletion: is deleted). The revision matters: an edit may change nothing but an attachment, or nothing at all.

    Whatever does not count as written is sent again with its old `_rev`, which CouchDB accepts only if nobody has
    written since: then our first request did not arrive. If it is still under way, and overtakes this second one, the
    second is answered "conflict" although our content is there: therefore conflicts are compared once more. What
    another writer changed after us, or before us, stays a conflict, for the caller to read and decide.

    unknown: the result of each document should it stay open whether it is written, after a few rounds
    """
    results = list(unknown)
    waiting = list(range(len(documents)))

    def not_written(candidates: list[int]) -> list[int]:
        written = _written(database, {index: documents[index] for index in candidates})
        for index, result in written.items():
            results[index] = result
        return [index for index in candidates if index not in written]

    try:
        for _ in range(RESENDS):
            waiting = not_written(waiting)
            if not waiting:
                return results
            try:
                answers = _post(database, [documents[index] for index in waiting])
            except (TimedOut, ServerUnreachable, ServerRefused) as error:
                if error.delivered is not Delivered.MAYBE:
                    raise
                continue
            for index, answer in zip(waiting, answers, strict=True):
                results[index] = answer
            not_written([index for index in waiting if results[index].error == "conflict"])
            waiting = [index for index in waiting if results[index].is_open]
        not_written(waiting)
    except SupError as error:
        error.delivered = Delivered.MAYBE  # of the first request it is still not known what became of it
        raise
    return results


def save_batches(
    save_one: Callable[[str, list[Document]], list[SaveResult]],
    batches: Iterable[tuple[str, list[Document], Token]],
    workers: int,
    unsaved: Callable[[Token], object] = lambda _token: None,
) -> Iterator[tuple[str, list[Document], list[SaveResult], Token]]:
    """See CouchDB.save_batches."""
    from concurrent.futures import ThreadPoolExecutor

    source = iter(batches)
    in_flight: deque[tuple[str, list[Document], Future[list[SaveResult]], Token]] = deque()
    failures = _Failures()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="save")
    patient = True
    try:
        while True:
            try:
                batch = next(source, None) if failures.broken is None else None
            except Exception as problem:  # noqa: BLE001 - raised below, once what was sent is accounted for
                batch, failures.broken = None, problem
            if batch is not None and batch[0] in failures.left_out:
                unsaved(batch[2])
                failures.skipped(batch[0])
                continue
            if batch is not None:
                database, documents, token = batch
                in_flight.append((database, documents, pool.submit(_outcome, save_one, database, documents), token))
            elif not in_flight:
                break
            if batch is None or len(in_flight) > workers:
                database, documents, future, token = in_flight.popleft()
                try:
                    results = outcome(future)
                except SupError as error:
                    failures.failed(database, error)
                    if _was_not_sent(error):
                        unsaved(token)
                else:
                    failures.in_a_row = 0
                    yield database, documents, results, token
    except BaseException as ending:
        # Somebody who interrupts does not wait for a server that may never answer.
        patient = not is_interruption(ending)
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)
    failures.raise_first()


class _Failures:
    """What a run could not save: `broken` ends it, the databases in `left_out` are not asked again."""

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.left_out: dict[str, SupError] = {}
        self.in_a_row = 0

    def failed(self, database: str, error: SupError) -> None:
        self.left_out.setdefault(database, error)
        self.in_a_row += 1
        if _is_gone(error) or self.in_a_row >= FAILED_IN_A_ROW:
            self.broken = self.broken or error

    def skipped(self, database: str) -> None:
        self.in_a_row += 1
        if self.in_a_row >= FAILED_IN_A_ROW:
            self.broken = self.left_out[database]

    def raise_first(self) -> None:
        """Raise what ended the run, or else what left out the first database, if there is any."""
        if self.broken is not None:
            raise self.broken
        for error in self.left_out.values():
            raise error


def _outcome(
    save_one: Callable[[str, list[Document]], list[SaveResult]], database: str, documents: list[Document]
) -> list[SaveResult]:
    try:
        return save_one(database, documents)
    except SupError as error:
        if _concerns_all(error):
            raise
        delivered = Delivered.MAYBE if isinstance(error, ServerRefused) else error.delivered
        return [_unsaved(document, error, delivered) for document in documents]


def _is_gone(error: SupError) -> bool:
    """Tell an error that every other database meets as well: there is no connection to the server."""
    return isinstance(error, ServerUnreachable) and error.delivered is not Delivered.MAYBE


def _was_not_sent(error: SupError) -> bool:
    """Tell an error after which nothing of a request can be saved; a proxy may say 503 of what it has passed on."""
    refused = isinstance(error, NotAuthorised) and error.delivered is Delivered.YES
    return refused or error.delivered is Delivered.NO


def _concerns_all(error: SupError) -> bool:
    """Tell an error that the next request will meet as well from one of this request's own."""
    if isinstance(error, ServerRefused):
        return error.status in {429, 500, 502, 503, 504}
    return isinstance(error, ServerUnreachable | TimedOut | NotAuthorised)


def _unsaved(document: Document, error: SupError, delivered: Delivered) -> SaveResult:
    word = "not_found" if isinstance(error, NotFound) else error.identifier
    return SaveResult(str(document.get("_id", "")), None, word, str(error), delivered)


def _post(database: Database, documents: Sequence[Document]) -> list[SaveResult]:
    """Send one _bulk_docs and give each document its row: by position, or by id should rows be missing."""
    rows = database.resource.post_json("_bulk_docs", body={"docs": documents})[2]
    if len(rows) != len(documents):
        by_id: dict[str, list[Document]] = {}
        for row in rows:
            by_id.setdefault(row.get("id"), []).append(row)
        silence = {"error": "unknown_error", "reason": "CouchDB's answer leaves it out"}
        rows = [(by_id.get(document["_id"]) or [silence]).pop(0) for document in documents]
    return [
        SaveResult(
            document["_id"],
            None if "error" in row else row.get("rev"),
            row.get("error"),
            None if "error" not in row else str(row.get("reason") or row["error"]),
            Delivered.MAYBE if row.get("error") in UNCERTAIN else Delivered.YES,
        )
        for document, row in zip(documents, rows, strict=True)
    ]


def _written(database: Database, documents: dict[int, Document]) -> dict[int, SaveResult]:
    """Tell which of the documents are in the database as we would have written them, with their revision."""
    if not documents:
        return {}
    ids = list(dict.fromkeys(document["_id"] for document in documents.values()))
    rows = database.resource.post_json("_all_docs", body={"keys": ids}, include_docs=True)[2]["rows"]
    stored = {row["key"]: row for row in rows if "error" not in row}
    results = {}
    for index, document in documents.items():
        row = stored.get(document["_id"])
        if row is not None and row["value"]["rev"] != document.get("_rev") and _is_same(document, row):
            results[index] = SaveResult(document["_id"], row["value"]["rev"])
    return results


def _is_same(document: Document, row: Document) -> bool:
    if document.get("_deleted") or row["value"].get("deleted") or not row.get("doc"):
        return bool(document.get("_deleted")) and row["value"].get("deleted") is True
    return _content(json.loads(encode(document))) == _content(row["doc"])


def _content(document: Document) -> tuple[Document, set[str]]:
    """What the writer decides on: the fields that are not CouchDB's own, and which attachments there are."""
    fields = {name: value for name, value in document.items() if not name.startswith("_")}
    return fields, set(document.get("_attachments") or ())
