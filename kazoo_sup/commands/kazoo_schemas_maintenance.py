"""JSON schemas: what differs between the stored ones and their files.

The files are those of SUP_SCHEMAS_DIR or the setting schemas_dir, else of an installed Kazoo's crossbar.
"""

from __future__ import annotations

from dataclasses import asdict

from kazoo_sup.command import command
from kazoo_sup.kazoo.config import schema_differences
from kazoo_sup.kazoo.config.schema_differences import SchemaDiffers
from kazoo_sup.results import Answer
from kazoo_sup.texts import schemas
from kazoo_sup.zone import Zone


@command
def diff_schemas(zone: Zone) -> Answer:
    """Show what differs between every schema's file and the schema as it is stored."""
    return _shown(schema_differences.of_all(zone))


@command
def diff_schema(zone: Zone, schema: str) -> Answer:
    """Show what differs between the file of SCHEMA and the schema as it is stored."""
    return _shown(schema_differences.of_one(zone, schema))


def _shown(found: list[SchemaDiffers]) -> Answer:
    return Answer(data=list(map(asdict, found)), lines=list(schemas.differences(found)))
