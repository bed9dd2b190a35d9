"""Bringing the cluster's own documents from the form of Kazoo 3.22 into that of 4.3, once.

Source: Kazoo kapps_maintenance:migrate_system/0. The version that was reached is kept in system_config. Nothing is done
to a cluster of a later version; and where somebody keeps a version number of another form, that stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import system_config
from kazoo_sup.kazoo.documents import now, public_fields, value_at, with_value, without_revision
from kazoo_sup.kazoo.system_config import DATABASE
from kazoo_sup.kazoo.upkeep import database_removal

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "kapps_maintenance"
KEY = "migrate_current_version"
BEFORE, REACHED = "3.22", "4.3.0"
_MEDIA = "/system_media/"
_DAY = 86_400
_GRACE = 7 * _DAY


def migrate(zone: Zone) -> Iterator[str]:
    """Migrate system_config from 3.22, and tell of what Kazoo tells of; documents are copied to a file before."""
    if system_config.get(zone, CATEGORY, KEY, BEFORE) != BEFORE:
        return
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")
    if zone.couchdb.exists(DATABASE):
        directory = database_removal.archive_folder(zone) / database_removal.copies(zone).name
        database_removal.copied(zone, DATABASE, directory)
        _remove_misnamed_notifications(zone)
        yield from _strip_system_media(zone)
        yield from _rename_timezone(zone)
        _rename_modules(zone)
    system_config.set_value(zone, CATEGORY, KEY, REACHED, section=zone.node)


def renamed(document: Document) -> Document:
    """Return a document with the names of modules since 4.0: `wh_` and `wnm_` are `kz_` and `knm_` anywhere in it."""
    text = json.dumps(document).replace("wh_", "kz_").replace("wnm_", "knm_")
    found: Document = json.loads(text)
    return found


def days_to_telemetry(zone: Zone) -> int:
    """Return in how many days nodes begin to send telemetry; a cluster that has none before it has a week."""
    activation = system_config.get(zone, "telemetry.waveguide", "activation", None)
    passed = now() - activation if isinstance(activation, int) and not isinstance(activation, bool) else 0
    return max(0, (_GRACE - passed) // _DAY)


def _remove_misnamed_notifications(zone: Zone) -> None:
    found = [
        each
        for each in zone.couchdb.documents(DATABASE)
        if each.get("pvt_type") == "notification" and not each["_id"].startswith("notification")
    ]
    if found:
        zone.run.confirm_watched(f"delete {len(found)} documents of notifications from {DATABASE}")
        changes.apply(zone, (Change(DATABASE, None, each) for each in found)).check()


def _strip_system_media(zone: Zone) -> Iterator[str]:
    """Take the database out of the names of prompts with which calls are answered."""
    name = "call_response"
    stored = zone.couchdb.get(DATABASE, name)
    if stored is None:
        return

    def again(found: Document | None) -> Document:
        causes = value_at(found or {}, ["default"], {})
        if not isinstance(causes, dict):
            return found or {}
        stripped = {cause: _stripped(each) for cause, each in causes.items()}
        return with_value(found or {}, ["default"], stripped) if stripped != causes else found or {}

    if again(stored) is not stored:
        yield f"updating {name} with stripped system_media references"
        changes.apply(zone, [Change(DATABASE, again(stored), stored, again)]).check()


def _stripped(response: Any) -> Any:
    if not isinstance(response, dict):
        return response
    return {key: each.removeprefix(_MEDIA) if isinstance(each, str) else each for key, each in response.items()}


def _rename_timezone(zone: Zone) -> Iterator[str]:
    """Give the time zone of new accounts its present name, in the section of every node."""
    stored = zone.couchdb.get(DATABASE, "accounts")
    if stored is None:
        return

    def again(found: Document | None) -> Document:
        changed = found or {}
        for section, values in public_fields(changed).items():
            if isinstance(values, dict) and "timezone" in values:
                kept = {key: each for key, each in values.items() if key != "timezone"}
                changed = {**changed, section: {"default_timezone": values["timezone"], **kept}}
        return changed

    for section, values in public_fields(stored).items():
        if isinstance(values, dict) and "timezone" in values and "default_timezone" not in values:
            yield f"setting default timezone to {values['timezone']} for node {section}"
    changes.apply(zone, [Change(DATABASE, again(stored), stored, again)]).check()


def _rename_modules(zone: Zone) -> None:
    def edits() -> Iterator[Change]:
        for document in zone.couchdb.documents(DATABASE):
            wanted = renamed(document)
            if wanted != document and not document["_id"].startswith("_design/"):
                # Where the name is in the id, the document is stored under its new one.
                previous = document if wanted["_id"] == document["_id"] else None
                made = wanted if previous else without_revision(wanted)
                yield Change(DATABASE, made, previous, partial(_renamed_or, made))

    changes.apply(zone, edits()).check()


def _renamed_or(made: Document, found: Document | None) -> Document:
    return made if found is None else renamed(found)
