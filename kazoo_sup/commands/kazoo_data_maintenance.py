"""Documents of any database: shown, loaded from files, and forgotten by all nodes.

DATABASE is a database by its name in CouchDB or in Kazoo, or an account's id, for a month of it `ID-YYYYMM`.
"""

from __future__ import annotations

import errno
from pathlib import Path

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo import caches, document_files
from kazoo_sup.kazoo.couchdb.databases import Database
from kazoo_sup.names import encoded
from kazoo_sup.outcome import NO_RETURN, Outcome, text, value
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Outcome:
    """Make every node read all documents and data plans anew; Kazoo's flushes one node's."""
    caches.forget_all(zone)
    return text(["dataplans reloaded", "flushed all data manager caches"])


@command
def flush_data_plans(zone: Zone) -> Outcome:
    """Make every node read the data plans anew."""
    return dataplan_reload(zone)


@command
def dataplan_reload(zone: Zone, account: str | None = None) -> Outcome:
    """Make every node read the data plans anew, that of ACCOUNT among them; Kazoo reloads only one node's."""
    if account is not None:
        _database(zone, account)
    changes.forget(zone, caches.DATA_PLANS)
    return text("dataplans reloaded" if account is None else f"dataplan for account {account} reloaded")


@command
def flush_docs(zone: Zone, account: str | None = None, doc_id: str | None = None) -> Outcome:
    """Make every node read anew all documents, those of ACCOUNT, or the one DOC_ID of ACCOUNT.

    ACCOUNT may be any other database, too. For one document all those of its database are forgotten: an event for
    itself alone would run the webhooks that customers have for edited documents.
    """
    if account is None:
        caches.forget_all(zone)
        return text("flushed all cached docs")
    changes.forget(zone, _database(zone, account))
    if doc_id is None:
        return text(f"flushed all docs cached for account {account}")
    return text(f"flushed cached doc {doc_id} for account {account}")


@command
def open_document(zone: Zone, database: Database, id_: str, pretty: str = "false") -> Outcome:
    """Print the document ID of DATABASE as JSON, indented where PRETTY is true."""
    document = zone.couchdb.get(database, id_)
    if document is None:
        return text("ERROR: not_found", NO_RETURN)
    line = terms.json_pretty(document) if pretty == "true" else terms.json_encode(document)
    return text(line, NO_RETURN, data=document)


@command
def open_document_cached(zone: Zone, database: Database, id_: str, pretty: str = "false") -> Outcome:
    """Print the document ID of DATABASE as open_document does, indented where PRETTY is true: no cache is asked."""
    return open_document(zone, database, id_, pretty)


@command
def load_doc_from_file(zone: Zone, database: Database, file: Path) -> Outcome:
    """Save the JSON document in FILE, a file of this host, in DATABASE.

    What differs is laid over the document that is stored there, null removing a key. Answers {ok,Document}, or
    {error,Reason} where there is no such file or database.
    """
    try:
        document = document_files.read(file)
    except OSError as error:
        return value((Atom("error"), Atom(errno.errorcode.get(error.errno or 0, "unknown").lower())))
    if not zone.couchdb.exists(database):
        return value((Atom("error"), Atom("not_found")))
    return value((Atom("ok"), document_files.load(zone, encoded(database), document)))


@command
def cache_strategy() -> Outcome:
    """Refused: how a node caches documents is kept in its memory."""
    raise Declined(reason=_STRATEGY)


@command
def set_cache_strategy(strategy: str) -> Outcome:
    """Refused: the STRATEGY by which a node caches documents is kept in its memory."""
    raise Declined(reason=_STRATEGY)


@command
def trace_module(module: str) -> Outcome:
    """Refused: calls of MODULE are traced inside a running node."""
    raise Declined(reason=_TRACE)


@command
def trace_function(module: str, function: str | None = None) -> Outcome:
    """Refused: calls of FUNCTION of MODULE are traced inside a running node."""
    raise Declined(reason=_TRACE)


@command
def trace_pid(pid: str) -> Outcome:
    """Refused: calls of the process PID are traced inside a running node."""
    raise Declined(reason=_TRACE)


@command
def stop_trace(ref: str) -> Outcome:
    """Refused: the trace REF runs inside a node."""
    raise Declined(reason=_TRACE)


_STRATEGY = (
    "how documents are cached is kept in the memory of each node; it is set on the node, in its Erlang shell, with "
    "application:set_env(kazoo_data, cache_strategy, STRATEGY)"
)
_TRACE = (
    "calls are traced inside a running node: in its Erlang shell kz_data_tracing:trace_file/1 and stop_trace/1 do it; "
    "what a database was asked stands in CouchDB's own log"
)


def _database(zone: Zone, account: str) -> str:
    try:
        return caches.database_of(zone, account)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error
