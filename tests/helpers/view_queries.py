"""Queries of views as CouchDB answers them: the map functions of design documents, run over documents in memory.

Source: CouchDB documentation, "API Reference: /db/_design/design-doc/_view/view-name" and "View Collation".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any

from kazoo_sup.kazoo.databases.view_maps import CannotBeRead, Code, collated

Document = dict[str, Any]
Row = dict[str, Any]

_FIRST_ID, _LAST_ID = "", "\U0010ffff"
_ENGINES = threading.Lock()  # they are not for several threads at once


class Refused(Exception):
    """What CouchDB says no to, in its words."""

    def __init__(self, status: int, error: str, reason: str) -> None:
        super().__init__(error, reason)
        self.status, self.error, self.reason = status, error, reason


def rows(documents: Iterable[Document], design: Document | None, view: str, options: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a view of DESIGN, or what they are reduced to.

    options: `startkey`, `startkey_docid`, `endkey`, `key`, `keys`, `descending`, `reduce`, `group`, `skip` and `limit`
    of the query; `include_docs` is for the caller, who has the documents.
    """
    if design is None:
        raise Refused(404, "not_found", "missing")
    if not isinstance((design.get("views") or {}).get(view, {}).get("map"), str):
        raise Refused(404, "not_found", "missing_named_view")
    try:
        with _ENGINES:
            code = _code(design["_id"], view, json.dumps(design["views"][view]))
            reduced = _is_reduced(code, options)
            emitted = code.rows(each for each in documents if not each["_id"].startswith("_design/"))
            found = sorted(emitted, key=lambda row: (collated(row["key"]), row["id"]))
            parts = _parts(found, options)
            found = [row for part in parts for row in (_reduced(code, part, options) if reduced else part)]
    except CannotBeRead as error:
        raise Refused(400, "compilation_error", error.reason) from error
    skipped = options.get("skip", 0)
    return found[skipped : skipped + options.get("limit", len(found))]


def linked(row: Row) -> str:
    """Return the id of the document that comes with a row: its own, or the one that its value names."""
    value = row.get("value")
    return str(value["_id"]) if isinstance(value, dict) and "_id" in value else str(row["id"])


@lru_cache(maxsize=500)
def _code(identifier: str, view: str, functions: str) -> Code:
    """Return the functions of a view, which are compiled once."""
    return Code({"_id": identifier, "views": {view: json.loads(functions)}}, view, "")


def _is_reduced(code: Code, options: Mapping[str, Any]) -> bool:
    """Tell whether rows are to be reduced. Raises Refused for what a view cannot be asked for."""
    reduced = bool(code.reduced) and options.get("reduce", True)
    if options.get("reduce") and not code.reduced:
        raise Refused(400, "query_parse_error", "Reduce is invalid for map-only views.")
    if options.get("group") and not reduced:
        raise Refused(400, "query_parse_error", "Invalid use of grouping on a map view.")
    if options.get("include_docs") and reduced:
        raise Refused(400, "query_parse_error", "`include_docs` is invalid for reduce")
    if "keys" in options and reduced and not options.get("group"):
        raise Refused(400, "query_parse_error", "Multi-key fetches for reduce views must use `group=true`")
    if "startkey" in options and "endkey" in options:
        bounds = collated(options["startkey"]), collated(options["endkey"])
        if bounds[0] != bounds[1] and (bounds[0] > bounds[1]) is not options.get("descending", False):
            reason = "No rows can match your key range, reverse your start_key and end_key or set descending"
            raise Refused(400, "query_parse_error", reason)
    return reduced


def _parts(found: list[Row], options: Mapping[str, Any]) -> Iterator[list[Row]]:
    """Yield the rows that are asked for: those of each key in turn, or those within bounds."""
    keys = options["keys"] if "keys" in options else [options["key"]] if "key" in options else None
    if keys is None:
        yield _within(found, options)
        return
    for key in keys:
        same = [row for row in found if collated(row["key"]) == collated(key)]
        yield same[::-1] if options.get("descending") else same


def _within(found: list[Row], options: Mapping[str, Any]) -> list[Row]:
    """Return the rows from startkey to endkey, in the order that is asked for."""
    low, high = ("endkey", "startkey") if options.get("descending") else ("startkey", "endkey")
    if low in options:
        least = collated(options[low]), options.get(f"{low}_docid", _FIRST_ID)
        found = [row for row in found if (collated(row["key"]), row["id"]) >= least]
    if high in options:
        most = collated(options[high]), options.get(f"{high}_docid", _LAST_ID)
        found = [row for row in found if (collated(row["key"]), row["id"]) <= most]
    return found[::-1] if options.get("descending") else found


def _reduced(code: Code, found: list[Row], options: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what rows are reduced to: each key's by themselves, or all together; nothing where there are none."""

    def value(rows: list[Row]) -> Any:
        return _sum([row["value"] for row in rows]) if code.reduced == "_sum" else code.reduce(rows)

    if options.get("group"):
        for _key, same in groupby(found, key=lambda row: collated(row["key"])):
            each = list(same)
            yield {"key": each[0]["key"], "value": value(each)}
    elif found:
        yield {"key": None, "value": value(found)}


def _sum(values: list[Any]) -> int | float:
    """Return the sum of numbers; CouchDB adds up lists and objects of numbers as well, which no view here emits."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        raise Refused(500, "builtin_reduce_error", "The _sum function requires that map values be numbers.")
    return sum(values)
