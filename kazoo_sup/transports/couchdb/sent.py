"""Documents as the JSON that the server sent, for whoever passes them on and looks at little more than their ids.

To make Python's objects of a page of `_all_docs`, and JSON of those again, takes several times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kazoo_sup.transports.couchdb.session import encode

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A document: `text` is JSON in UTF-8 on one line; a plain one has neither attachments nor losing revisions."""

    id: str
    text: bytes
    is_plain: bool = True


def of(document: Document) -> Sent:
    """Make JSON of a document again."""
    is_plain = "_attachments" not in document and "_conflicts" not in document
    return Sent(document["_id"], encode(document), is_plain)


class _Plain(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="_id")
    rev: str = msgspec.field(name="_rev")
    attachments: None = msgspec.field(name="_attachments", default=None)
    conflicts: None = msgspec.field(name="_conflicts", default=None)


class _Row(msgspec.Struct, gc=False):
    key: str
    doc: msgspec.Raw


class _PlainRow(msgspec.Struct, gc=False):
    doc: _Plain


class _Checked(msgspec.Struct, gc=False):
    rows: list[_PlainRow]


class _Page(msgspec.Struct, gc=False):
    rows: list[_Row]


_CHECK = msgspec.json.Decoder(_Checked).decode
_READ = msgspec.json.Decoder(_Page).decode


def plain_rows(answer: bytes) -> Json:
    """Read an answer of _all_docs with documents and conflicts: rows with a `key`, whose `doc` is a Sent.

    Returns None when a document is not plain, and when anything else is unusual or wrong.
    """
    try:
        _CHECK(answer)
        rows = _READ(answer).rows
        answer.decode()  # a Raw is not looked at for that
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    documents = [Sent(row.key, bytes(row.doc)) for row in rows]
    if any(b"\n" in document.text for document in documents):
        return None
    return {"rows": [{"key": document.id, "doc": document} for document in documents]}
