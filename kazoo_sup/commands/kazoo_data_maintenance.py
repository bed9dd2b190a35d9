"""Documents of any database: shown, loaded from files, and forgotten by all nodes.

DATABASE is a database by its name in CouchDB or in Kazoo, or an account's id, for a month of it `ID-YYYYMM`.
"""

from __future__ import annotations

import errno
from pathlib import Path

from kazoo_sup import changes, terms
from kazoo_sup.arguments.databases import Database
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.bus import caches
from kazoo_sup.kazoo.documents import document_files, values
from kazoo_sup.messages.names import encoded
from kazoo_sup.results import NO_RETURN, Answer, Done, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Answer:
    """Make every node read all documents and data plans again; Kazoo's flushes one node's."""
    caches.forget_all(zone)
    return Answer(lines=["dataplans reloaded", "flushed all data manager caches"])


@command
def flush_data_plans(zone: Zone) -> Result:
    """Make every node read the data plans again."""
    return dataplan_reload(zone)


@command
def dataplan_reload(zone: Zone, account: str | None = None) -> Result:
    """Make every node read the data plans again, that of ACCOUNT among them; Kazoo reloads only one node's."""
    if account is not None:
        _database(zone, account)
    changes.forget(zone, caches.DATA_PLANS)
    return Done(lines=["dataplans reloaded" if account is None else f"dataplan for account {account} reloaded"])


@command
def flush_docs(zone: Zone, account: str | None = None, doc_id: str | None = None) -> Done:
    """Make every node read again all documents, those of ACCOUNT, or the one DOC_ID of ACCOUNT.

    ACCOUNT may be any other database, too. For one document all those of its database are forgotten: an event for
    itself alone would run the webhooks that customers have for edited documents.
    """
    if account is None:
        caches.forget_all(zone)
        return Done(lines=["flushed all cached docs"])
    changes.forget(zone, _database(zone, account))
    if doc_id is None:
        return Done(lines=[f"flushed all docs cached for account {account}"])
    return Done(lines=[f"flushed cached doc {doc_id} for account {account}"])


@command
def open_document(zone: Zone, database: Database, id_: str, pretty: str = "false") -> Result:
    """Print the document ID of DATABASE as JSON, indented where PRETTY is true."""
    document = zone.couchdb.get(database, id_)
    if document is None:
        return Answer(NO_RETURN, lines=["ERROR: not_found"])
    line = terms.json_pretty(document) if pretty == "true" else terms.json_encode(document)
    return Answer(NO_RETURN, document, [line])


@command
def open_document_cached(zone: Zone, database: Database, id_: str, pretty: str = "false") -> Result:
    """Print the document ID of DATABASE as open_document does, indented where PRETTY is true: no cache is asked."""
    return open_document(zone, database, id_, pretty)


@command
def load_doc_from_file(zone: Zone, database: Database, file: Path) -> Answer:
    """Save the JSON document in FILE, a file of this host, in DATABASE.

    What differs is laid over the document that is stored there, null removing a key. Answers {ok,Document}, or
    {error,Reason} where there is no such file or database, or the document has no `_id`.
    """
    try:
        document = document_files.read(file)
    except OSError as error:
        return Answer((Atom("error"), Atom(errno.errorcode.get(error.errno or 0, "unknown").lower())))
    name = document.get("_id")
    if values.is_empty(name.strip() if isinstance(name, str) else name):
        return Answer((Atom("error"), Atom("empty_doc_id")))
    if not zone.couchdb.exists(database):
        return Answer((Atom("error"), Atom("not_found")))
    return Answer((Atom("ok"), document_files.load(zone, encoded(database), document)))


_STRATEGY = (
    "how documents are cached is kept in the memory of each node; it is set on the node, in its Erlang shell, with "
    "application:set_env(kazoo_data, cache_strategy, STRATEGY)"
)
_TRACE = (
    "calls are traced inside a running node: in its Erlang shell kz_data_tracing:trace_file/1 and stop_trace/1 do it; "
    "what a database was asked is in CouchDB's own log"
)


def _database(zone: Zone, account: str) -> str:
    try:
        return caches.database_of(zone, account)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error


ON_NODE = (
    OnNode("cache_strategy", "", "Show how the node caches documents.", _STRATEGY),
    OnNode(
        "set_cache_strategy", "STRATEGY", "Set the STRATEGY by which the node caches documents.", _STRATEGY, "changes"
    ),
    OnNode("trace_module", "MODULE", "Have the node write the calls of MODULE to a file.", _TRACE, "changes"),
    OnNode(
        "trace_function",
        "MODULE [FUNCTION]",
        "Have the node write the calls of FUNCTION of MODULE to a file.",
        _TRACE,
        "changes",
    ),
    OnNode("trace_pid", "PID", "Have the node write the calls of the process PID to a file.", _TRACE, "changes"),
    OnNode("stop_trace", "REF", "Stop the trace REF.", _TRACE, "changes"),
)
"""What only a running node can do."""
