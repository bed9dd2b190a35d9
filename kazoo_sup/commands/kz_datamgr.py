"""Documents as Kazoo's own code reads and forgets them. Reading is always fresh here, forgetting tells every node."""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.arguments.databases import Database
from kazoo_sup.command import command
from kazoo_sup.kazoo.bus import caches
from kazoo_sup.messages.names import encoded
from kazoo_sup.results import Answer, Done, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def open_doc(zone: Zone, database: Database, id_: str) -> Answer:
    """Show the document ID of DATABASE."""
    document = zone.couchdb.get(database, id_)
    if document is None:
        return Answer((Atom("error"), Atom("not_found")))
    return Answer((Atom("ok"), document), data=document)


@command
def open_cache_doc(zone: Zone, database: Database, id_: str) -> Result:
    """Show the document ID of DATABASE, as open_doc does: no cache is asked."""
    return open_doc(zone, database, id_)


@command
def db_exists(zone: Zone, database: Database) -> Answer:
    """Show whether there is a DATABASE."""
    return Answer(zone.couchdb.exists(database))


@command
def flush_cache_docs(zone: Zone, database: Database | None = None) -> Done:
    """Make every node read all documents again, or those of DATABASE; Kazoo's tells one node."""
    if database is None:
        caches.forget_all(zone)
    else:
        changes.forget(zone, encoded(database))
    return Done()


@command
def flush_cache_doc(zone: Zone, database: Database, id_: str) -> Done:
    """Make every node read the document ID of DATABASE again, and with it all others of that database."""
    changes.forget(zone, encoded(database))
    return Done()
