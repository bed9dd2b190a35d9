"""Settings of media that earlier versions kept in `callflow` and `media_mgr`, moved to system_config/media.

Source: Kazoo kazoo_media_maintenance:migrate/0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.documents import now, public_fields, value_at, with_value
from kazoo_sup.kazoo.media.prompt_languages import CATEGORY
from kazoo_sup.kazoo.system_config import DATABASE

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_RECORDING_SECONDS = 10_800
_LIMIT = "max_recording_time_limit"

Path = tuple[str, ...]

DEFAULTS: tuple[tuple[Path, Any], ...] = (
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
HIDDEN = "****"


def migrate(zone: Zone) -> Iterator[str]:
    """Move the settings, and tell of each; the values of passwords are not told.

    Raises Declined when config.ini locks the configuration.
    """
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")
    yield from _migrated(zone, "callflow", delete=False)
    yield from _migrated(zone, "media_mgr", delete=True)


def _migrated(zone: Zone, category: str, *, delete: bool) -> Iterator[str]:
    yield f"migrating relevant settings from system_config/{category} to system_config/{CATEGORY}"
    source = zone.couchdb.get(DATABASE, category)
    if source is None:
        yield f"  failed to find {category}, not migrating"
        return
    stored = zone.couchdb.get(DATABASE, CATEGORY)
    updates: dict[Path, Any] = {}
    for section, settings in public_fields(source).items():
        if section == "default" or "@" in section:
            yield f"migrating node '{section}' settings"
            yield from _section(section, settings, stored or {}, updates, _limit(stored))
        else:
            yield f"skipping non-node '{section}'"
    yield from _saved(zone, stored, updates)
    if delete:
        changes.apply(zone, [changes.removal(DATABASE, source)]).check()
        yield f"deleted {category} from {DATABASE}"
    else:
        removed = dict.fromkeys(updates)
        changes.apply(zone, [_change(source, category, removed)]).check()


def _limit(stored: Document | None) -> Any:
    return value_at(stored or {}, ["default", _LIMIT], _RECORDING_SECONDS)


def _section(
    section: str, settings: Any, stored: Document, updates: dict[Path, Any], recording_limit: Any
) -> Iterator[str]:
    """Tell of one section's settings, and note in UPDATES what is to be set."""
    node = terms.dumps(section)
    for path, fallback in DEFAULTS:
        default = recording_limit if path == (_LIMIT,) else fallback
        key = terms.dumps(path[0] if len(path) == 1 else list(path))
        found = value_at(settings, path)
        full = (section, *path)
        if found is not None:
            yield f"  maybe setting {key} for node {node} to '{_shown(path, found)}'"
            updates[full] = found
            continue
        yield f"  maybe setting {key} for node {node} to default '{_shown(path, default)}'"
        if default is None:
            yield f"    no value to set for {key}"
            continue
        there = value_at(stored, full)
        if there is None:
            updates[full] = default
        elif changes.same(there, default):
            yield f"    media config has matching value for {terms.dumps(list(full))}"
        else:
            yield f"    media config has existing value '{_shown(path, there)}' for {terms.dumps(list(full))}"


def _shown(path: Path, value: Any) -> str:
    if value is not None and path in SECRETS:
        return HIDDEN
    return terms.pretty(terms.UNDEFINED if value is None else value)


def _saved(zone: Zone, stored: Document | None, updates: dict[Path, Any]) -> Iterator[str]:
    if not updates:
        yield "no changes for that need saving"
        return
    told = [(list(path), HIDDEN if path[1:] in SECRETS else value) for path, value in reversed(updates.items())]
    yield f"saving updated media config with:\n{terms.pretty(told)}"
    changes.apply(zone, [_change(stored, CATEGORY, updates)]).check()


def _change(stored: Document | None, category: str, updates: dict[Path, Any]) -> Change:
    """Return the change that sets these values, of which None removes one, in the document of CATEGORY."""

    def updated(found: Document | None) -> Document:
        document = changed = found or {"_id": category}
        for path, value in updates.items():
            changed = with_value(changed, path, value)
        if found is not None and changes.same(changed, document):
            return document
        return {**changed, "pvt_modified": now()}

    return Change(DATABASE, updated(stored), stored, updated)
