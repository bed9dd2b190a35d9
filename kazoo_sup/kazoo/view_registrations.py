"""Registering the design documents of one of Kazoo's applications in `system_data`.

Source: Kazoo kz_datamgr:register_views_from_folder/1, register_view/2. Unlike there, what is registered is left as it
is: a node brings its own version when it starts. And where nothing is registered yet, nothing is: the first of an
application's views alone would hide those that `sup` brings for a cluster without registrations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import views

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


def missing(zone: Zone, application: str, names: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes that register those of our own design documents NAMES that APPLICATION has not registered."""
    version = _version(zone)
    if version is None:
        return
    wanted = [registration(each, application, version) for each in views.bundled() if _name(each) in names]
    stored = zone.couchdb.get_many(views.REGISTRATIONS, [each["_id"] for each in wanted])
    for document in wanted:
        if document["_id"] not in stored:
            yield Change(views.REGISTRATIONS, document, None, lambda found: found or {})


def registration(design: Document, application: str, version: str) -> Document:
    """Return the document that registers a design document, with the databases it is for in Kazoo's order."""
    targets = design["kazoo"]["view_map"]
    place = "multi_db" if len(targets) > 1 else next(iter(targets[0].values()))
    return {
        "_id": f"{place}-{application}-{_name(design)}",
        "application": application,
        "name": _name(design),
        "pvt_type": "view_definition",
        "kazoo": {"view_map": list(reversed(targets))},
        "view_definition": {key: each for key, each in design.items() if key != "kazoo"},
        "version": version,
    }


def _name(design: Document) -> str:
    return str(design["_id"]).removeprefix("_design/")


def _version(zone: Zone) -> str | None:
    """Return the version of the cluster's Kazoo, as a registration tells it; None where there is none."""
    try:
        rows = zone.couchdb.view(views.REGISTRATIONS, "views", "registered", include_docs=True, page=1)
        found = list(islice(rows, 1))
    except NotFound:
        return None
    return str((found[0].get("doc") or {}).get("version", "")) if found else None
