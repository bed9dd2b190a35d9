"""Registering views in system_data, from the files of an installed Kazoo.

Source: Kazoo kz_datamgr:register_views_from_folder/1, register_view/2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document, same
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.views import REGISTRATIONS

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

INSTALLED = "/opt/kazoo/lib"


class BadView(SupError):
    """{file}: {reason}; nothing was registered"""


def installed(application: str, root: str = INSTALLED) -> Path | None:
    """Return the directory of an installed application, its newest, or None."""
    found = sorted(Path(root).glob(f"{application}-*"))
    return found[-1] if found else None


def register(zone: Zone, application: str) -> Mapping[str, int]:
    """Register the views of an installed application; return how many registrations were created and edited.

    Without one nothing is to be done, which is hinted. Raises BadView.
    """
    directory = installed(application)
    if directory is None:
        zone.run.hint(f"no {application} is installed here: where its views are not registered, sup's own are used")
        return {}
    return changes.apply(zone, registrations(zone, application, directory)).counts


def registrations(zone: Zone, application: str, directory: Path) -> Iterator[Change]:
    """Yield the changes that register every view in DIRECTORY's priv/couchdb/views for APPLICATION.

    Raises BadView, before anything is registered, for a file that is no design document with a map of databases.
    """
    version = directory.name.removeprefix(f"{application}-")
    documents = [registration(application, file) for file in sorted((directory / "priv/couchdb/views").glob("*.json"))]
    stored = zone.couchdb.get_many(REGISTRATIONS, [each["_id"] for each in documents])
    for each in documents:
        again = partial(_updated, each, version)
        yield Change(REGISTRATIONS, again(stored.get(each["_id"])), stored.get(each["_id"]), again)


def registration(application: str, file: Path) -> Document:
    """Return the registration, but for its version, of the design document in FILE. Raises BadView."""
    try:
        design = terms.read_json(file.read_text(encoding="utf-8"))
        mapped = design["kazoo"]["view_map"][::-1]
        places = [each.get("database") or each["classification"] for each in mapped]
        name = str(design["_id"]).removeprefix("_design/")
    except (OSError, ValueError) as error:
        raise BadView(file=file, reason=str(error)) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BadView(file=file, reason="it is no design document with a kazoo.view_map") from error
    if not places or "_id" not in design or f"_design/{name}" != design["_id"]:
        raise BadView(file=file, reason="it is no design document with a kazoo.view_map")
    return {
        "_id": f"{places[0] if len(places) == 1 else 'multi_db'}-{application}-{name}",
        "kazoo": {"view_map": mapped},
        "view_definition": {key: _joined(each) for key, each in design.items() if key != "kazoo"},
        "application": application,
        "name": name,
        "pvt_type": "view_definition",
    }


def _updated(wanted: Document, version: str, stored: Document | None) -> Document:
    if stored is None:
        return {**wanted, "version": version}
    compared = ("kazoo", "view_definition")
    if all(same(stored.get(key), wanted[key]) for key in compared):
        return stored
    return {**stored, **{key: wanted[key] for key in compared}, "version": version}


def _joined(value: Any) -> Any:
    """Put code that is written as a list of lines together (Kazoo kz_datamgr:maybe_adapt_multilines/1)."""
    if isinstance(value, dict):
        return {key: _joined(each) for key, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], str) and value[0].startswith("function"):
        return "".join(value)
    return value
