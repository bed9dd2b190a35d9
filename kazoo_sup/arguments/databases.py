"""Databases of CouchDB, by any name of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.couchdb.databases import name
from kazoo_sup.messages.names import account_database, account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


def any_name(text: str, zone: Zone) -> str:
    """Return the plain name of the database that TEXT means: its own, or that of an account."""
    identifier = account_id(text)
    if identifier and len(text) == len(identifier):
        return plain(account_database(identifier))
    own = plain(text)
    if zone.couchdb.exists(own):
        return own
    try:
        return plain(account_database(accounts.find(text, zone)))
    except (ValueError, NotFound):
        return own


Database = Annotated[str, Reads(name, "DATABASE")]
"""A database, by any name of its that Kazoo or CouchDB uses."""


FirstDatabase = Annotated[str, Reads(lambda text, zone: any_name(text, zone) if text else "")]
"""The database at which a run over all of them begins, by its own name or that of an account."""


Pattern = Annotated[str, Reads(name, "PATTERN")]
"""A database, or a pattern of names with * and ?."""
