"""What each of CouchDB's answers must look like, by what was asked; see `shapes`.

Sources: CouchDB documentation, "API Reference"; BigCouch 0.4 chttpd. Fields that only some versions send are optional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from kazoo_sup.transports.shapes import NUMBER, Every, misfit

if TYPE_CHECKING:
    from collections.abc import Mapping

_OBJECT: object = {}
_TEXTS = [str]
_INFO = {
    "doc_count?": NUMBER,
    "doc_del_count?": NUMBER,
    "disk_size?": NUMBER,
    "data_size?": NUMBER,
    "sizes?": {"file?": NUMBER, "active?": NUMBER, "external?": NUMBER},
    "other?": {"data_size?": NUMBER},
    "cluster?": {"q?": NUMBER, "n?": NUMBER},
}
_STORED = {"_id": str, "_rev": str}
_INCLUDED = {"doc": (_STORED, type(None))}
_ROW = {"key": object, "value": object, "doc?": _STORED}
_ROWS = {"rows": [{"id?": str, **_ROW}]}
_ROWS_OF_DOCUMENTS = {"rows": [{"id": str, **_ROW}]}
_REVISION = {"rev?": str}
_LISTED_ROW = {"key": str, "id": str, "value": {"rev": str}}
_DOCUMENT_ROW = {**_LISTED_ROW, "doc?": _STORED}
_MISSING_ROW = {"key": str, "error": str}
_DOCUMENT_ROWS = {"rows": [(_DOCUMENT_ROW, _MISSING_ROW)]}
_INCLUDING_ROWS = {"rows": [({**_LISTED_ROW, **_INCLUDED}, _MISSING_ROW)]}
_SAVED = [{"id?": str, "rev?": str, "error?": str, "reason?": object}]
_TASK = {
    "database?": str,
    "type?": str,
    "node?": str,
    "phase?": str,
    "design_document?": str,
    "doc_id?": str,
    "source?": (str, dict),
    "target?": (str, dict),
    "started_on?": NUMBER,
    "progress?": NUMBER,
}
_REPLICATION = {"id?": str, "doc_id?": str, "state?": str, "source?": (str, dict), "target?": (str, dict)}
_JOB = {"id?": str, "source?": str, "node?": str, "job_state?": str, "state_info?": {"reason?": object}}
_SYSTEM = {
    "memory?": Every(NUMBER),
    "uptime?": NUMBER,
    "process_count?": NUMBER,
    "internal_replication_jobs?": NUMBER,
    "message_queues?": Every((NUMBER, {"max?": NUMBER})),
}
_MEMBERS = {"names?": _TEXTS, "roles?": _TEXTS}

_ROOT = {
    "": {"version?": str, "bigcouch?": str, "features?": _TEXTS},
    "_all_dbs": _TEXTS,
    "_dbs_info": [{"key": str, "info?": _INFO}],
    "_membership": {"all_nodes": _TEXTS, "cluster_nodes": _TEXTS},
    "_active_tasks": [_TASK],
    "_up": {"status?": str},
}
_BELOW_ROOT: Mapping[tuple[str, ...], object] = {
    ("_scheduler", "docs"): {"docs": [_REPLICATION]},
    ("_reshard", "jobs"): {"jobs": [_JOB]},
    ("_reshard", "state"): _OBJECT,
}
_OF_DATABASE = {
    "_all_docs": _DOCUMENT_ROWS,
    "_design_docs": _DOCUMENT_ROWS,
    "_local_docs": _DOCUMENT_ROWS,
    "_bulk_docs": _SAVED,
    "_bulk_get": {"results": [{"id?": str, "docs": [_OBJECT]}]},
    "_changes": {"results": [{"id?": str}]},
    "_find": {"docs": [_OBJECT]},
    "_revs_diff": Every({"missing?": _TEXTS}),
    "_security": {"admins?": _MEMBERS, "members?": _MEMBERS},
    "_shards": {"shards": Every(_TEXTS)},
}
_DOCUMENT = {"_id": str, "_rev": str, "_conflicts?": _TEXTS, "_attachments?": Every(dict)}
_OF_DOCUMENT = {"GET": _DOCUMENT, "PUT": {"rev": str}, "DELETE": _REVISION}


def wrong_with(answer: object, method: str, path: str) -> str | None:
    """Say what in the ANSWER to a successful request is not as it must be; None when it can be read."""
    place, _, query = path.partition("?")
    if "new_edits=false" in query:
        return None  # what is stored under its own revision is answered with nothing that is read
    return misfit(answer, _shape(method, [unquote(each) for each in place.strip("/").split("/")], query))


def _shape(method: str, segments: list[str], query: str) -> object:
    match segments:
        case [single] if single == "" or single.startswith("_"):
            return _ROOT.get(single, _OBJECT)
        case ["_node", _, "_config", _, _]:
            return str
        case ["_node", _, "_system"]:
            return _SYSTEM
        case ["_reshard", "jobs"] if method == "POST":
            return [{"id?": str, "error?": object, "node?": str, "shard?": str}]
        case [first, *below] if first.startswith("_") and first not in {"_users", "_replicator", "_dbs", "_nodes"}:
            return _BELOW_ROOT.get((first, *below), object)
        case [_]:
            return _INFO if method == "GET" else _OBJECT
        case [_, "_shards", _]:
            return {"range": str, "nodes": _TEXTS}
        case [_, "_design", _, "_view", _]:
            return _ROWS_OF_DOCUMENTS if "reduce=false" in query else _ROWS
        case [_, word] if word in _OF_DATABASE:
            return _of_database(method, word, query)
        case [_, ("_design" | "_local"), _] if method in _OF_DOCUMENT:
            return _OF_DOCUMENT[method]
        case [_, word] if method in _OF_DOCUMENT and not word.startswith("_"):
            return _OF_DOCUMENT[method]
    return object


def _of_database(method: str, word: str, query: str) -> object:
    if method not in {"GET", "POST"}:
        return _OBJECT
    found = _OF_DATABASE[word]
    return _INCLUDING_ROWS if found is _DOCUMENT_ROWS and "include_docs=true" in query else found
