"""The keys of sup.yaml as `config/sup.schema.json` has them, the one place that says which there are and of what kind.

Editors complete settings from the same file, and the table of docs/reference/settings.md is made from it.
"""

from __future__ import annotations

import json
from functools import cache

from kazoo_sup.settings.resources import read_config
from kazoo_sup.types import Document

Schema = Document
"""A JSON Schema, draft 7, with `x-environment`: the variables that set the same."""

FILE = "sup.schema.json"


@cache
def schema() -> Schema:
    """Return the schema of the whole file."""
    read: Schema = json.loads(read_config(FILE))
    return read


def definition(name: str) -> Schema:
    """Return the definition NAME."""
    found: Schema = schema()["definitions"][name]
    return found


def kind(described: Schema) -> tuple[str, Schema]:
    """Return the name of the definition that a key is of, and the definition; "" and the key itself if of none."""
    for each in (described, *described.get("allOf", ())):
        if "$ref" in each:
            name = each["$ref"].rpartition("/")[2]
            return name, definition(name)
    return "", described
