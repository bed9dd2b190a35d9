"""Attachments inside documents, so that a document and its files are saved in one step, through the one door."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import mime_types

if TYPE_CHECKING:
    from kazoo_sup.changes import Document

KEY = "_attachments"


Contents = tuple[str, bytes]
"""A MIME type, and what is to be stored."""


def attached(document: Document, files: Mapping[str, Contents], *, shown: bool = False) -> Document:
    """Return the document with FILES, contents by name, for all its attachments; without any where there are none.

    SHOWN, for a run that only shows what it would do, leaves the contents out.
    """
    without = {key: value for key, value in document.items() if key != KEY}
    described = _described if shown else _inline
    return {**without, KEY: {name: described(*each) for name, each in files.items()}} if files else without


def with_files(document: Document, files: Mapping[str, bytes], *, shown: bool = False) -> Document:
    """Return the document with FILES, contents by name, attached; one that is attached just so stays as it is.

    SHOWN, for a run that only shows what it would do, leaves the contents out.
    """
    there = dict(document.get(KEY) or {})
    for name, content in files.items():
        if not _is_there(there.get(name), content):
            described = _described if shown else _inline
            there[name] = described(mime_types.of(name), content)
    return {**document, KEY: there} if there else document


def _is_there(stub: Any, content: bytes) -> bool:
    return isinstance(stub, dict) and stub.get("digest") == _digest(content) and stub.get("length") == len(content)


def _digest(content: bytes) -> str:
    return "md5-" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _inline(mime_type: str, content: bytes) -> dict[str, Any]:
    return {"content_type": mime_type, "data": base64.b64encode(content).decode()}


def _described(mime_type: str, content: bytes) -> dict[str, Any]:
    return {"content_type": mime_type, "length": len(content), "digest": _digest(content)}
