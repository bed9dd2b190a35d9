"""Registering views in system_data, from the files of an installed Kazoo.

Source: Kazoo kz_datamgr:register_views_from_folder/1, register_view/2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document, same
from kazoo_sup.errors import SupError

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

INSTALLED = "/opt/kazoo/lib"
FOLDERS = ("views", "account")

DATABASE = "system_data"

UNREGISTERED = frozenset({"accounts_tree.json", "reseller.json", "webseq.json"})
"""Files that no application registers."""


class BadView(SupError):
    """{file}: {reason}; nothing was registered"""


def installed(application: str, root: str = INSTALLED) -> Path | None:
    """Return the directory of an installed application, its newest, or None."""
    found = sorted(Path(root).glob(f"{application}-*"))
    return found[-1] if found else None


def applications(root: str = INSTALLED) -> dict[str, Path]:
    """Return the newest directory of each installed application that brings views."""
    found = sorted(path.parents[1] for path in Path(root).glob("*/priv/couchdb"))
    return {path.name.rpartition("-")[0] or path.name: path for path in found if any(files(path))}


def files(directory: Path, folders: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Yield the files of design documents in FOLDERS of an application that Kazoo registers."""
    for folder in folders:
        for file in sorted((directory / "priv/couchdb" / folder).glob("*.json")):
            if file.name not in UNREGISTERED:
                yield file


def installed_designs(root: str = INSTALLED) -> Iterator[Document]:
    """Yield the design documents in the files of an installed Kazoo; a file that is none is passed over."""
    for directory in applications(root).values():
        for folder in FOLDERS:
            for file in sorted((directory / "priv/couchdb" / folder).glob("*.json")):
                with suppress(OSError, ValueError):
                    design = terms.read_json(file.read_text(encoding="utf-8"))
                    if isinstance(design, dict) and isinstance(design.get("kazoo"), dict):
                        yield {key: joined(each) for key, each in design.items()}


def register(zone: Zone, application: str) -> Mapping[str, int]:
    """Register the views of an installed application; return how many registrations were created and edited.

    Without one nothing is to be done, which is hinted. Raises BadView.
    """
    directory = installed(application)
    if directory is None:
        zone.run.hint(f"no {application} is installed here: where its views are not registered, sup's own are used")
        return {}
    return changes.apply(zone, registrations(zone, application, directory)).counts


def registrations(
    zone: Zone, application: str, directory: Path, folders: tuple[str, ...] = ("views",), only: tuple[str, ...] = ()
) -> Iterator[Change]:
    """Yield the changes that register every view in FOLDERS of DIRECTORY's priv/couchdb for APPLICATION.

    ONLY names files, where not all are wanted. Raises BadView, before anything is registered, for a file that is no
    design document with a map of databases.
    """
    version = directory.name.removeprefix(f"{application}-")
    chosen = [file for file in files(directory, folders) if not only or file.name in only]
    documents = [registration(application, file) for file in chosen]
    stored = zone.couchdb.get_many(DATABASE, [each["_id"] for each in documents])
    for each in documents:
        again = partial(_updated, each, version)
        yield Change(DATABASE, again(stored.get(each["_id"])), stored.get(each["_id"]), again)


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
        "view_definition": {key: joined(each) for key, each in design.items() if key != "kazoo"},
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


def joined(value: Any) -> Any:
    """Put code that is written as a list of lines together (Kazoo kz_datamgr:maybe_adapt_multilines/1)."""
    if isinstance(value, dict):
        return {key: joined(each) for key, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], str) and value[0].startswith("function"):
        return "".join(value)
    return value
