"""Callflows of ring groups in two: a base group that rings, and the user group that leads to it.

Source: Kazoo crossbar_maintenance:migrate_ring_group_callflow/1.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Conflict, SaveRefused
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.documents import now, value_at, with_value
from kazoo_sup.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

UI_VERSION = "v3.19"
BELOW_RECORDING = ["flow", "children", "_"]


def migrate(zone: Zone, account: str) -> Iterator[str]:
    """Split the old ring groups of ACCOUNT, an id; yield what Kazoo prints. Raises what the door raises."""
    database = account_database(account)
    for callflow in _old_groups(zone, database):
        yield f"migrating callflow {callflow['_id']}: {terms.json_encode(callflow)}"
        base = base_group(callflow, f"group_{time.time_ns() // 1_000_000}")
        if base["name"] in _names(zone, database):
            yield f"unable to save new callflow '{base['name']}' in '{database}'; already exists"
            continue
        base = changes.apply(zone, [Change(database, base, None)]).document
        yield f"  saved base group callflow: {terms.json_encode(base)}"
        yield _save_user_group(zone, database, callflow, base)


def base_group(callflow: Document, number: str) -> Document:
    """Return the base group of an old ring group: what it rings, with a NUMBER that nobody dials."""
    time_now = now()
    return {
        "_id": secrets.token_hex(16),
        "pvt_vsn": "1",
        "pvt_type": "callflow",
        "pvt_modified": time_now,
        "pvt_created": time_now,
        "pvt_account_db": callflow.get("pvt_account_db"),
        "pvt_account_id": callflow.get("pvt_account_id"),
        "flow": {
            "children": {},
            "module": "ring_group",
            "data": value_at(callflow, [*_ringing(callflow), "data"], {}),
        },
        "group_id": callflow.get("group_id"),
        "type": "baseGroup",
        "numbers": [number],
        "name": str(callflow.get("name") or "Ring Group").replace("Ring Group", "Base Group", 1),
        "ui_metadata": {**(callflow.get("ui_metadata") or {}), "version": UI_VERSION},
    }


def user_group(callflow: Document, base: str) -> Document:
    """Return an old ring group as a user group that leads to the base group with the id BASE."""
    place = _ringing(callflow)
    changed = with_value({**callflow, "type": "userGroup"}, ["ui_metadata", "version"], UI_VERSION)
    changed = with_value(changed, [*place, "data"], {"id": base})
    return with_value(changed, [*place, "module"], "callflow")


def _ringing(callflow: Document) -> list[str]:
    """Return the path of the part that rings: the first, or the one behind a recording."""
    return ["flow"] if value_at(callflow, ["flow", "module"]) == "ring_group" else BELOW_RECORDING


def _old_groups(zone: Zone, database: str) -> list[Document]:
    """Return the callflows of groups without a type that begin with a ring group or a recording, the last first."""
    rows = views.rows(zone, database, "callflows", "crossbar_listing", include_docs=True)
    found = [
        row["doc"] for row in rows if row.get("doc") and row["value"].get("group_id") and not row["value"].get("type")
    ]
    return [each for each in reversed(found) if value_at(each, ["flow", "module"]) in ("ring_group", "record_call")]


def _names(zone: Zone, database: str) -> set[str]:
    return {row["value"].get("name") for row in views.rows(zone, database, "callflows", "crossbar_listing")}


def _save_user_group(zone: Zone, database: str, callflow: Document, base: Document) -> str:
    """Save what is left of an old ring group; without it the base group goes again."""
    try:
        saved = changes.apply(zone, [Change(database, user_group(callflow, base["_id"]), callflow)]).document
    except (Conflict, SaveRefused):
        stored = zone.couchdb.get(plain(database), base["_id"])
        changes.apply(zone, [Change(database, None, stored)] if stored else [])
        shown = [terms.dumps(each) for each in (callflow["_id"], database, base["_id"])]
        return f"unable to save callflow {shown[0]} in {shown[1]}, removing new one ({shown[2]})"
    return f"  saved ring group callflow: {terms.json_encode(saved)}"
