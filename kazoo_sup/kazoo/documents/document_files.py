"""A document in a JSON file, brought into a database.

Source: Kazoo kazoo_data_maintenance:load_doc_from_file/2, kz_datamgr:maybe_update_doc/2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.databases.view_registrations import joined
from kazoo_sup.kazoo.documents import as_object, document_hash, text_files, without_revision

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


def read(file: Path) -> Document:
    """Return the document in FILE; JavaScript of views that is there in lines is joined.

    Raises BadArgument for what is not a JSON object, OSError for a file that cannot be read.
    """
    try:
        document = terms.read_json(text_files.read(file))
    except ValueError as error:
        raise BadArgument(parameter="FILE", reason=f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise BadArgument(parameter="FILE", reason=f"{file} holds no JSON object")
    if not isinstance(document.get("_id", ""), str):
        raise BadArgument(parameter="FILE", reason=f"{file}: its _id is not text")
    return {key: joined(each) if key == "views" else each for key, each in document.items()}


def load(zone: Zone, database: str, document: Document) -> Document:
    """Save a document in a database (encoded) on top of what is stored there; return it as it is stored now.

    What differs is laid over the stored document, null removing a key; nothing is saved where both hash the same.
    The document names itself by its `_id`.
    """
    wanted = without_revision(document)
    return changes.update(zone, database, wanted["_id"], partial(_over, wanted)).document


def _over(wanted: Document, stored: Document | None) -> Document:
    if stored is None:
        return wanted
    if _hash(wanted) == _hash(stored):
        return stored
    return _laid_over(stored, wanted)


def _laid_over(below: object, above: Document) -> Document:
    """Return an object laid over another; null removes a key, an empty object takes the place of what is below.

    Source: Kazoo kz_json:flatten/1, set_values/2.
    """
    document = {**as_object(below)}
    for key, each in above.items():
        if each is None:
            document.pop(key, None)
        else:
            document[key] = _laid_over(document.get(key), each) if isinstance(each, dict) and each else each
    return document


def _hash(document: Document) -> str:
    return str(document.get("pvt_document_hash") or document_hash(document))
