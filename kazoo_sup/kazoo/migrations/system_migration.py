"""Bringing the cluster's own documents from the form of Kazoo 3.22 into that of 4.3, once.

Source: Kazoo kapps_maintenance:migrate_system/0. The version that was reached is kept in system_config. Nothing is done
to a cluster of a later version; and where somebody keeps a version number of another form, that stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.config.system_config import DATABASE
from kazoo_sup.kazoo.documents import now, public_fields, value_at, with_value, without_revision
from kazoo_sup.kazoo.documents.shapes import INTEGER
from kazoo_sup.kazoo.migrations import database_removal

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

CATEGORY = "kapps_maintenance"
KEY = "migrate_current_version"
BEFORE, REACHED = "3.22", "4.3.0"
_MEDIA = "/system_media/"
_DAY = 86_400
_GRACE = 7 * _DAY


@dataclass(frozen=True, slots=True)
class SystemMediaStripped:
    """The document of system_config names its prompts without their database."""

    document: str


@dataclass(frozen=True, slots=True)
class TimezoneRenamed:
    """The time zone of new accounts has its present name in the section of `node`."""

    node: str
    timezone: str


def migrate(zone: Zone) -> Iterator[Event]:
    """Migrate system_config from 3.22, and tell of what Kazoo tells of; documents are copied to a file before."""
    if system_config.get(zone, CATEGORY, KEY, BEFORE) != BEFORE:
        return
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")
    if zone.couchdb.exists(DATABASE):
        directory = database_removal.archive_folder(zone) / database_removal.copies(zone).name
        database_removal.keep_copy(zone, DATABASE, directory)
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


@dataclass(frozen=True, slots=True)
class TelemetryAhead:
    """Nodes begin to send telemetry in so many days; with 0 they do."""

    days: int


def days_to_telemetry(zone: Zone) -> int:
    """Return in how many days nodes begin to send telemetry; a cluster that has none before it has a week."""
    activation = system_config.read(zone, "telemetry.waveguide", "activation", 0, INTEGER)
    passed = now() - activation if activation else 0
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


def _strip_system_media(zone: Zone) -> Iterator[Event]:
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
        yield SystemMediaStripped(name)
        changes.update(zone, DATABASE, name, again, stored=stored).check()


def _stripped(response: object) -> Json:
    if not isinstance(response, dict):
        return response
    return {key: each.removeprefix(_MEDIA) if isinstance(each, str) else each for key, each in response.items()}


def _rename_timezone(zone: Zone) -> Iterator[Event]:
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
            yield TimezoneRenamed(section, str(values["timezone"]))
    change = changes.rebuild(DATABASE, stored, again)
    if public_fields(stored):
        change = changes.saved_anyway(change)
    changes.apply(zone, [change]).check()


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
