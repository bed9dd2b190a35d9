"""JSON schemas: what differs between the stored ones and their files.

The files are those of SUP_SCHEMAS_DIR or the setting schemas_dir, else of an installed Kazoo's crossbar.
"""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo import schema_differences
from kazoo_sup.outcome import Outcome, text
from kazoo_sup.zone import Zone


@command
def diff_schemas(zone: Zone) -> Outcome:
    """Show what differs between every schema's file and the schema as it is stored."""
    return text(schema_differences.of_all(zone))


@command
def diff_schema(zone: Zone, schema: str) -> Outcome:
    """Show what differs between the file of SCHEMA and the schema as it is stored."""
    return text(schema_differences.of_one(zone, schema))
