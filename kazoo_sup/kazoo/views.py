"""Views: where their design documents come from, and how a missing one is installed and asked again.

Design documents are registered in `system_data` by Kazoo's applications, for a database or for a class of databases
(Kazoo kz_datamgr:register_view, refresh_views). For a cluster without registrations `sup` brings some of its own,
which emit the same keys and values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, same
from kazoo_sup.errors import NotFound
from kazoo_sup.names import classification, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

REGISTRATIONS = "system_data"


def rows(zone: Zone, database: str, design: str, view: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a view, page by page; a view that is missing is installed first, as Kazoo does.

    `query` is what `CouchDB.view` takes. Raises NotFound when nobody has registered the view.
    Source: Kazoo kzs_view:get_results.
    """
    try:
        yield from zone.couchdb.view(plain(database), design, view, **query)
    except NotFound:
        if zone.run.dry_run or not install(zone, database, design):
            raise
        yield from zone.couchdb.view(plain(database), design, view, **query)


def rows_if_any(zone: Zone, database: str, design: str, view: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a view as `rows` does; none where nobody has registered it or there is no such database."""
    try:
        yield from rows(zone, database, design, view, **query)
    except NotFound:
        return


def install(zone: Zone, database: str, design: str) -> bool:
    """Save the registered design document DESIGN into a database; False when there is no such database or design."""
    wanted = [each for each in registered(zone, database) if each["_id"] == f"_design/{design}"]
    if not wanted or not zone.couchdb.exists(plain(database)):
        return False

    def updated(stored: Document | None) -> Document:
        return {**wanted[0], **({"_rev": stored["_rev"]} if stored else {})}

    stored = zone.couchdb.get(plain(database), wanted[0]["_id"])
    changes.apply(zone, [Change(database, updated(stored), stored, updated)])
    return True


def ensure_database(zone: Zone, database: str) -> None:
    """Create a database with all its registered views, unless it is there."""
    if not zone.couchdb.exists(plain(database)):
        changes.create_database(zone, database, registered(zone, database))


def refresh(zone: Zone, database: str) -> int:
    """Bring the registered design documents into a database; return how many were added or differed.

    Our own, where nothing is registered, are added but take no other's place. There are no events of it, and nothing is
    done to a database that is not there. Raises what keeps one from being saved. Source: Kazoo
    kz_datamgr:refresh_views/1, kzs_db:db_view_update/2.
    """
    if not zone.couchdb.exists(plain(database)):
        return 0
    keys = _keys(database)
    designs = _registered(zone, keys)
    replaced = bool(designs)
    wanted = {each["_id"]: each for each in designs or _own(keys)}
    stored = zone.couchdb.get_many(plain(database), list(wanted))

    def updated(name: str, found: Document | None) -> Document:
        if found is None or (replaced and not same(wanted[name], _without_revision(found))):
            return wanted[name]
        return found

    edits = (
        Change(database, updated(name, stored.get(name)), stored.get(name), partial(updated, name)) for name in wanted
    )
    tally = changes.apply(zone, edits)
    if tally.errors:
        raise tally.errors[0]
    return tally.counts["created"] + tally.counts["edited"]


def registered(zone: Zone, database: str) -> list[Document]:
    """Return the design documents registered for a database or its class, else our own."""
    keys = _keys(database)
    return _registered(zone, keys) or _own(keys)


def _keys(database: str) -> list[str]:
    return [plain(database), classification(database)]


def _registered(zone: Zone, keys: list[str]) -> list[Document]:
    try:
        found = list(zone.couchdb.view(REGISTRATIONS, "views", "views_by_classification", keys=keys, include_docs=True))
    except NotFound:
        return []
    designs = {
        each["doc"]["view_definition"]["_id"]: each["doc"]["view_definition"] for each in found if each.get("doc")
    }
    return [_unmapped(design) for design in designs.values()]


def _own(keys: list[str]) -> list[Document]:
    return [_unmapped(each) for each in bundled() if _is_for(each, keys)]


def _unmapped(design: Document) -> Document:
    return {key: each for key, each in design.items() if key != "kazoo"}


def _without_revision(design: Document) -> Document:
    return {key: each for key, each in design.items() if key != "_rev"}


@cache
def bundled() -> tuple[Document, ...]:
    """Return our own design documents, each with the databases it is for (`kazoo.view_map`)."""
    paths = sorted(Path(__file__).with_name("design").glob("*.json"))
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in paths)


def _is_for(design: Document, keys: list[str]) -> bool:
    mapped = design.get("kazoo", {}).get("view_map", [])
    return any(each.get("database") == keys[0] or each.get("classification") == keys[1] for each in mapped)
