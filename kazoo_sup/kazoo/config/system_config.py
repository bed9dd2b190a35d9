"""system_config: one document a category, one section a node or zone, and `default` for the rest.

Source: Kazoo kapps_config. Three things are better here: reading never writes a default back (kapps_config:get/4 does),
a locked configuration refuses a write instead of passing it over, and a value is read fresh, never from a cache.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.documents import shapes, stamped, value_at, with_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kazoo_sup.kazoo.documents.shapes import Shape, Shaped
    from kazoo_sup.types import Document, Fields, Json
    from kazoo_sup.zone import Zone

DATABASE = "system_config"
DEFAULT = "default"
MISSING: Json = object()


def keys(key: str) -> list[str]:
    """Split a key as `sup` calls do: `a.b.c` is a path (Kazoo kapps_config:key/1)."""
    return key.split(".")


def lookup(document: Document | None, path: list[str], *, node: str, zone: str) -> Json:
    """Return what a node sees at PATH: its own section first, then its zone's, then `default`; MISSING if nothing.

    The node "default" goes straight to the default section. Source: Kazoo kapps_config:get_value/5.
    """
    for section in dict.fromkeys((DEFAULT,) if node == DEFAULT else (node, zone, DEFAULT)):
        found = value_at(document or {}, [section, *path], MISSING)
        if found is not MISSING:
            return found
    return MISSING


def in_section(document: Document, section: str, key: str) -> Json:
    """Return what SECTION itself holds for KEY, or MISSING."""
    return value_at(document, [section, *keys(key)], MISSING)


def get(zone: Zone, category: str, key: str, default: object = MISSING, node: str | None = None) -> Json:
    """Return the value of KEY of CATEGORY as the zone's node (or NODE) sees it, else DEFAULT."""
    document = zone.configuration(category)
    for section in (node or zone.node, zone.name, DEFAULT):
        if not isinstance((document or {}).get(section), dict):  # one that is there and no object is told of
            section_of(zone, category, section)
    found = lookup(document, keys(key), node=node or zone.node, zone=zone.name)
    return default if found is MISSING else found


def read(zone: Zone, category: str, key: str, default: Shaped, shape: Shape[Shaped], node: str | None = None) -> Shaped:
    """Return the value of KEY of CATEGORY as the zone's node (or NODE) sees it, as what it should be, else DEFAULT.

    What is something else is named once a run, and DEFAULT holds, as it does in Kazoo where what is not an object is
    asked for as one; with other values Kazoo's functions end there. Null and empty text are the same as nothing.
    Source: Kazoo kapps_config:get_json/4, get_ne_binary/4.
    """
    found = get(zone, category, key, None, node)
    if found is None or found == "":
        return default
    try:
        return shapes.shaped(f"{DATABASE}/{category}", key, found, shape)
    except shapes.Misshapen as misshapen:
        zone.run.warn_once(f"{misshapen}; it is left aside")
        return default


def section_of(zone: Zone, category: str, *names: str) -> Document:
    """Return the first section of CATEGORY that is there of those NAMES; what is not an object is named and ignored."""
    document = zone.configuration(category) or {}
    for name in names:
        if document.get(name) is not None:
            try:
                return shapes.shaped(f"{DATABASE}/{category}", name, document[name], shapes.OBJECT)
            except shapes.Misshapen as misshapen:
                zone.run.warn_once(f"{misshapen}; it is left aside")
    return {}


def set_value(zone: Zone, category: str, key: str, value: object, *, section: str, always: bool = False) -> Document:
    """Store VALUE at KEY of CATEGORY; return the document as it is stored now.

    It goes into SECTION (a node, a zone, `default`) when something is at that path there already or ALWAYS is
    set, else into `default`. The value None removes the key. Source: Kazoo kapps_config:update_category/6.

    Raises Declined when config.ini locks the configuration, and what the door raises.
    """
    return set_values(zone, category, {key: value}, section=section, always=always)


def set_values(zone: Zone, category: str, values: Fields, *, section: str, always: bool = False) -> Document:
    """Store several values, by their keys, with one change of the document; each goes where `set_value` puts it."""
    made = {key: partial(_always, value) for key, value in values.items()}
    return _update(zone, category, made, section=section, always=always)


def update_value(
    zone: Zone,
    category: str,
    key: str,
    value_of: Callable[[Document], object],
    *,
    section: str,
    always: bool = False,
) -> Document:
    """Store at KEY of CATEGORY what VALUE_OF makes of the document, as `set_value` does.

    It is asked again when somebody else has changed the document in between.
    """
    return _update(zone, category, {key: value_of}, section=section, always=always)


def _always(value: object, _document: Document) -> Json:
    return value


def _update(
    zone: Zone, category: str, values: Mapping[str, Callable[[Document], object]], *, section: str, always: bool
) -> Document:
    if not category:
        raise BadArgument(parameter="CATEGORY", reason="it is empty")
    for key in values:
        if "" in keys(key):
            raise BadArgument(parameter="KEY", reason=f"{key!r} has a part without a name")
    if not section:
        raise BadArgument(parameter="NODE", reason="it is empty")
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")

    from kazoo_sup import changes
    from kazoo_sup.kazoo.databases import views

    def updated(stored: Document | None) -> Document:
        document = changed = stored or {}
        for key, value_of in values.items():
            path = keys(key)
            target = section if always or value_at(document, [section, *path], MISSING) is not MISSING else DEFAULT
            changed = with_value(changed, [target, *path], value_of(document))
        return document if changes.same(changed, document) else _stamped(changed, category, stored, zone.node)

    stored = zone.couchdb.get(DATABASE, category)
    document = updated(stored)
    if not document:
        return document
    if stored is None:
        views.ensure_database(zone, DATABASE)
    return changes.apply(zone, [changes.Change(DATABASE, document, stored, updated)]).document


def _stamped(document: Document, category: str, stored: Document | None, node: str) -> Document:
    before = {**(stored or {}), "_id": category}
    marked = stamped(document, DATABASE, node=node, document_type="config", before=before)
    if stored is None:
        # A new document gets its id between the node and the hash.
        document_hash = marked.pop("pvt_document_hash")
        marked |= {"_id": category, "pvt_document_hash": document_hash}
    return marked
