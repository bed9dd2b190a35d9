"""Giving accounts the document `limits`, from their old trunkstore documents.

Source: Kazoo kapps_maintenance:migrate_limits/0,1. Better than there: the trunks of the old documents count where the
zone has no default for them, and those of calls that come in have their own; a document that is there stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.kazoo.documents.values import integer_or_none
from kazoo_sup.messages.names import account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

ID = "limits"
CATEGORY = "jonny5"
KINDS = {"twoway_trunks": "trunks", "inbound_trunks": "inbound_trunks"}
"""The keys of limits, and what they were called in a trunkstore document's `account`."""


def migrate(zone: Zone, database: str) -> None:
    """Give the account of an (encoded) database its limits, unless it has them."""
    if zone.couchdb.get(plain(database), ID) is not None:
        return
    old = _trunkstore(zone, database)
    document = limits(database, old, {kind: _default(zone, kind) for kind in KINDS})
    created = changes.creation(database, document)
    outdated = [changes.rebuild(database, each, _deleted) for each in old if is_outdated(each)]
    changes.apply(zone, [*outdated, created]).check()


def limits(database: str, old: Iterable[Document], defaults: Mapping[str, int | None]) -> Document:
    """Return the limits of an account: of each kind the most that its old documents or the defaults allow."""
    old = list(old)
    found: Document = {"_id": ID}
    for kind, name in KINDS.items():
        counts = [integer_or_none(value_at(each, ["account", name])) for each in old]
        known = [each for each in (*counts, defaults.get(kind)) if each]
        if known or defaults.get(kind) is not None:
            found[kind] = max(known, default=0)
    created = now()
    return {
        **found,
        "pvt_account_db": database,
        "pvt_account_id": account_id(database) or database,
        "pvt_type": ID,
        "pvt_created": created,
        "pvt_modified": created,
        "pvt_vsn": 1,
    }


def is_outdated(document: Document) -> bool:
    """Return whether an old document holds nothing but what jonny5 once put there."""
    return not document.get("servers") and document.get("pvt_created_by") == CATEGORY


def _trunkstore(zone: Zone, database: str) -> list[Document]:
    try:
        rows = views.rows_for_change(zone, database, "trunkstore", "crossbar_listing", include_docs=True)
        return [row["doc"] for row in rows if row.get("doc")]
    except NotFound:
        return []


def _default(zone: Zone, kind: str) -> int | None:
    return integer_or_none(system_config.get(zone, CATEGORY, f"default_{kind}", None))


def _deleted(found: Document | None) -> Document:
    return {} if found is None else {**found, "pvt_deleted": True}
