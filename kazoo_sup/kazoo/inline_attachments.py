"""Attachments inside a document, so that it and its files are saved in one step, through the one door."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kazoo_sup.changes import Document

KEY = "_attachments"

Contents = tuple[str, bytes]
"""A MIME type, and what is to be stored."""


def attached(document: Document, files: Mapping[str, Contents], *, shown: bool = False) -> Document:
    """Return the document with FILES, contents by name, for its attachments; nothing is added where there are none.

    SHOWN, for a run that only shows what it would do, leaves the contents out.
    """
    without = {key: value for key, value in document.items() if key != KEY}
    described = _described if shown else _inline
    return {**without, KEY: {name: described(*each) for name, each in files.items()}} if files else without


def _inline(content_type: str, content: bytes) -> dict[str, Any]:
    return {"content_type": content_type, "data": base64.b64encode(content).decode()}


def _described(content_type: str, content: bytes) -> dict[str, Any]:
    return {"content_type": content_type, "length": len(content)}
