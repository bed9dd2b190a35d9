"""system_config: one document a category, one section a node or zone, and `default` for the rest.

Source: Kazoo kapps_config. Three things are better here: reading never writes a default back (kapps_config:get/4 does),
a locked configuration refuses a write instead of passing it over, and a value is read fresh, never from a cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.documents import Document, stamped, value_at, with_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kazoo_sup.zone import Zone

DATABASE = "system_config"
DEFAULT = "default"
MISSING: Any = object()


def keys(key: str) -> list[str]:
    """Split a key as `sup` calls do: `a.b.c` is a path (Kazoo kapps_config:key/1)."""
    return key.split(".")


def lookup(document: Document | None, path: list[str], *, node: str, zone: str) -> Any:
    """Return what a node sees at PATH: its own section first, then its zone's, then `default`; MISSING if nothing.

    The node "default" goes straight to the default section. Source: Kazoo kapps_config:get_value/5.
    """
    for section in dict.fromkeys((DEFAULT,) if node == DEFAULT else (node, zone, DEFAULT)):
        found = value_at(document or {}, [section, *path], MISSING)
        if found is not MISSING:
            return found
    return MISSING


def in_section(document: Document, section: str, key: str) -> Any:
    """Return what SECTION itself holds for KEY, or MISSING."""
    return value_at(document, [section, *keys(key)], MISSING)


def get(zone: Zone, category: str, key: str, default: Any = MISSING, node: str | None = None) -> Any:
    """Return the value of KEY of CATEGORY as the zone's node (or NODE) sees it, else DEFAULT."""
    found = lookup(zone.configuration(category), keys(key), node=node or zone.node, zone=zone.name)
    return default if found is MISSING else found


def set_value(zone: Zone, category: str, key: str, value: Any, *, section: str, always: bool = False) -> Document:
    """Store VALUE at KEY of CATEGORY; return the document as it is stored now.

    It goes into SECTION (a node, a zone, `default`) when something stands at that path there already or ALWAYS is
    set, else into `default`. The value None removes the key. Source: Kazoo kapps_config:update_category/6.

    Raises Declined when config.ini locks the configuration, and what the door raises.
    """
    return set_values(zone, category, {key: value}, section=section, always=always)


def set_values(zone: Zone, category: str, values: Mapping[str, Any], *, section: str, always: bool = False) -> Document:
    """Store several values, by their keys, with one change of the document; each goes where `set_value` puts it."""
    return _store(zone, category, lambda document: values, section=section, always=always)


def update_value(
    zone: Zone,
    category: str,
    key: str,
    value_of: Callable[[Document], Any],
    *,
    section: str,
    always: bool = False,
) -> Document:
    """Store at KEY of CATEGORY what VALUE_OF makes of the document, as `set_value` does.

    It is asked again when somebody else has changed the document in between.
    """
    return _store(zone, category, lambda document: {key: value_of(document)}, section=section, always=always)


def _store(
    zone: Zone, category: str, values_of: Callable[[Document], Mapping[str, Any]], *, section: str, always: bool
) -> Document:
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")

    def updated(stored: Document | None) -> Document:
        document = changed = stored or {}
        for key, value in values_of(document).items():
            path = keys(key)
            target = section if always or value_at(document, [section, *path], MISSING) is not MISSING else DEFAULT
            changed = with_value(changed, [target, *path], value)
        return document if changes.same(changed, document) else _stamped(changed, category, stored, zone.node)

    stored = zone.configuration(category)
    document = updated(stored)
    if not document:
        return document
    if stored is None:
        views.ensure_database(zone, DATABASE)
    return changes.apply(zone, [Change(DATABASE, document, stored, updated)]).document


def _stamped(document: Document, category: str, stored: Document | None, node: str) -> Document:
    before = {**(stored or {}), "_id": category}
    marked = stamped(document, DATABASE, node=node, document_type="config", before=before)
    if stored is None:
        # A new document gets its id between the node and the hash.
        document_hash = marked.pop("pvt_document_hash")
        marked |= {"_id": category, "pvt_document_hash": document_hash}
    return marked
