"""Views: where their design documents come from, and how a missing one is installed and asked again.

Design documents are registered in `system_data` by Kazoo's applications, for a database or for a class of databases
(Kazoo kz_datamgr:register_view, refresh_views). For what is not registered the files of an installed Kazoo are read;
without one `sup` brings some of its own, which emit the same keys and values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, same
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import view_registrations
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.names import classification, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


GENERATED = frozenset({("_design/numbers", "reconcile_services")})
"""Views that are made for each account, by their design document and name (see `numbers.services_view`)."""


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

    Nothing is done to a database that is not there; see `updates`. Raises what keeps one from being saved.
    """
    if not zone.couchdb.exists(plain(database)):
        return 0
    tally = changes.apply(zone, updates(zone, database, definitions(zone, database)))
    tally.check()
    return tally.counts["created"] + tally.counts["edited"]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The design documents that a database shall have; `replace` tells whether they take the place of others.

    Our own, where nothing is registered, are added but take no other's place: a node would put its own there again.
    """

    designs: tuple[Document, ...]
    replace: bool


def updates(zone: Zone, database: str, definitions: Definitions) -> list[Change]:
    """Return the changes that bring design documents into a database: what is missing or differs.

    They are compared by what they say, not by their text or the order of their keys. The view that Kazoo adds to an
    account's `numbers`, made from the classifiers, is no difference: it stays, where Kazoo takes it out and adds it
    again, and has all numbers of the account indexed anew. Source: Kazoo kz_datamgr:refresh_views/1,
    kzs_db:db_view_update/2.
    """
    wanted = {each["_id"]: each for each in definitions.designs}
    stored = zone.couchdb.get_many(plain(database), list(wanted))

    def updated(name: str, found: Document | None) -> Document:
        if found is None:
            return wanted[name]
        whole = _with_generated(wanted[name], found)
        return whole if definitions.replace and not same(whole, without_revision(found)) else found

    edits = [
        Change(database, updated(name, stored.get(name)), stored.get(name), partial(updated, name)) for name in wanted
    ]
    return [each for each in edits if not same(each.document, each.previous)]


def registered(zone: Zone, database: str) -> list[Document]:
    """Return the design documents registered for a database or its class, else an installed Kazoo's, else our own."""
    return list(definitions(zone, database).designs)


def definitions(zone: Zone, database: str) -> Definitions:
    """Return the design documents that a database shall have, wherever they come from."""
    keys = _keys(database)
    try:
        rows = list(
            zone.couchdb.view(
                view_registrations.DATABASE, "views", "views_by_classification", keys=keys, include_docs=True
            )
        )
    except NotFound:
        rows = []
    return choose(database, [each["doc"] for each in rows if each.get("doc")])


def choose(database: str, registrations: list[Document]) -> Definitions:
    """Return what is registered for a database, or else what comes in files."""
    if registrations:
        registered = {each["view_definition"]["_id"]: each["view_definition"] for each in registrations}
        return Definitions(tuple(map(_unmapped, registered.values())), replace=True)
    keys = _keys(database)
    for designs, replace in ((installed(), True), (bundled(), False)):
        found = {each["_id"]: _unmapped(each) for each in designs if _is_for(each, keys)}
        if found:
            return Definitions(tuple(found.values()), replace=replace)
    return Definitions((), replace=False)


def _keys(database: str) -> list[str]:
    return [plain(database), classification(database)]


def _with_generated(design: Document, stored: Document) -> Document:
    """Return a design document with the views that are not registered but made for the database it is stored in."""
    kept = {
        name: each
        for name, each in (stored.get("views") or {}).items()
        if (design["_id"], name) in GENERATED and name not in (design.get("views") or {})
    }
    return {**design, "views": {**design["views"], **kept}} if kept else design


def _unmapped(design: Document) -> Document:
    return {key: each for key, each in design.items() if key != "kazoo"}


@cache
def installed() -> tuple[Document, ...]:
    """Return the design documents of an installed Kazoo, each with the databases it is for; empty without one."""
    return tuple(view_registrations.installed_designs())


@cache
def bundled() -> tuple[Document, ...]:
    """Return our own design documents, each with the databases it is for (`kazoo.view_map`)."""
    paths = sorted(Path(__file__).with_name("design").glob("*.json"))
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in paths)


def _is_for(design: Document, keys: list[str]) -> bool:
    mapped = design.get("kazoo", {}).get("view_map", [])
    return any(each.get("database") == keys[0] or each.get("classification") == keys[1] for each in mapped)
