"""What differs between schemas and their files (Kazoo kz_json_schema:diff_schema/2)."""

from __future__ import annotations

import json

import pytest

from kazoo_sup.commands import kazoo_schemas_maintenance
from kazoo_sup.kazoo.config.schemas import UnknownSchema
from kazoo_sup.settings import ZoneSettings

SCHEMA = {"_id": "x", "type": "object", "properties": {"a": {"type": "string"}, "b": {}}}


@pytest.fixture
def zone(zone, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(SCHEMA))
    zone.settings = ZoneSettings(couchdb=zone.settings.couchdb, schemas_dir=tmp_path)
    return zone


def lines(zone, *words):
    function = kazoo_schemas_maintenance.diff_schema if words else kazoo_schemas_maintenance.diff_schemas
    return list(function(zone, *words).lines)


def test_a_schema_that_is_not_stored_is_told(zone):
    assert lines(zone, "x") == lines(zone) == ["failed to load x: not_found"]
    assert lines(zone, "y") == ["failed to load y: not_found"]


def test_nothing_is_told_of_a_schema_that_is_alike(zone):
    zone.couchdb.put("system_schemas", {**SCHEMA, "pvt_created": 1})
    assert lines(zone, "x") == lines(zone) == []


def test_paths_that_differ_are_told_for_both_sides(zone):
    stored = {"_id": "x", "type": "object", "properties": {"a": {"type": "integer"}}, "additional": True}
    zone.couchdb.put("system_schemas", stored)
    assert (
        lines(zone, "x.json")
        == lines(zone)
        == [
            "'x' differs from on-disk file:",
            " in schema only: ",
            "  properties.a.type",
            "  additional",
            " on disk only: ",
            "  properties.a.type",
            "  properties.b",
        ]
    )


def test_true_is_not_one(zone):
    zone.couchdb.put("system_schemas", {**SCHEMA, "type": 1})
    assert len(lines(zone, "x")) == 5


def test_a_schema_without_a_file_is_refused(zone):
    zone.couchdb.put("system_schemas", {**SCHEMA, "_id": "y"})
    with pytest.raises(UnknownSchema):
        lines(zone, "y")
