"""JSON schemas: from files into system_schemas.

Source: Kazoo crossbar_maintenance:update_schemas/0, kz_datamgr:revise_docs_from_folder/3, kz_json_schema:fload/1.
Better than there: every file is checked before any is saved, one bad file stops the run instead of being passed over,
and what is compared is the schema itself as well as the hash kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.databases import failures, shipped_documents
from kazoo_sup.kazoo.databases.failures import BadFile
from kazoo_sup.kazoo.documents import is_private, objects_by_name, text_files
from kazoo_sup.settings import resources

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

DATABASE = "system_schemas"
INSTALLED = "/opt/kazoo/lib"
_LONGEST_NAME = 255
PROVIDER, OURS = "provider", "kazoo-sup"
"""How the schemas that come with this program are marked: they never take the place of others."""
MISNAMED = {"system_config.limits": "limits"}
"""Files of Kazoo 4.3 that say by mistake that they are another schema, which has a file of its own."""


class BadSchema(BadFile):
    """{file}: {reason}; nothing was saved"""


class UnknownSchema(SupError):
    """there is no schema {schema}, neither stored nor in a file"""

    schema: str


class UnusableSchema(SupError):
    """what the schema {schema} asks for cannot be read: {reason}"""

    schema: str
    reason: str


def directory(zone: Zone) -> Path:
    """Return the directory of schema files: the settings' (SUP_SCHEMAS_DIR, `schemas_dir`), or an installed Kazoo's.

    Raises Declined when there is none.
    """
    configured = zone.settings.schemas_dir
    if configured:
        if not configured.is_dir():
            raise Declined(reason=f"there is no directory {configured} of schemas")
        return configured
    installed = sorted(Path(INSTALLED).glob("crossbar-*/priv/couchdb/schemas"))
    if not installed:
        raise Declined(
            reason=f"there are no schema files: set SUP_SCHEMAS_DIR or schemas_dir ({INSTALLED} holds no crossbar)",
            instead="set SUP_SCHEMAS_DIR or the setting schemas_dir",
        )
    return installed[-1]


def bundled() -> Path:
    """Return the directory of the schemas that come with this program, for where there are none of Kazoo's."""
    return resources.config_directory() / "schemas"


def any_directory(zone: Zone) -> Path:
    """Return the directory of schema files, or else of those that come with this program, which is reported."""
    try:
        return directory(zone)
    except Declined as error:
        if zone.settings.schemas_dir:
            raise
        zone.run.warn(f"{error}; those of kazoo-sup itself are used, and never take the place of others")
        return bundled()


def read_all(folder: Path, skip: Callable[[BadFile], None] | None = None) -> dict[str, Document]:
    """Return every schema of FOLDER by name, each checked; the one that Kazoo 4.3 misnames is passed over.

    Raises BadSchema for a file that is not JSON, not a valid JSON schema, or whose `_id` is not its name, BadFiles,
    which names them all, for several; with SKIP these are left out, each handed to it. Declined when there is none.
    """
    found = sorted(folder.glob("*.json"))
    if not found:
        raise Declined(reason=f"there are no schema files in {folder}")
    good = failures.read_all((file for file in found if not _is_misnamed(file)), read, skip)
    return {schema["_id"]: schema for schema in good}


def read(file: Path) -> Document:
    """Return the schema in FILE, checked. Raises BadSchema."""
    try:
        schema = terms.read_json(text_files.read(file))
    except (OSError, ValueError) as error:
        raise BadSchema(file=file, reason=str(error)) from error
    if not isinstance(schema, dict):
        raise BadSchema(file=file, reason="it is not a JSON object")
    if schema.get("_id") != file.stem:
        raise BadSchema(file=file, reason=f"its _id is {schema.get('_id')!r}, not {file.stem!r}")
    private = [key for key in schema if is_private(key) and key != "_id"]
    if private:
        raise BadSchema(file=file, reason=f"{private[0]} is private to the stored document")
    reason = _fault(schema)
    if reason:
        raise BadSchema(file=file, reason=reason)
    return {key: value for key, value in schema.items() if key != "id"}


def updates(zone: Zone, schemas: dict[str, Document]) -> Iterator[Change]:
    """Yield the changes that make system_schemas hold SCHEMAS; the private fields of stored ones stay.

    Of those that come with this program only what is missing, or was stored from here, is stored.
    """
    stored = zone.couchdb.get_many(DATABASE, list(schemas))
    for name, schema in schemas.items():
        again = partial(_updated, zone, schema)
        yield changes.rebuild(DATABASE, stored.get(name), again)


def load(zone: Zone, name: str) -> Iterator[Change]:
    """Yield the changes that bring NAME, and every schema it refers to, from files into system_schemas.

    Those stored already are left alone. Raises UnknownSchema for one that is neither stored nor in a file.
    Source: Kazoo crossbar_maintenance:does_schema_exist/1, which follows `$ref` through `properties`.
    """
    waiting, seen = [name], set[str]()
    while waiting:
        wanted = waiting.pop(0)
        if wanted in seen:
            continue
        seen.add(wanted)
        schema = zone.couchdb.get(DATABASE, wanted)
        if schema is None:
            schema = _found(zone, wanted, told=zone.run.warn)
            yield Change(DATABASE, schema, None, lambda stored: stored or {})
        waiting.extend(references(schema))


def references(schema: Document) -> Iterator[str]:
    """Yield the names of the schemas to which the properties of a schema refer."""
    for each in parts(schema).values():
        reference = each.get("$ref")
        if isinstance(reference, str) and reference:
            yield referred(reference)
        else:
            yield from references(each)


def referred(reference: str) -> str:
    """Return the name of the schema that a `$ref` means (Kazoo kz_json_schema:load/1)."""
    return reference.removeprefix("./").removeprefix("file://")


def get(zone: Zone, name: str) -> Document:
    """Return the schema NAME as it is stored, as it is in a file, or as it comes with this program.

    Raises UnknownSchema.
    """
    return zone.couchdb.get(DATABASE, name) or _found(zone, name)


def parts(schema: Document, keyword: str = "properties") -> dict[str, Document]:
    """Return the schemas that a schema has for properties, by their names; what is no schema is left out."""
    return objects_by_name(schema.get(keyword))


def _found(zone: Zone, name: str, told: Callable[[str], None] | None = None) -> Document:
    try:
        return from_file(zone, name)
    except UnknownSchema:
        file = _file(bundled(), name)
        if file is None:
            raise
        if told:
            told(f"no schema {name} is stored or in a file: that of kazoo-sup itself is stored")
        return read(file)


def _updated(zone: Zone, schema: Document, stored: Document | None) -> Document:
    if stored is not None and schema.get(PROVIDER) == OURS and stored.get(PROVIDER) != OURS:
        return stored
    return shipped_documents.updated(zone, DATABASE, schema, stored)


def _is_misnamed(file: Path) -> bool:
    if file.stem not in MISNAMED:
        return False
    try:
        return bool(json.loads(file.read_bytes())["_id"] == MISNAMED[file.stem])
    except (OSError, ValueError, KeyError, TypeError):
        return False  # and `read` says what is wrong with it


def from_file(zone: Zone, name: str) -> Document:
    """Return the schema NAME as it is in a file, checked. Raises UnknownSchema, BadSchema."""
    try:
        file = _file(directory(zone), name)
    except Declined:
        raise UnknownSchema(schema=name) from None
    if file is None:
        raise UnknownSchema(schema=name)
    return read(file)


def _file(folder: Path, name: str) -> Path | None:
    """Return the file of a schema, or None where there is none: no name leads out of the folder."""
    wanted = f"{name.removesuffix('.json')}.json"
    if "/" in wanted or "\0" in wanted or len(wanted.encode(errors="replace")) > _LONGEST_NAME:
        return None
    file = folder / wanted
    return file if file.is_file() else None


def _fault(schema: Document) -> str | None:
    """Return what makes a schema no JSON schema of draft 4, or None."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _draft_04()(schema)
    except JsonSchemaValueException as fault:
        where = ".".join(map(str, fault.path[1:])) or "the schema"
        return f"{where} {str(fault.message).removeprefix(str(fault.name)).strip()}"
    return None


@cache
def _draft_04() -> Callable[[Json], Json]:
    import fastjsonschema

    grammar = json.loads(resources.read("kazoo", "config", "json_schema_draft_04.json"))
    return fastjsonschema.compile(grammar, use_default=False)
