"""The document in which an account's apps are kept, `apps_store`.

Source: Kazoo cb_apps_maintenance:migrate/1, kzd_apps_store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.kazoo import account_updates, accounts
from kazoo_sup.kazoo.new_accounts import account_documents
from kazoo_sup.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


class NothingToMove(LookupError):
    """There are no apps to move; the argument is Kazoo's word for why."""


def migrated(zone: Zone, account: str) -> Document:
    """Move the apps of an account (an id) from its definition into its apps_store and return that.

    Raises NothingToMove.
    """
    own = accounts.definition(zone, account)
    if own is None:
        raise NothingToMove("not_found")
    apps = own.get("apps")
    if not apps:
        raise NothingToMove("migrated")
    database = account_database(account)

    def again(found: Document | None) -> Document:
        document = found or account_documents.apps_store(account, database)
        kept = document.get("apps")
        return {**document, "apps": {**apps, **kept} if isinstance(kept, dict) and isinstance(apps, dict) else apps}

    stored = zone.couchdb.get(plain(database), "apps_store")
    saved = changes.apply(zone, [Change(database, again(stored), stored, again)]).document
    account_updates.update(zone, account, {"apps": None})
    return saved
