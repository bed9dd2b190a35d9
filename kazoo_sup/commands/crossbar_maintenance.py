"""Crossbar, the API: its schemas, accounts and apps."""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.kazoo import schemas
from kazoo_sup.outcome import Outcome, value
from kazoo_sup.zone import Zone


@command
def update_schemas(zone: Zone) -> Outcome:
    """Bring the JSON schemas of system_schemas up to date with the schema files.

    The files are those of SUP_SCHEMAS_DIR or the setting schemas_dir, else of an installed Kazoo's crossbar. Every file
    is checked before anything is saved; only schemas that differ are.
    """
    files = schemas.read_all(schemas.directory(zone))
    tally = changes.apply(zone, schemas.updates(zone, files), total=len(files), label="updating schemas")
    return Outcome(counts=tally.counts)


@command
def does_schema_exist(zone: Zone, schema: str) -> Outcome:
    """Tell whether SCHEMA, and every schema it refers to, is stored; those that only stand in files are loaded.

    Answers true (exit code 2, as for any answer of a maintenance function that is not ok), or an object with the error.
    """
    try:
        changes.apply(zone, schemas.load(zone, schema))
    except schemas.UnknownSchema as error:
        name = error.facts["schema"]
        return value({"error": f"schema {name} not found", "schema": name})
    return value(True)
