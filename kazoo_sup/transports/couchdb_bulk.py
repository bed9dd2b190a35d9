"""Saving many documents at once: exactly one truthful result for each, whatever happens to the connection."""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kazoo_sup.errors import NotAuthorised, ServerRefused, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.couchdb_failures import answer_was_lost
from kazoo_sup.transports.couchdb_session import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Token = TypeVar("Token")

RESENDS = 2  # of a document whose answers keep getting lost

# Errors of one row that leave open whether a replica took the document: fabric_doc_update ensure_all_responses,
# fabric_util request_timeout.
UNCERTAIN = frozenset({"error", "internal_server_error", "timeout", "unknown_error"})


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of one document: its new revision, or CouchDB's word for the error ("conflict", "forbidden" …).

    Other words than CouchDB's: "too_large" when it is refused for its size, "not_found" for a missing database
    (save_batches), and the name of an error class of this project when CouchDB could not be asked to the end.
    """

    id: str
    rev: str | None
    error: str | None = None
    reason: str | None = None


def save(database: Any, documents: Sequence[dict[str, Any]]) -> list[SaveResult]:
    """Save documents into a couchdb.Database with one _bulk_docs; one result per document, in their order.

    A document without `_id` is given one here, so that it can be recognised if the answer gets lost. A request that
    is refused as too large (413) is split in halves, down to the one document at fault.
    """
    if not documents:
        return []
    named = [document if document.get("_id") else {**document, "_id": os.urandom(16).hex()} for document in documents]
    try:
        results = _post(database, named)
    except (TimedOut, ServerUnreachable, ServerRefused) as error:
        if answer_was_lost(error):
            unknown = [SaveResult(document["_id"], None, error.id, str(error)) for document in named]
            return save_what_did_not_arrive(database, named, unknown)
        if error.facts.get("status") != 413:  # noqa: PLR2004
            raise
        half = len(named) // 2
        if half:
            return save(database, named[:half]) + save(database, named[half:])
        return [SaveResult(named[0]["_id"], None, "too_large", str(error.facts["reason"]))]
    doubtful = [index for index, result in enumerate(results) if result.error in UNCERTAIN]
    if doubtful:
        settled = save_what_did_not_arrive(
            database, [named[index] for index in doubtful], [results[index] for index in doubtful]
        )
        for index, result in zip(doubtful, settled, strict=True):
            results[index] = result
    return results


def save_what_did_not_arrive(
    database: Any, documents: Sequence[dict[str, Any]], unknown: Sequence[SaveResult]
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
                if not answer_was_lost(error):
                    raise
                continue
            for index, answer in zip(waiting, answers, strict=True):
                results[index] = answer
            not_written([index for index in waiting if results[index].error == "conflict"])
            waiting = [index for index in waiting if results[index].error in UNCERTAIN]
        not_written(waiting)
    except SupError as error:
        error.facts["lost"] = True  # of the first request it is still not known what became of it
        raise
    return results


def save_batches(
    save_one: Callable[[str, list[dict[str, Any]]], list[SaveResult]],
    batches: Iterable[tuple[str, list[dict[str, Any]], Token]],
    workers: int,
) -> Iterator[tuple[str, list[dict[str, Any]], list[SaveResult], Token]]:
    """See CouchDB.save_batches."""
    from concurrent.futures import ThreadPoolExecutor

    def outcome(database: str, documents: list[dict[str, Any]]) -> list[SaveResult]:
        try:
            return save_one(database, documents)
        except SupError as error:
            if _concerns_all(error):
                raise
            word = "not_found" if error.id == "NotFound" else error.id
            return [SaveResult(str(document.get("_id", "")), None, word, str(error)) for document in documents]

    source = iter(batches)
    in_flight: deque[tuple[str, list[dict[str, Any]], Any, Token]] = deque()
    broken: Exception | None = None
    pool = ThreadPoolExecutor(workers, thread_name_prefix="save")
    patient = True
    try:
        while True:
            try:
                batch = next(source, None) if broken is None else None
            except Exception as problem:  # noqa: BLE001 - raised below, once what was sent is accounted for
                batch, broken = None, problem
            if batch is not None:
                database, documents, token = batch
                in_flight.append((database, documents, pool.submit(outcome, database, documents), token))
            elif not in_flight:
                break
            if batch is None or len(in_flight) > workers:
                database, documents, future, token = in_flight.popleft()
                try:
                    results = future.result()
                except SupError as problem:
                    broken = broken or problem
                else:
                    yield database, documents, results, token
    except BaseException as ending:
        # Somebody who interrupts does not wait for a server that may never answer.
        patient = isinstance(ending, Exception | GeneratorExit)
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)
    if broken is not None:
        raise broken


def _concerns_all(error: SupError) -> bool:
    """Tell an error that the next request will meet as well from one of this request's own."""
    passing_status = error.facts.get("status") in {429, 500, 502, 503, 504}
    return isinstance(error, ServerUnreachable | TimedOut | NotAuthorised) or passing_status


def _post(database: Any, documents: Sequence[dict[str, Any]]) -> list[SaveResult]:
    """Send one _bulk_docs and give each document its row: by position, or by id should rows be missing."""
    rows = database.resource.post_json("_bulk_docs", body={"docs": documents})[2]
    if len(rows) != len(documents):
        by_id: dict[str, list[dict[str, Any]]] = {}
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
        )
        for document, row in zip(documents, rows, strict=True)
    ]


def _written(database: Any, documents: dict[int, dict[str, Any]]) -> dict[int, SaveResult]:
    """Tell which of the documents stand in the database as we would have written them, with their revision."""
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


def _is_same(document: dict[str, Any], row: dict[str, Any]) -> bool:
    if document.get("_deleted") or row["value"].get("deleted") or not row.get("doc"):
        return bool(document.get("_deleted")) and row["value"].get("deleted") is True
    return _content(json.loads(encode(document))) == _content(row["doc"])


def _content(document: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """What the writer decides on: the fields that are not CouchDB's own, and which attachments there are."""
    fields = {name: value for name, value in document.items() if not name.startswith("_")}
    return fields, set(document.get("_attachments") or ())
