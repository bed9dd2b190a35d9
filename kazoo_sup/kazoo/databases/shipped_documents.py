"""Documents that come as JSON files with an application of Kazoo, and their stored copies.

Source: Kazoo kz_datamgr:revise_docs_from_folder/3, revise_doc_from_file/3.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, same
from kazoo_sup.kazoo.databases import failures, view_registrations
from kazoo_sup.kazoo.databases.failures import BadFile
from kazoo_sup.kazoo.documents import document_hash, is_private, public_fields, stamped, text_files
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


class BadDocument(BadFile):
    """{file}: {reason}; nothing was saved"""


def files(application: str, pattern: str) -> list[Path]:
    """Return the files of an installed application below its priv/couchdb; none where it is not installed."""
    directory = view_registrations.installed(application)
    return sorted((directory / "priv/couchdb").glob(pattern)) if directory else []


def updates(zone: Zone, database: str, found: list[Path]) -> Iterator[Change]:
    """Yield the changes that bring the documents in files into a database.

    Raises before the first what `failures.read_all` does.
    """
    documents = {document["_id"]: document for document in failures.read_all(found, _read)}
    stored = zone.couchdb.get_many(plain(database), list(documents))
    for identifier, document in documents.items():
        again = partial(updated, zone, database, document)
        yield changes.rebuild(database, stored.get(identifier), again)


def updated(zone: Zone, database: str, document: Document, stored: Document | None) -> Document:
    """Return the document of a file as it shall be stored: with the private fields of what is stored there.

    What is the same already, in itself and by the hash beside it, stays as it is.
    """
    if stored is None:
        return stamped(document, database, node=zone.node)
    kept_hash = stored.get("pvt_document_hash") or document_hash(stored)
    if same(public_fields(stored), public_fields(document)) and kept_hash == document_hash(document):
        return stored
    private = {key: value for key, value in stored.items() if is_private(key)}
    return stamped({**document, **private}, database, node=zone.node)


def _read(file: Path) -> Document:
    try:
        document = terms.read_json(text_files.read(file))
    except (OSError, ValueError) as error:
        raise BadDocument(file=file, reason=str(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("_id"), str):
        raise BadDocument(file=file, reason="it is not a document with an _id")
    return document
