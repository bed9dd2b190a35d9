"""What differs between a schema's file and the schema as it is stored.

Source: Kazoo kz_json_schema:diff_schema/2, kz_json:diff/2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import schemas
from kazoo_sup.kazoo.documents import public_fields

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


def of_all(zone: Zone) -> Iterator[str]:
    """Yield what Kazoo prints for each file whose schema is stored otherwise."""
    for name, schema in schemas.read_all(schemas.directory(zone)).items():
        yield from differences(name, zone.couchdb.get(schemas.DATABASE, name), schema)


def of_one(zone: Zone, name: str) -> Iterator[str]:
    """Yield what Kazoo prints for the schema NAME. Raises UnknownSchema where there is no file of it."""
    schema = schemas.from_file(zone, name.removesuffix(".json"))
    yield from differences(schema["_id"], zone.couchdb.get(schemas.DATABASE, schema["_id"]), schema)


def differences(name: str, stored: Mapping[str, Any] | None, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths that are stored and in the file otherwise, or only there; nothing where both are alike.

    A schema that is not stored counts as alike: nodes take it from the file.
    """
    if stored is None:
        return
    kept = _flat(public_fields(dict(stored)))
    filed = _flat({key: each for key, each in schema.items() if key != "_id"})
    only_kept = [path for path, each in kept.items() if filed.get(path) != each]
    only_filed = [path for path, each in filed.items() if kept.get(path) != each]
    if only_kept or only_filed:
        yield f"'{name}' differs from on-disk file:"
        yield from _listed(" in schema", only_kept)
        yield from _listed(" on disk", only_filed)


def _listed(where: str, paths: list[tuple[str, ...]]) -> Iterator[str]:
    if paths:
        yield f"{where} only: "
        yield from (f"  {'.'.join(path)}" for path in paths)


def _flat(document: Mapping[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return every plain value, list and empty object of a document, as JSON, by its path."""
    found: dict[tuple[str, ...], str] = {}
    for key, each in document.items():
        if isinstance(each, dict) and each:
            found |= _flat(each, (*above, key))
        else:
            found[*above, key] = json.dumps(each, sort_keys=True)
    return found
