"""What nodes keep in memory of documents, made to be forgotten everywhere.

A node forgets on events about documents and about databases. An event that a document was edited would also run the
customers' webhooks for it, one about a database does not: a whole database is forgotten even where one document is
meant. Source: Kazoo kazoo_data_maintenance, kz_datamgr:flush_cache_docs/0,1, kzs_plan:reload/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.messages.names import account_database, account_id, encoded, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kazoo_sup.zone import Zone

DATA_PLANS = view_registrations.DATABASE
"""The database of data plans; nodes drop their plans when it changes."""


def forget_all(zone: Zone) -> None:
    """Make every node forget all documents of all databases, data plans too."""
    forget_each(zone, (encoded(name) for name in zone.couchdb.databases() if not name.startswith("_")))


def forget_accounts(zone: Zone) -> None:
    """Make every node forget the documents of every account's own database."""
    from kazoo_sup.kazoo.databases.walk import account_databases

    forget_each(zone, account_databases(zone).names())


def forget_each(zone: Zone, databases: Iterable[str]) -> None:
    """Make every node forget all documents of these databases."""
    with changes.together(zone, telling=True), zone.run.progress("forgetting", None) as advance:
        for database in databases:
            changes.forget(zone, database)
            advance(1)


def database_of(zone: Zone, text: str) -> str:
    """Return the (encoded) database that TEXT names: an account in any form, or any other database.

    Raises ValueError where there is no such.
    """
    if not account_id(text) and zone.couchdb.exists(plain(text)):
        return encoded(text)
    return account_database(accounts.find(text, zone))
