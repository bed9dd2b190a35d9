"""JSON schemas from files into system_schemas: all or none, and only what differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kazoo_sup import changes
from kazoo_sup.commands import crossbar_maintenance
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.config.schemas import BadSchema, UnknownSchema
from kazoo_sup.kazoo.databases.failures import BadFiles
from kazoo_sup.kazoo.documents import document_hash
from kazoo_sup.results import PartlyDone
from kazoo_sup.settings.resources import config_directory

PREFIX = {"prefix": {"type": "string", "minLength": 3}}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "schemas"
    folder.mkdir()
    return folder


@pytest.fixture
def write(folder):
    def write(name, **fields):
        (folder / f"{name}.json").write_text(json.dumps({"_id": name, **fields}), encoding="utf-8")

    return write


@pytest.fixture
def update(zone, folder):
    def update():
        zone.rerun()
        zone.broker.messages.clear()
        tally = changes.apply(zone, schemas.updates(zone, schemas.read_all(folder)))
        return {action: count for action, count in tally.counts.items() if count}

    return update


def stored(zone, name):
    return zone.couchdb.all("system_schemas").get(name)


class TestUpdating:
    def test_new_ones_are_saved_with_kazoo_s_private_fields(self, zone, write, update):
        write("find_numbers", type="object", properties=PREFIX)
        assert update() == {"created": 1}
        document = stored(zone, "find_numbers")
        assert document["properties"] == PREFIX
        assert document["pvt_account_id"] == document["pvt_account_db"] == "system_schemas"
        assert document["pvt_node"] == zone.node
        assert document["pvt_document_hash"] == document_hash(document)
        assert "pvt_type" not in document
        assert zone.broker.keys == ["doc_created.system_schemas.undefined.find_numbers"]

    def test_a_second_time_nothing_is_saved(self, zone, write, update):
        write("find_numbers", properties=PREFIX)
        write("other", type="object")
        update()
        assert update() == {"unchanged": 2}
        assert zone.broker.messages == []

    def test_only_what_differs_is_saved(self, zone, write, update):
        write("find_numbers", properties=PREFIX)
        write("other", type="object")
        update()
        created = stored(zone, "find_numbers")["pvt_created"]
        write("find_numbers", properties={"prefix": {"type": "string", "minLength": 1}})
        assert update() == {"edited": 1, "unchanged": 1}
        document = stored(zone, "find_numbers")
        assert document["properties"]["prefix"]["minLength"] == 1
        assert document["pvt_created"] == created
        assert zone.broker.keys == ["doc_edited.system_schemas.undefined.find_numbers"]

    def test_private_fields_that_somebody_added_stay(self, zone, write, update):
        write("other", type="object")
        update()
        zone.couchdb.put("system_schemas", {**stored(zone, "other"), "pvt_note": "kept", "_attachments": {}})
        write("other", type="string")
        update()
        assert stored(zone, "other")["pvt_note"] == "kept"
        assert stored(zone, "other")["type"] == "string"

    @pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0)])
    def test_a_default_of_another_type_is_a_change(self, zone, write, update, before, after):
        write("other", properties={"a": {"default": before}})
        update()
        write("other", properties={"a": {"default": after}})
        assert update() == {"edited": 1}
        assert repr(stored(zone, "other")["properties"]["a"]["default"]) == repr(after)

    def test_somebody_who_saves_in_between_is_overruled_by_the_file_and_keeps_private_fields(self, zone, write, update):
        write("other", type="object")
        update()

        def meddle(database, documents):
            zone.couchdb.before_save.clear()
            zone.couchdb.put("system_schemas", {**stored(zone, "other"), "type": "array", "pvt_theirs": 1})

        zone.couchdb.before_save.append(meddle)
        write("other", type="string")
        assert update() == {"edited": 1}
        assert (stored(zone, "other")["type"], stored(zone, "other")["pvt_theirs"]) == ("string", 1)

    def test_a_field_called_id_is_not_stored(self, zone, write, update):
        write("other", id="other", type="object")
        update()
        assert "id" not in stored(zone, "other")
        assert update() == {"unchanged": 1}


class TestReading:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("", "expecting value"),
            ("{", "expecting property name"),
            ('{"_id": "bad" 1}', "expecting"),
            ("null", "it is not a JSON object"),
            ('{"_id": "bad", "a": {"b": 1, "b": 2}}', "the key 'b' occurs twice"),
            ('{"_id": "bad", "_rev": "1-x"}', "_rev is private to the stored document"),
            ('{"_id": "bad", "required": []}', "required must contain at least 1 items"),
            ('{"_id": "bad", "type": ["string", "string"]}', "type "),
            ('{"_id": "bad", "properties": {"a": {"pattern": 1}}}', r"properties\.a\.pattern must be string"),
            ('{"_id": "bad", "items": {"minimum": "1"}}', "items cannot be validated"),
        ],
    )
    def test_a_bad_file_is_named_with_what_is_wrong(self, folder, write, content, reason):
        write("good", type="object")
        (folder / "bad.json").write_text(content)
        with pytest.raises(BadSchema, match=reason) as refused:
            schemas.read_all(folder)
        assert str(refused.value).startswith(f"{folder / 'bad.json'}: ")
        assert str(refused.value).endswith("; nothing was saved")

    def test_a_file_that_is_not_utf_8_is_bad_too(self, folder):
        (folder / "bad.json").write_bytes(b'{"_id": "b\xe9"}')
        with pytest.raises(BadSchema, match="not UTF-8"):
            schemas.read_all(folder)

    @pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
    def test_numbers_that_json_has_not_are_bad_too(self, folder, name):
        (folder / "bad.json").write_text(f'{{"_id": "bad", "properties": {{"a": {{"default": {name}}}}}}}')
        with pytest.raises(BadSchema):
            schemas.read_all(folder)

    def test_all_that_are_wrong_are_named_at_once(self, folder, write):
        write("good", type="object")
        (folder / "one.json").write_text('{"_id": "ones"}')
        (folder / "three.json").write_text("{")
        (folder / "two.json").write_text('{"_id": "two", "type": 1}')
        with pytest.raises(BadFiles) as refused:
            schemas.read_all(folder)
        said = str(refused.value)
        assert said.startswith("3 files are wrong and nothing was saved: ")
        assert all(f"{folder / name}.json: " in said for name in ("one", "two", "three"))
        assert "its _id is 'ones', not 'one'" in said

    def test_those_that_are_wrong_can_be_left_out(self, zone, folder, write):
        write("good", type="object")
        (folder / "bad.json").write_text("{")
        zone.settings = zone.settings._replace(schemas_dir=folder)
        with pytest.raises(PartlyDone, match="1 of 2 files failed"):
            crossbar_maintenance.update_schemas(zone, skip_bad=True)
        assert set(zone.couchdb.all("system_schemas")) == {"good"}
        assert any(each.startswith(f"{folder / 'bad.json'}: ") for each in zone.warnings)

    def test_an_empty_folder_is_told(self, folder):
        with pytest.raises(Declined, match="no schema files in"):
            schemas.read_all(folder)

    def test_files_that_are_no_schemas_are_left_out(self, folder, write):
        write("other")
        (folder / "README.md").write_text("x")
        (folder / "deeper").mkdir()
        assert list(schemas.read_all(folder)) == ["other"]

    def test_the_one_that_kazoo_misnames_is_passed_over_and_others_are_not(self, folder, write):
        write("limits")
        (folder / "system_config.limits.json").write_text('{"_id": "limits"}')
        assert list(schemas.read_all(folder)) == ["limits"]
        (folder / "system_config.limits.json").write_text('{"_id": "other"}')
        with pytest.raises(BadSchema, match="its _id is 'other'"):
            schemas.read_all(folder)

    def test_those_that_come_with_the_program_stand_in_and_never_take_the_place_of_others(self, zone):
        theirs = {"_id": "app", "type": "object", "properties": {}}
        zone.couchdb.put("system_schemas", theirs)
        folder = schemas.any_directory(zone)
        assert any("no schema files" in each and "kazoo-sup itself" in each for each in zone.warnings)
        changes.apply(zone, schemas.updates(zone, schemas.read_all(folder)))
        assert stored(zone, "app") == theirs
        assert stored(zone, "users")["provider"] == "kazoo-sup"
        assert schemas.get(zone, "system_config.crossbar")["provider"] == "kazoo-sup"

    def test_kazoo_s_take_the_place_of_those(self, zone, write, update):
        changes.apply(zone, schemas.updates(zone, schemas.read_all(schemas.bundled())))
        write("users", type="object")
        assert update() == {"edited": 1}
        assert "provider" not in stored(zone, "users")

    def test_those_that_come_with_the_program_are_good(self):
        found = schemas.read_all(config_directory() / "schemas")
        assert found["find_numbers"]["properties"]["prefix"]["minLength"]


class TestDirectory:
    def test_it_is_the_one_of_the_settings(self, zone, folder):
        zone.settings = type(zone.settings)(schemas_dir=folder)
        assert schemas.directory(zone) == folder

    def test_one_that_is_missing_is_told(self, zone, folder):
        zone.settings = type(zone.settings)(schemas_dir=folder / "nosuch")
        with pytest.raises(Declined, match="there is no directory .*nosuch of schemas"):
            schemas.directory(zone)

    def test_else_it_is_the_newest_installed_crossbar_s(self, zone, tmp_path, monkeypatch):
        monkeypatch.setattr(schemas, "INSTALLED", str(tmp_path))
        with pytest.raises(Declined, match="set SUP_SCHEMAS_DIR"):
            schemas.directory(zone)
        for version in ("4.3.1", "4.3.20"):
            (tmp_path / f"crossbar-{version}" / "priv/couchdb/schemas").mkdir(parents=True)
        assert schemas.directory(zone) == Path(tmp_path, "crossbar-4.3.20/priv/couchdb/schemas")


class TestLoading:
    @pytest.fixture
    def load(self, zone, folder):
        zone.settings = type(zone.settings)(schemas_dir=folder)

        def load(name):
            return changes.apply(zone, schemas.load(zone, name)).counts["created"]

        return load

    def test_one_that_is_stored_is_left_alone(self, zone, load):
        zone.couchdb.put("system_schemas", {"_id": "a", "properties": {}})
        assert load("a") == 0
        assert zone.couchdb.written == []

    def test_one_from_a_file_is_saved_with_all_that_it_refers_to_once(self, zone, load, write):
        write("a", properties={"x": {"$ref": "b"}, "y": {"properties": {"z": {"$ref": "./c"}}}})
        write("b", properties={"x": {"$ref": "a"}, "y": {"$ref": "c"}})
        write("c")
        assert load("a") == 3
        assert set(zone.couchdb.all("system_schemas")) == {"a", "b", "c"}

    def test_one_that_is_nowhere_is_named(self, zone, load, write):
        write("a", properties={"x": {"$ref": "missing"}})
        with pytest.raises(UnknownSchema, match="there is no schema missing"):
            load("a")

    @pytest.mark.parametrize("reference", ["", 1, None, []])
    def test_what_is_no_reference_is_passed_over(self, reference):
        assert list(schemas.references({"properties": {"a": {"$ref": reference}}})) == []

    @pytest.mark.parametrize("properties", [{"x": True}, {}, None])
    def test_a_schema_without_objects_refers_to_nothing(self, properties):
        assert list(schemas.references({"properties": properties})) == []
