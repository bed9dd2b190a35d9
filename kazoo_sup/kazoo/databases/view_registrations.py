"""Registering views in system_data, from the files of an installed Kazoo.

Source: Kazoo kz_datamgr:register_views_from_folder/1, register_view/2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, same
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.databases import failures
from kazoo_sup.kazoo.databases.failures import BadFile
from kazoo_sup.kazoo.documents import shapes, text_files

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

INSTALLED = "/opt/kazoo/lib"
FOLDERS = ("views", "account")

DATABASE = "system_data"

UNREGISTERED = frozenset({"accounts_tree.json", "reseller.json", "webseq.json"})
"""Files that no application registers."""


class BadView(BadFile):
    """{file}: {reason}; nothing was saved"""


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
    """Yield the design documents in the files of an installed Kazoo; other files are passed over."""
    for directory in applications(root).values():
        for folder in FOLDERS:
            for file in sorted((directory / "priv/couchdb" / folder).glob("*.json")):
                with suppress(OSError, ValueError):
                    design = terms.read_json(text_files.read(file))
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


def register_all(zone: Zone, wanted: Sequence[str] | None, folders: tuple[str, ...] = ("views",)) -> dict[str, int]:
    """Register the views in FOLDERS of the WANTED applications, or all views of all; return what was done.

    Without an installed Kazoo nothing is to be done, which is hinted. Raises BadArgument for an application that is not
    installed, and BadView.
    """
    found = applications()
    if not found:
        zone.run.hint("no Kazoo is installed here: where views are not registered, sup's own are used")
        return {}
    missing = [each for each in wanted or () if each not in found]
    if missing:
        raise BadArgument(parameter="APPLICATION", reason=f"no application {missing[0]} with views is installed")
    counts: Counter[str] = Counter()
    for name in found if wanted is None else wanted:
        counts.update(
            changes.apply(zone, registrations(zone, name, found[name], FOLDERS if wanted is None else folders)).counts
        )
    return counts


def registrations(
    zone: Zone, application: str, directory: Path, folders: tuple[str, ...] = ("views",)
) -> Iterator[Change]:
    """Yield the changes that register every view in FOLDERS of DIRECTORY's priv/couchdb for APPLICATION.

    Raises BadView or BadFiles, before anything is registered, for files that are not design documents with a map of
    databases.
    """
    version = directory.name.removeprefix(f"{application}-")
    documents = failures.read_all(files(directory, folders), partial(registration, application))
    stored = zone.couchdb.get_many(DATABASE, [each["_id"] for each in documents])
    for each in documents:
        again = partial(_updated, each, version)
        yield changes.rebuild(DATABASE, stored.get(each["_id"]), again)


def registration(application: str, file: Path) -> Document:
    """Return the registration, but for its version, of the design document in FILE. Raises BadView."""
    try:
        design = terms.read_json(text_files.read(file))
        mapped = design["kazoo"]["view_map"][::-1]
        places = [each.get("database") or each["classification"] for each in mapped]
        name = str(design["_id"]).removeprefix("_design/")
    except (OSError, ValueError) as error:
        raise BadView(file=file, reason=str(error)) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BadView(file=file, reason="it is not a design document with a kazoo.view_map") from error
    if not places or "_id" not in design or f"_design/{name}" != design["_id"]:
        raise BadView(file=file, reason="it is not a design document with a kazoo.view_map")
    return {
        "_id": f"{places[0] if len(places) == 1 else 'multi_db'}-{application}-{name}",
        "kazoo": {"view_map": mapped},
        "view_definition": {key: joined(each) for key, each in design.items() if key != "kazoo"},
        "application": application,
        "name": name,
        "pvt_type": "view_definition",
    }


def readable(zone: Zone, registrations: Iterable[Document]) -> Iterator[Document]:
    """Yield the stored registrations that hold a design document with views; others are named and left out."""

    def checked(registration: Document) -> Document:
        name = shapes.object_at(registration, "view_definition").get("_id")
        if not isinstance(name, str):
            where, field = shapes.name_of(registration), "view_definition._id"
            raise shapes.Misshapen(where=where, field=field, found=shapes.kind(name), expected="text")
        shapes.at(registration, ["view_definition", "views"], shapes.OBJECTS_BY_NAME, {})
        return registration

    return shapes.of_each(zone, DATABASE, registrations, checked)


def _updated(wanted: Document, version: str, stored: Document | None) -> Document:
    if stored is None:
        return {**wanted, "version": version}
    compared = ("kazoo", "view_definition")
    if all(same(stored.get(key), wanted[key]) for key in compared):
        return stored
    return {**stored, **{key: wanted[key] for key in compared}, "version": version}


def joined(value: object) -> Json:
    """Put code that is written as a list of lines together (Kazoo kz_datamgr:maybe_adapt_multilines/1)."""
    if isinstance(value, dict):
        return {key: joined(each) for key, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], str) and value[0].startswith("function"):
        return "".join(value)
    return value
