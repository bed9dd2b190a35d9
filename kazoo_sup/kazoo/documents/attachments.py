"""Attachments inside documents, so that a document and its files are saved in one step, through the one door."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kazoo_sup.changes.attaching import digest
from kazoo_sup.kazoo.documents import mime_types

if TYPE_CHECKING:
    from kazoo_sup.types import Document

KEY = "_attachments"


Contents = tuple[str, bytes]
"""A MIME type, and what is to be stored."""


def attached(document: Document, files: Mapping[str, Contents]) -> Document:
    """Return the document with FILES, contents by name, for all its attachments; without any where there are none."""
    without = {key: value for key, value in document.items() if key != KEY}
    return {**without, KEY: {name: _inline(*each) for name, each in files.items()}} if files else without


def with_files(document: Document, files: Mapping[str, bytes]) -> Document:
    """Return the document with FILES, contents by name, attached; one that is attached already stays as it is."""
    there = dict(document.get(KEY) or {})
    for name, content in files.items():
        if not _is_there(there.get(name), content):
            there[name] = _inline(mime_types.of(name), content)
    return {**document, KEY: there} if there else document


def _is_there(stub: object, content: bytes) -> bool:
    return isinstance(stub, dict) and stub.get("digest") == digest(content) and stub.get("length") == len(content)


def _inline(mime_type: str, content: bytes) -> Document:
    return {"content_type": mime_type, "data": base64.b64encode(content).decode()}
