"""The master account: the one at the root of the tree, to which the apps and every node's own settings belong."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.accounts import DATABASE
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.shapes import TEXT

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "accounts"
KEY = "master_account_id"


class NoMasterAccount(SupError):
    """there is no account yet: create the first with `sup crossbar_maintenance create_account`"""

    remedy = "create the first account with sup crossbar_maintenance create_account"


def find(zone: Zone) -> str | None:
    """Return the id of the master account: the one that is set, else the oldest there is; None without any account.

    Source: Kazoo kapps_util:get_master_account_id/0, which also stores what it finds; reading here never writes.
    """
    found = system_config.read(zone, CATEGORY, KEY, "", TEXT)
    if found:
        return found
    oldest, since = None, 0
    with suppress(NotFound):  # there is no database of accounts yet
        for row in views.rows(zone, DATABASE, "accounts", "listing_by_id", include_docs=True):
            created = (row.get("doc") or {}).get("pvt_created") or 0
            if oldest is None or created < since:
                oldest, since = str(row["id"]), created
    return oldest


def require(zone: Zone) -> str:
    """Return the id of the master account. Raises NoMasterAccount."""
    found = find(zone)
    if found is None:
        raise NoMasterAccount
    return found
