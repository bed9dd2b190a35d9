"""Names for the shapes of what is decoded: JSON of CouchDB, of messages and of servers, and rows that are shown.

What is in such a value is somebody else's word, so that type checkers let whoever reads it ask for any key, and the
reader checks what it finds (see `kazoo/documents/shapes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

Json = Any
"""A decoded JSON value: an object (dict with str keys), an array (list), str, int, float, bool or None."""

Document = dict[str, Any]
"""A JSON object: a document of CouchDB with `_id` and `_rev`, a part of one, or what a server answers."""

Fields = Mapping[str, Any]
"""A JSON object that is only read."""

Payload = dict[str, Any]
"""A message of the bus, decoded: its headers by name (`App-Name`, `Msg-ID`), its values as JSON has them."""

Row = Mapping[str, Any]
"""A line of a listing: what stands in each column, by the column's name."""

Foreign = Any
"""An Erlang term as a node sends it: what it is, nobody knows before it is looked at (see `terms`)."""

Values = dict[str, Any]
"""What a command line gives for each parameter, by its name; None for what it leaves out."""


class ViewRow(TypedDict, total=False):
    """A row of a CouchDB view; `doc`, an object or null, comes with include_docs, `error` in place of the others."""

    id: str
    key: Json
    value: Json
    doc: Json
    error: str
