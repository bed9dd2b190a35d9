"""What all of Kazoo's documents have in common: paths into them, private fields, the hash, Gregorian time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.errors import BadValue
from kazoo_sup.messages.names import account_id

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json

GREGORIAN_EPOCH = 62_167_219_200
"""Seconds from the year 0 to 1970."""


def now() -> int:
    """Return the time in Gregorian seconds, as documents hold it."""
    return int(time.time()) + GREGORIAN_EPOCH


def value_at(document: object, path: Sequence[str], default: object = None) -> Json:
    """Return what is at PATH of a document; in lists an element of the path counts from 1.

    Where a path runs into a plain value there is nothing, while Kazoo's kz_json:get_value crashes.
    """
    found = document
    for key in path:
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and 0 < int(key) <= len(found):
            found = found[int(key) - 1]
        else:
            return default
    return found


def with_value(document: Document, path: Sequence[str], value: object) -> Document:
    """Return the document with VALUE at PATH; None, JSON's null, removes what is there.

    Objects on the way are made, plain values on the way are replaced. Raises BadValue where a list on the way has no
    such element. Source: Kazoo kz_json:set_value/3.
    """
    try:
        changed: Document = _with_value(document, list(path), value)
    except ValueError as error:
        name = f"document {document['_id']}" if isinstance(document.get("_id"), str) else "document"
        raise BadValue(what=f"{name}, {'.'.join(path)}", reason=str(error)) from None
    return changed


def _with_value(target: object, path: list[str], value: object) -> Json:
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(target, list) and target:
        index = int(key) - 1 if key.isdecimal() else -1
        if not 0 <= index <= len(target):
            raise ValueError(f"a list of {len(target)} has no element {key!r}")
        if value is None and not rest:
            return [*target[:index], *target[index + 1 :]]
        element = _with_value(target[index] if index < len(target) else {}, rest, value)
        return [*target[:index], element, *target[index + 1 :]]
    changed = {**as_object(target)}
    if value is None and not rest:
        changed.pop(key, None)
    elif value is not None or key in changed:
        changed[key] = _with_value(changed.get(key), rest, value)
    return changed


def merged(below: object, above: object) -> Json:
    """Return one value laid over another: objects are merged key by key, anything else replaces what is below.

    Source: Kazoo kz_json:merge/2.
    """
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def is_private(key: str) -> bool:
    """Tell a private key: `_…` is CouchDB's, `pvt_…` is Kazoo's."""
    return key.startswith(("_", "pvt_"))


def public_fields(document: Document) -> Document:
    """Return the document without its private fields (Kazoo kz_doc:public_fields/2)."""
    return {key: value for key, value in document.items() if not is_private(key)}


def without_revision(document: Document) -> Document:
    """Return the document as it may be stored elsewhere."""
    return {key: value for key, value in document.items() if key != "_rev"}


def body_of(document: Document) -> Document:
    """Return what a document says wherever it is: without its revision, and its attachments, of which it has stubs."""
    return {key: value for key, value in document.items() if key not in ("_rev", "_attachments")}


def document_hash(document: Document) -> str:
    """Return the hash by which Kazoo sees whether a file differs from a stored document.

    The MD5 of the JSON text of the public fields, with `id`, and the attachments, in the order they are stored in.
    Source: Kazoo kz_doc:calculate_document_hash/1.
    """
    public = with_value(public_fields(document), ["id"], document.get("_id"))
    hashed: Document = {"public": public}
    if document.get("_attachments"):
        hashed["attachments"] = document["_attachments"]
    import hashlib

    return hashlib.md5(terms.json_encode(hashed).encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()


def stamped(
    document: Document,
    database: str,
    *,
    node: str,
    document_type: str | None = None,
    account: str | None = None,
    before: Document | None = None,
) -> Document:
    """Return the document with the private fields that Kazoo sets on every save, in Kazoo's order.

    `pvt_created` is set only on a document without `_rev`. The hash is that of `before`, where given: some of
    Kazoo's callers hash what they read, not what they save. Source: Kazoo kz_doc:update_pvt_parameters/3.
    """
    time_now = now()
    private: Document = {
        "pvt_account_id": account or account_id(database) or database,
        "pvt_account_db": database,
    }
    if "_rev" not in document:
        private["pvt_created"] = time_now
    private["pvt_modified"] = time_now
    if document_type is not None:
        private["pvt_type"] = document_type
    private["pvt_node"] = node
    hashed = document if before is None else before
    return {**document, **private, "pvt_document_hash": document_hash(hashed)}


def as_object(found: object) -> Document:
    """Return an object as it is, an empty one in place of anything else."""
    return found if isinstance(found, dict) else {}


def objects_by_name(found: object) -> dict[str, Document]:
    """Return the objects in an object by their names; none of anything else."""
    return {name: each for name, each in as_object(found).items() if isinstance(each, dict)}


def objects(found: object) -> list[Document]:
    """Return the objects in a list, or among the values of an object; none of anything else."""
    items = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    return [each for each in items if isinstance(each, dict)]
