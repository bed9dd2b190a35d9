"""The rows of a view worked out here, of all documents of a database, where the database has no index for it.

So a listing needs no design document to be saved, and a dry run goes the way of the real one. The map function is the
very one that would be saved; it runs in an engine that knows nothing of this process, its files or the network.
Source: CouchDB's query server protocol, and the collation of views.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Json, ViewRow
    from kazoo_sup.zone import Zone

BATCH = 500

_PRELUDE = """
var emitted;
function emit(key, value) { emitted.push([key === undefined ? null : key, value === undefined ? null : value]); }
function log() {}
function sum(values) { var all = 0; for (var i = 0; i < values.length; i++) { all += values[i]; } return all; }
var isArray = Array.isArray, toJSON = JSON.stringify;
"""
_WAYS_OUT = ("dukpy.log.info", "dukpy.log.error", "dukpy.log.warn", "dukpy.load_module", "dukpy.normalize_module")
"""What the engine lets scripts do outside, to print and to load files."""

_MARKS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_BEFORE_DIGITS = {ord(mark): place for place, mark in enumerate(_MARKS, 1)}

_MAP = """
dukpy.documents.map(function (document) {
  emitted = [];
  try { mapped(document); } catch (error) { emitted = []; }
  return emitted;
});
"""


class CannotBeRead(SupError):
    """the view {view} of database {database} has no index yet, and its code cannot be run here: {reason}"""

    view: str
    database: str
    reason: str


class Code:
    """The functions of one view."""

    def __init__(self, design: Document, view: str, database: str) -> None:
        """Read them from a design document. Raises CannotBeRead for what is not a function of plain JavaScript."""
        from dukpy import JSInterpreter, JSRuntimeError

        self._error = JSRuntimeError
        self._view, self._database = f"{design['_id'].removeprefix('_design/')}/{view}", plain(database)
        found = design["views"][view]
        self.reduced: str | None = found.get("reduce")
        self._engine = JSInterpreter()
        for way_out in _WAYS_OUT:
            self._engine.export_function(way_out, _nothing)
        self._run(_PRELUDE)
        self._run("call_python = require = process = console = undefined; 1")
        self._run(f"var mapped = ({found.get('map')}); 1")

    def rows(self, documents: Iterable[Document]) -> Iterator[ViewRow]:
        """Yield what the documents emit, as they come; of one on which the code fails nothing, as in CouchDB."""
        source = iter(documents)
        while batch := list(islice(source, BATCH)):
            for document, emitted in zip(batch, self._run(_MAP, documents=batch), strict=True):
                for key, value in emitted:
                    yield {"id": document["_id"], "key": key, "value": value}

    def reduce(self, rows: Sequence[ViewRow]) -> Json:
        """Return what the view reduces rows to."""
        values = [row["value"] for row in rows]
        if self.reduced == "_count":
            return len(values)
        if self.reduced == "_sum":
            return sum(value for value in values if isinstance(value, int | float))
        keys = [[row["key"], row["id"]] for row in rows]
        return self._run(f"({self.reduced})(dukpy.keys, dukpy.rows, false)", keys=keys, rows=values)

    def _run(self, code: str, **values: object) -> Json:
        try:
            return self._engine.evaljs(code, **values)
        except (self._error, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CannotBeRead(view=self._view, database=self._database, reason=reason) from error


def rows(zone: Zone, database: str, design: Document, view: str, **query: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    """Yield the rows of a view of DESIGN as `CouchDB.view` does."""
    start, end, key, keys = query.get("start"), query.get("end"), query.get("key"), query.get("keys")
    reduce, group, descending = query.get("reduce"), query.get("group"), query.get("descending", False)
    code = Code(design, view, database)
    documents = (
        each for each in zone.couchdb.documents(plain(database)) if not str(each["_id"]).startswith("_design/")
    )
    if key is not None:
        start = end = key
    lowest, highest = (end, start) if descending else (start, end)
    wanted = None if keys is None else {_text(each) for each in keys}
    found = [
        row
        for row in code.rows(documents)
        if (lowest is None or collated(row["key"]) >= collated(lowest))
        and (highest is None or collated(row["key"]) <= collated(highest))
        and (wanted is None or _text(row["key"]) in wanted)
    ]
    found.sort(key=lambda row: (collated(row["key"]), row["id"]), reverse=descending)
    if keys is not None:
        by_key = {name: list(same) for name, same in groupby(found, key=lambda row: _text(row["key"]))}
        found = [row for each in keys for row in by_key.get(_text(each), [])]
    if group or (reduce and keys is not None):
        for _name, same in groupby(found, key=lambda row: _text(row["key"])):
            together = list(same)
            yield {"key": together[0]["key"], "value": code.reduce(together)}
    elif reduce:
        if found:
            yield {"key": None, "value": code.reduce(found)}
    elif query.get("include_docs"):
        yield from _with_documents(zone, database, found, query.get("page", BATCH))
    else:
        yield from found


def _with_documents(zone: Zone, database: str, found: list[ViewRow], page: int) -> Iterator[ViewRow]:
    """Add to each row its document, or the one that its value names, as it is now."""
    size = max(1, min(page, BATCH))
    for first in range(0, len(found), size):
        part = found[first : first + size]
        names = [_linked(row) for row in part]
        stored = zone.couchdb.get_many(plain(database), list(dict.fromkeys(names)))
        for row, name in zip(part, names, strict=True):
            yield {**row, "doc": stored.get(name)}


def _nothing(*_arguments: object) -> None: ...


def _linked(row: ViewRow) -> str:
    value = row["value"]
    return str(value["_id"]) if isinstance(value, dict) and isinstance(value.get("_id"), str) else str(row["id"])


def _text(key: object) -> str:
    return json.dumps(key, sort_keys=True)


def collated(value: object) -> tuple[int, object]:
    """Return what sorts as CouchDB sorts JSON values: by kind, texts without regard to case at first."""
    if isinstance(value, list):
        return 4, [collated(each) for each in value]
    if isinstance(value, dict):
        return 5, [(collated(name), collated(each)) for name, each in value.items()]
    if value is None or isinstance(value, bool):
        return 0 if value is None else 1, bool(value)
    if isinstance(value, int | float):
        return 2, value
    return 3, _of_text(str(value))


def _of_text(text: str) -> tuple[str, tuple[str, ...], str]:
    if text.isascii():
        return text.casefold().translate(_BEFORE_DIGITS), (), text.swapcase()
    letters = ""
    accents: list[str] = []
    for each in unicodedata.normalize("NFD", text):
        if accents and unicodedata.combining(each):
            accents[-1] += each
        else:
            letters += each
            accents.append("")
    return letters.casefold().translate(_BEFORE_DIGITS), tuple(accents) if any(accents) else (), letters.swapcase()
