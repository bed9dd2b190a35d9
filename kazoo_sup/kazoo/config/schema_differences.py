"""What differs between a schema's file and the schema as it is stored.

Source: Kazoo kz_json_schema:diff_schema/2, kz_json:diff/2.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.documents import public_fields

if TYPE_CHECKING:
    from kazoo_sup.types import Fields
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class SchemaDiffers:
    """The paths that are in the stored schema, or in its file, alone or otherwise than in the other one.

    `stored` is None for a schema that is not stored.
    """

    name: str
    stored: list[str] | None
    filed: list[str]


def of_all(zone: Zone) -> list[SchemaDiffers]:
    """Return the differences of each file whose schema is stored otherwise."""
    files = schemas.read_all(schemas.directory(zone)).items()
    found = (differences(name, zone.couchdb.get(schemas.DATABASE, name), schema) for name, schema in files)
    return [each for each in found if each is not None]


def of_one(zone: Zone, name: str) -> list[SchemaDiffers]:
    """Return the differences of the schema NAME, if there are any. Raises UnknownSchema where its file is missing."""
    name = name.removesuffix(".json")
    stored = zone.couchdb.get(schemas.DATABASE, name)
    found = differences(name, stored, {} if stored is None else schemas.from_file(zone, name))
    return [] if found is None else [found]


def differences(name: str, stored: Fields | None, schema: Fields) -> SchemaDiffers | None:
    """Return the paths that are stored and in the file otherwise, or only there; None where both are alike."""
    if stored is None:
        return SchemaDiffers(name, None, [])
    kept = _flat(public_fields(dict(stored)))
    filed = _flat({key: each for key, each in schema.items() if key != "_id"})
    only_kept = [".".join(path) for path, each in kept.items() if filed.get(path) != each]
    only_filed = [".".join(path) for path, each in filed.items() if kept.get(path) != each]
    return SchemaDiffers(name, only_kept, only_filed) if only_kept or only_filed else None


def _flat(document: Fields, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return every plain value, list and empty object of a document, as JSON, by its path."""
    found: dict[tuple[str, ...], str] = {}
    for key, each in document.items():
        if isinstance(each, dict) and each:
            found |= _flat(each, (*above, key))
        else:
            found[*above, key] = json.dumps(each, sort_keys=True)
    return found
