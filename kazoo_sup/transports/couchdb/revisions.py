"""Storing documents under the revisions they carry, as a replicator does (`new_edits=false`), attachments streamed.

It can be repeated without harm: CouchDB takes a revision that it has for what it is. So a request whose answer was lost
is simply sent again.
"""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from kazoo_sup.errors import Delivered, ServerRefused, ServerUnreachable, TimedOut
from kazoo_sup.transports.couchdb.bulk import RESENDS, SaveResult
from kazoo_sup.transports.couchdb.session import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kazoo_sup.transports.couchdb.package import Database
    from kazoo_sup.types import Document

Answer = TypeVar("Answer")


class Attachment(NamedTuple):
    """An attachment to store: `open` gives its content from the start, `length` bytes; `revpos` as in its stub."""

    name: str
    content_type: str
    length: int
    open: Callable[[], BinaryIO]
    revpos: int | None = None

    @property
    def stub(self) -> Document:
        """What stands for it in the document while its content follows (CouchDB docs, "Multiple Attachments")."""
        stub = {"follows": True, "content_type": self.content_type, "length": self.length}
        return stub if self.revpos is None else {**stub, "revpos": self.revpos}


def save(database: Database, documents: Sequence[Document]) -> list[SaveResult]:
    """Store documents with one _bulk_docs into a couchdb.Database; one result each, in their order.

    A request that is refused as too large (413) is split in halves, down to the one document at fault.
    """
    try:
        rows = _repeated(
            lambda: database.resource.post_json("_bulk_docs", body={"docs": documents, "new_edits": False})[2]
        )
    except ServerRefused as error:
        if error.status != 413:  # noqa: PLR2004
            raise
        half = len(documents) // 2
        if half:
            return save(database, documents[:half]) + save(database, documents[half:])
        return [SaveResult(documents[0]["_id"], None, "too_large", error.reason)]
    # Only what was refused is answered: chttpd_db, db_req _bulk_docs with replicated_changes.
    refused = {(row.get("id"), row.get("rev")): row for row in rows if "error" in row}
    results = []
    for document in documents:
        name, revision = document["_id"], document["_rev"]
        row = refused.get((name, revision)) or refused.get((name, None))
        if row:
            results.append(SaveResult(name, None, row["error"], str(row.get("reason") or row["error"])))
        else:
            results.append(SaveResult(name, revision))
    return results


def put(database: Database, document: Document, attachments: Sequence[Attachment]) -> None:
    """Store one document with attachments that are sent piece by piece, as multipart/related (RFC 2387)."""
    body = Multipart(document, attachments)
    headers = {"Content-Type": f'multipart/related; boundary="{body.boundary}"'}
    resource = database.resource(*segments(document["_id"]))
    _repeated(lambda: resource.put_json(body=body, headers=headers, new_edits="false"))


def segments(identifier: str) -> list[str]:
    """A reserved id's first slash stands unescaped in a path: _design/name."""
    return identifier.split("/", 1) if identifier.startswith("_") else [identifier]


def _repeated(send: Callable[[], Answer]) -> Answer:
    for left in reversed(range(RESENDS + 1)):
        try:
            return send()
        except (TimedOut, ServerUnreachable, ServerRefused) as error:
            if not (left and error.delivered is Delivered.MAYBE):
                raise
    raise AssertionError  # the last round returns or raises


class Multipart(io.RawIOBase):
    """The body of a document with attachments: a file to read from, which begins again at seek(0)."""

    def __init__(self, document: Document, attachments: Sequence[Attachment]) -> None:
        """Read nothing of the attachments yet."""
        self.boundary = os.urandom(16).hex()
        stubs = {each.name: each.stub for each in attachments}
        head = f"--{self.boundary}\r\nContent-Type: application/json\r\n\r\n".encode()
        self._parts: list[bytes | Attachment] = [head + encode({**document, "_attachments": stubs})]
        for each in attachments:
            # Parts are told apart by their order; express-pouchdb goes by the name.
            name = json.dumps(each.name, ensure_ascii=False)
            fields = f"Content-Disposition: attachment; filename={name}\r\nContent-Type: {each.content_type}\r\n"
            lengths = f"Content-Length: {each.length}\r\n\r\n"
            self._parts += [f"\r\n--{self.boundary}\r\n{fields}{lengths}".encode(), each]
        self._parts.append(f"\r\n--{self.boundary}--".encode())
        self.len = sum(part.length if isinstance(part, Attachment) else len(part) for part in self._parts)
        self._waiting: list[bytes | Attachment] = []
        self._current: BinaryIO = io.BytesIO()
        self._at = 0
        self.seek(0)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only back to the start")
        self._waiting, self._at = list(self._parts), 0
        self._current.close()
        self._current = io.BytesIO()
        return 0

    def readinto(self, buffer: object) -> int:
        while True:
            count = self._current.readinto(buffer)  # type: ignore[attr-defined]
            if count or not self._waiting:
                self._at += count
                return int(count)
            self._current.close()
            part = self._waiting.pop(0)
            self._current = part.open() if isinstance(part, Attachment) else io.BytesIO(part)
