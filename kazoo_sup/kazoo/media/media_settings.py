"""Settings of media that earlier versions kept in `callflow` and `media_mgr`, moved to system_config/media.

Source: Kazoo kazoo_media_maintenance:migrate/0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.config.system_config import DATABASE
from kazoo_sup.kazoo.documents import now, public_fields, value_at, with_value
from kazoo_sup.kazoo.media.prompt_languages import CATEGORY
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_RECORDING_SECONDS = 10_800
_LIMIT = "max_recording_time_limit"

Path = tuple[str, ...]

DEFAULTS: tuple[tuple[Path, Json], ...] = (
    (("use_https",), False),
    (("authenticated_playback",), False),
    (("authenticated_store",), True),
    (("proxy_store_authenticate",), True),
    (("proxy_username",), None),
    (("proxy_password",), None),
    (("proxy_store_acls",), ["127.0.0.0/24"]),
    ((_LIMIT,), _RECORDING_SECONDS),
    (("call_recording", "extension"), "mp3"),
    (("store_recordings",), False),
    (("third_party_bigcouch_host",), None),
    (("third_party_bigcouch_port",), 5984),
    (("use_bigcouch_direct",), True),
    (("bigcouch_host",), None),
    (("bigcouch_port",), None),
    (("use_media_proxy",), True),
    (("proxy_port",), 24517),
    (("use_plaintext",), True),
    (("proxy_listeners",), 25),
    (("use_ssl_proxy",), False),
    (("ssl_cert",), None),
    (("ssl_key",), None),
    (("ssl_port",), None),
    (("ssl_password",), None),
    (("record_min_sec",), 0),
)
"""The settings that are moved, with what each is set to where nothing says so; None is left unset."""

SECRETS = frozenset({("proxy_password",), ("ssl_password",)})


@dataclass(frozen=True, slots=True)
class CategoryBegun:
    """The settings of a category move."""

    category: str


@dataclass(frozen=True, slots=True)
class CategoryMissing:
    """There is no such category."""

    category: str


@dataclass(frozen=True, slots=True)
class SectionRead:
    """A section of a category was read; one that is not a node's was skipped."""

    section: str
    skipped: bool


@dataclass(frozen=True, slots=True)
class SettingRead:
    """A setting (its path) of a section was read: its value, or the one that is set by default, else None."""

    path: list[str]
    section: str
    value: Json
    default: bool


@dataclass(frozen=True, slots=True)
class SettingKept:
    """Media has a setting (its path, from the section on) already, with the default value or with another."""

    path: list[str]
    value: Json
    matching: bool


@dataclass(frozen=True, slots=True)
class SettingsSaved:
    """Settings (paths, from the section on, and values) are saved, perhaps none."""

    settings: list[tuple[list[str], Json]]


@dataclass(frozen=True, slots=True)
class CategoryDeleted:
    """A category was deleted."""

    category: str


Migrating = CategoryBegun | CategoryMissing | SectionRead | SettingRead | SettingKept | SettingsSaved | CategoryDeleted


def migrate(zone: Zone) -> Iterator[Migrating]:
    """Move the settings; the values of passwords are not told.

    Raises Declined when config.ini locks the configuration.
    """
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")
    yield from _migrated(zone, "callflow", delete=False)
    yield from _migrated(zone, "media_mgr", delete=True)


def _migrated(zone: Zone, category: str, *, delete: bool) -> Iterator[Migrating]:
    yield CategoryBegun(category)
    source = zone.couchdb.get(DATABASE, category)
    if source is None:
        yield CategoryMissing(category)
        return
    stored = zone.couchdb.get(DATABASE, CATEGORY)
    updates: dict[Path, Json] = {}
    for section, settings in public_fields(source).items():
        of_node = section == "default" or "@" in section
        yield SectionRead(section, skipped=not of_node)
        if of_node:
            events, found = _moves(section, settings, stored or {})
            yield from events
            updates |= found
    yield from _saved(zone, stored, updates)
    if delete:
        changes.delete(zone, DATABASE, source, whatever=True).check()
        yield CategoryDeleted(category)
    else:
        removed = dict.fromkeys(updates)
        changes.apply(zone, [_change(source, category, removed)]).check()


def _moves(
    section: str, settings: object, stored: Document
) -> tuple[list[SettingRead | SettingKept], dict[Path, Json]]:
    """Return what was read of one section's SETTINGS, and what is to be set where media has STORED what it has."""
    events: list[SettingRead | SettingKept] = []
    updates: dict[Path, Json] = {}
    for path, fallback in DEFAULTS:
        full = (section, *path)
        found = value_at(settings, path)
        if found is not None:
            events.append(SettingRead(list(path), section, _shown(path, found), default=False))
            updates[full] = found
            continue
        default = value_at(stored, ["default", _LIMIT], fallback) if path == (_LIMIT,) else fallback
        events.append(SettingRead(list(path), section, _shown(path, default), default=True))
        there = value_at(stored, full)
        if default is not None and there is None:
            updates[full] = default
        elif default is not None:
            events.append(SettingKept(list(full), _shown(path, there), matching=changes.same(there, default)))
    return events, updates


def _shown(path: Path, value: object) -> Json:
    """Return a value as it may be shown."""
    return MASK if value is not None and path in SECRETS else value


def _saved(zone: Zone, stored: Document | None, updates: dict[Path, object]) -> Iterator[SettingsSaved]:
    yield SettingsSaved([(list(path), _shown(path[1:], value)) for path, value in reversed(updates.items())])
    if updates:
        changes.apply(zone, [_change(stored, CATEGORY, updates)]).check()


def _change(stored: Document | None, category: str, updates: dict[Path, object]) -> Change:
    """Return the change that sets these values, of which None removes one, in the document of CATEGORY."""

    def updated(found: Document | None) -> Document:
        document = changed = found or {"_id": category}
        for path, value in updates.items():
            changed = with_value(changed, path, value)
        if found is not None and changes.same(changed, document):
            return document
        return {**changed, "pvt_modified": now()}

    return changes.rebuild(DATABASE, stored, updated)
