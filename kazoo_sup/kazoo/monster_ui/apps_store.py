"""The document in which an account's apps are kept, `apps_store`.

Source: Kazoo cb_apps_maintenance:migrate/1, kzd_apps_store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_documents, account_updates
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document
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

    saved = changes.update(zone, database, "apps_store", again).document
    account_updates.update(zone, account, {"apps": None})
    return saved
