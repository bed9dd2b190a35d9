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
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, same
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import view_maps, view_registrations
from kazoo_sup.kazoo.documents import as_object, shapes, without_revision
from kazoo_sup.messages.names import classification, plain
from kazoo_sup.settings import resources

if TYPE_CHECKING:
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Json, ViewRow
    from kazoo_sup.zone import Zone


Emitted = TypeVar("Emitted")

GENERATED = frozenset({("_design/numbers", "reconcile_services")})
"""Views that are made for each account, by their design document and name (see `numbers.services_view`)."""


def rows(zone: Zone, database: str, design: str, view: str, **query: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    """Yield the rows of a view, page by page; those of a view that is missing are worked out here.

    Reading writes nothing: Kazoo installs the view (kzs_view:get_results).
    Raises NotFound when nobody has registered the view.
    """
    try:
        yield from zone.couchdb.view(plain(database), design, view, **query)
    except NotFound:
        missing = _missing(zone, database, design, view)
        if missing is None:
            raise
        yield from view_maps.rows(zone, database, missing, view, **query)


def rows_for_change(zone: Zone, database: str, design: str, view: str, **query: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    """Yield the rows of a view as `rows` does, for work that changes documents: a missing view is installed first.

    A dry run shows that, and goes on with the rows that the view would have. Source: Kazoo kzs_view:get_results.
    """
    try:
        yield from zone.couchdb.view(plain(database), design, view, **query)
    except NotFound:
        missing = _missing(zone, database, design, view)
        if missing is None:
            raise
        if _put(zone, database, missing):
            yield from view_maps.rows(zone, database, missing, view, **query)
        else:
            yield from zone.couchdb.view(plain(database), design, view, **query)


def rows_if_any(zone: Zone, database: str, design: str, view: str, **query: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    """Yield the rows of a view as `rows` does; none where nobody has registered it or there is no such database."""
    try:
        yield from rows(zone, database, design, view, **query)
    except NotFound:
        return


def value_of(row: ViewRow, shape: shapes.Shape[Emitted]) -> Emitted:
    """Return the value of a row as what the map of its view emits. Raises Misshapen where something else has come."""
    return shapes.shaped(f"the row of {row.get('id') or terms.json_encode(row['key'])}", "value", row["value"], shape)


def object_of(row: ViewRow) -> Document:
    """Return the value of a row whose view emits objects. Raises Misshapen."""
    return value_of(row, shapes.OBJECT)


def key_of(row: ViewRow, parts: int) -> list[Json]:
    """Return the key of a row whose view emits lists of at least so many PARTS. Raises Misshapen."""
    found = row["key"]
    if not isinstance(found, list) or len(found) < parts:
        where = f"the row of {row.get('id') or terms.json_encode(found)}"
        raise shapes.Misshapen(where=where, field="key", found=shapes.kind(found), expected=f"a list of {parts}")
    return found


def _missing(zone: Zone, database: str, design: str, view: str) -> Document | None:
    """Return the design document that would bring a view; None where there is no such database, design or view."""
    wanted = [each for each in registered(zone, database) if each["_id"] == f"_design/{design}"]
    if not wanted or view not in views_in(wanted[0]) or not zone.couchdb.exists(plain(database)):
        return None
    return wanted[0]


class _Planned(set[tuple[str, str]]):
    """Design documents, by database and id, of which a run has shown that they would be saved."""


def _put(zone: Zone, database: str, design: Document) -> bool:
    """Save a design document; tell whether it was only shown, once, however often its views are asked for."""
    place = database, design["_id"]
    planned = zone.run.session.part(_Planned, zone.name)
    if place in planned:
        return True

    def updated(stored: Document | None) -> Document:
        return {**design, **({"_rev": stored["_rev"]} if stored else {})}

    tally = changes.update(zone, database, design["_id"], updated)
    if tally.planned:
        planned.add(place)
    return tally.planned


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
    again, and has all numbers of the account indexed again. Source: Kazoo kz_datamgr:refresh_views/1,
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
    found = [each["doc"] for each in rows if each.get("doc")]
    return choose(database, list(view_registrations.readable(zone, found)))


def choose(database: str, registrations: list[Document]) -> Definitions:
    """Return what is registered for a database, by registrations that are `readable`, or else what comes in files."""
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
        for name, each in views_in(stored).items()
        if (design["_id"], name) in GENERATED and name not in views_in(design)
    }
    return {**design, "views": {**views_in(design), **kept}} if kept else design


def views_in(design: Document) -> Document:
    """Return the views of a design document by their names; none where it has no object of them."""
    return as_object(design.get("views"))


def _unmapped(design: Document) -> Document:
    return {key: each for key, each in design.items() if key != "kazoo"}


@cache
def installed() -> tuple[Document, ...]:
    """Return the design documents of an installed Kazoo, each with the databases it is for; empty without one."""
    return tuple(view_registrations.installed_designs())


@cache
def bundled() -> tuple[Document, ...]:
    """Return our own design documents, each with the databases it is for (`kazoo.view_map`)."""
    files = resources.directory("kazoo_sup.kazoo.databases").joinpath("design").iterdir()
    found = sorted((file for file in files if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(json.loads(file.read_text(encoding="utf-8")) for file in found)


def _is_for(design: Document, keys: list[str]) -> bool:
    mapped = design.get("kazoo", {}).get("view_map", [])
    return any(each.get("database") == keys[0] or each.get("classification") == keys[1] for each in mapped)
