"""Callflows of ring groups in two: a base group that rings, and the user group that leads to it.

Source: Kazoo crossbar_maintenance:migrate_ring_group_callflow/1.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict, SaveRefused
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now, value_at, with_value
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

UI_VERSION = "v3.19"
BELOW_RECORDING = ["flow", "children", "_"]


@dataclass(frozen=True, slots=True)
class RingGroupFound:
    """An old ring group has its turn."""

    callflow: Document


@dataclass(frozen=True, slots=True)
class BaseGroupExists:
    """An old ring group stays as it is: there is a callflow with the name that its base group would get."""

    name: str
    database: str


@dataclass(frozen=True, slots=True)
class BaseGroupSaved:
    """The base group of an old ring group was saved."""

    callflow: Document


@dataclass(frozen=True, slots=True)
class RingGroupSaved:
    """The old ring group leads to its base group; None stands for a document that is only planned."""

    callflow: Document | None


@dataclass(frozen=True, slots=True)
class BaseGroupRemoved:
    """The old ring group `id` could not be saved, and so its base group was removed again."""

    id: str
    database: str
    base_group: str


def migrate(zone: Zone, account: str) -> Iterator[Event]:
    """Split the old ring groups of ACCOUNT, an id. Raises what the door raises."""
    database = account_database(account)
    for callflow in _old_groups(zone, database):
        yield RingGroupFound(callflow)
        base = base_group(callflow, f"group_{time.time_ns() // 1_000_000}")
        if base["name"] in _names(zone, database):
            yield BaseGroupExists(base["name"], database)
            continue
        base = changes.create(zone, database, base).document
        yield BaseGroupSaved(base)
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
    rows = views.rows_for_change(zone, database, "callflows", "crossbar_listing", include_docs=True)
    listed = [(views.object_of(row), row["doc"]) for row in rows if row.get("doc")]
    found = [callflow for listing, callflow in listed if listing.get("group_id") and not listing.get("type")]
    return [each for each in reversed(found) if value_at(each, ["flow", "module"]) in ("ring_group", "record_call")]


def _names(zone: Zone, database: str) -> set[str]:
    rows = views.rows_for_change(zone, database, "callflows", "crossbar_listing")
    return {name for row in rows if isinstance(name := views.object_of(row).get("name"), str)}


def _save_user_group(zone: Zone, database: str, callflow: Document, base: Document) -> Event:
    """Save what is left of an old ring group; without it the base group goes again."""
    try:
        saved = changes.apply(zone, [Change(database, user_group(callflow, base["_id"]), callflow)]).document
    except (Conflict, SaveRefused):
        stored = zone.couchdb.get(plain(database), base["_id"])
        if stored:
            changes.delete(zone, database, stored)
        return BaseGroupRemoved(callflow["_id"], database, base["_id"])
    return RingGroupSaved(saved)
