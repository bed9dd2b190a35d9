"""Documents that are only marked as deleted, and their deletion for good.

Source: Kazoo kt_cleanup:cleanup_soft_deletes/1. There are no pauses here, and no limit after which the rest is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.shapes import OBJECT
from kazoo_sup.messages.names import account_database, account_id, classification, encoded, plain

if TYPE_CHECKING:
    from collections import Counter

    from kazoo_sup.zone import Zone

CATEGORY = "tasks.cleanup"
KEY = "cleanup_dbs"
DEFAULT = {
    "classifications": ["account", "modb", "yodb", "ratedeck", "resource_selectors"],
    "databases": [
        "alerts",
        "accounts",
        "system_config",
        "system_data",
        "system_media",
        "offnet",
        "port_requests",
        "sip_auth",
        "webhooks",
        "functions",
    ],
}
"""What is cleaned where nothing is set (Kazoo kt_cleanup.erl ?DEFAULT_CLEANUP)."""


def database_of(text: str) -> str:
    """Return the (encoded) database that TEXT names; the id of an account stands for its database."""
    account = account_id(text)
    return account_database(account) if account == text else encoded(text)


def is_cleaned(zone: Zone, database: str) -> bool:
    """Return whether a database is one of those to be cleaned."""
    chosen = system_config.read(zone, CATEGORY, KEY, DEFAULT, OBJECT)
    return database in (chosen.get("databases") or ()) or classification(database) in (
        chosen.get("classifications") or ()
    )


def cleanup(zone: Zone, text: str) -> Counter[str]:
    """Delete what is marked as deleted in the database that TEXT names; return how many were."""
    database = database_of(text)
    if not is_cleaned(zone, database):
        zone.run.warn(f"{plain(database)} is not one of the databases to be cleaned; see {KEY} of {CATEGORY}")
        return changes.apply(zone, ()).counts

    def deletions() -> Iterator[Change]:
        for row in views.rows_for_change(zone, database, "maintenance", "soft_deletes", include_docs=True):
            document = row.get("doc")
            if document and document.get("pvt_deleted"):
                yield Change(database, None, document)

    return changes.apply(zone, deletions(), label="deleting for good", announced=False).counts
