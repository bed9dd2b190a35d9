"""A document in a JSON file, brought into a database.

Source: Kazoo kazoo_data_maintenance:load_doc_from_file/2, kz_datamgr:maybe_update_doc/2.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.documents import document_hash, without_revision
from kazoo_sup.kazoo.view_registrations import joined
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.zone import Zone


def read(file: Path) -> Document:
    """Return the document in FILE; JavaScript of views that stands there in lines is joined.

    Raises BadArgument for what is no JSON object, OSError for a file that cannot be read.
    """
    try:
        document = terms.read_json(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadArgument(parameter="FILE", reason=f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise BadArgument(parameter="FILE", reason=f"{file} holds no JSON object")
    return {key: joined(each) if key == "views" else each for key, each in document.items()}


def load(zone: Zone, database: str, document: Document) -> Document:
    """Save a document in a database (encoded) on top of what is stored there; return it as it is stored now.

    What differs is laid over the stored document, null removing a key; nothing is saved where both hash the same.
    """
    wanted = {**without_revision(document), "_id": document.get("_id") or secrets.token_hex(16)}
    stored = zone.couchdb.get(plain(database), wanted["_id"])
    again = partial(_over, wanted)
    return changes.apply(zone, [Change(database, again(stored), stored, again)]).document


def _over(wanted: Document, stored: Document | None) -> Document:
    if stored is None:
        return wanted
    if _hash(wanted) == _hash(stored):
        return stored
    return _laid_over(stored, wanted)


def _laid_over(below: Any, above: Document) -> Document:
    """Return an object laid over another; null removes a key, an empty object takes the place of what is below.

    Source: Kazoo kz_json:flatten/1, set_values/2.
    """
    document = dict(below) if isinstance(below, dict) else {}
    for key, each in above.items():
        if each is None:
            document.pop(key, None)
        else:
            document[key] = _laid_over(document.get(key), each) if isinstance(each, dict) and each else each
    return document


def _hash(document: Document) -> str:
    return str(document.get("pvt_document_hash") or document_hash(document))
