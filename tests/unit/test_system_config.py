"""system_config as a node sees it and as it is written (Kazoo kapps_config)."""

from __future__ import annotations

import pytest

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes, command, terms
from kazoo_sup.cli import catalogue
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.config.system_config import DEFAULT, MISSING

NODE = "kazoo_apps@apps1.example.com"
OTHER = "ecallmgr@apps1.example.com"


def config(**sections):
    """Return a document; `node` and `local` stand for the sections of this node and of its zone."""
    named = {"node": NODE, "other": OTHER}
    return {"_id": "c", **{named.get(key, key): value for key, value in sections.items()}, "pvt_type": "config"}


@pytest.fixture
def put(zone):
    def put(**sections):
        zone.couchdb.put("system_config", config(**sections))

    return put


def stored(zone):
    """Return the sections as they are stored: the public part."""
    document = zone.couchdb.all("system_config").get("c", {})
    return {key: value for key, value in document.items() if not key.startswith(("_", "pvt_"))}


def set_(zone, key, value, section=NODE, **more):
    return system_config.set_value(zone, "c", key, value, section=section, **more)


class TestReading:
    @pytest.mark.parametrize(
        ("sections", "found"),
        [
            ({"default": {"k": "d"}, "local": {"k": "z"}, "node": {"k": "n"}}, "n"),
            ({"default": {"k": "d"}, "local": {"k": "z"}, "node": {}}, "z"),
            ({"default": {"k": "d"}, "local": {"other": 1}}, "d"),
            ({"default": {"k": "d"}, "other": {"k": "o"}, "east": {"k": "e"}}, "d"),
            ({"local": {"k": "z"}}, "z"),
            ({"node": {"k": "n"}}, "n"),
            ({"default": {}}, MISSING),
            ({}, MISSING),
        ],
    )
    def test_the_node_comes_before_the_zone_and_the_zone_before_default(self, zone, put, sections, found):
        put(**sections)
        assert system_config.get(zone, "c", "k") == found

    @pytest.mark.parametrize("value", [False, 0, "", [], {}, None])
    def test_a_value_that_is_empty_is_a_value(self, zone, put, value):
        put(default={"k": "d"}, node={"k": value})
        assert system_config.get(zone, "c", "k", "fallback") == value

    def test_the_node_default_goes_straight_to_default(self, zone, put):
        put(default={"k": "d"}, local={"k": "z"}, node={"k": "n"})
        assert system_config.get(zone, "c", "k", node=DEFAULT) == "d"

    def test_another_node_has_its_own_section_and_the_same_zone(self, zone, put):
        put(default={"k": "d"}, local={"k": "z"}, node={"k": "n"}, other={"only": "o"})
        assert system_config.get(zone, "c", "only", node=OTHER) == "o"
        assert system_config.get(zone, "c", "k", node=OTHER) == "z"

    def test_dots_lead_into_objects_section_by_section(self, zone, put):
        put(default={"a": {"b": {"c": 1, "d": 2}}}, node={"a": {"b": {"c": 3}}})
        assert system_config.get(zone, "c", "a.b.c") == 3
        assert system_config.get(zone, "c", "a.b.d") == 2
        assert system_config.get(zone, "c", "a.b") == {"c": 3}
        assert system_config.get(zone, "c", "a.x.c", "fallback") == "fallback"

    def test_what_is_missing_is_the_default_and_nothing_is_written(self, zone):
        assert system_config.get(zone, "nosuch", "k", "fallback") == "fallback"
        assert system_config.get(zone, "nosuch", "k") is MISSING
        assert zone.couchdb.written == []
        assert zone.waiting == zone.broker.messages == []

    def test_a_section_is_read_for_itself(self):
        document = config(default={"k": "d"}, node={"a": {"b": 1}})
        assert system_config.in_section(document, NODE, "a.b") == 1
        assert system_config.in_section(document, NODE, "k") is MISSING


class TestWriting:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"default": {"k": 1}}, {"default": {"k": 2}}),
            ({"default": {}}, {"default": {"k": 2}}),
            ({"default": {"k": 1}, "node": {"k": 1}}, {"default": {"k": 1}, NODE: {"k": 2}}),
            ({"default": {"k": 1}, "node": {"other": 1}}, {"default": {"k": 2}, NODE: {"other": 1}}),
            ({"default": {"k": 1}, "local": {"k": 1}}, {"default": {"k": 2}, "local": {"k": 1}}),
            ({"node": {"x": 1}}, {NODE: {"x": 1}, "default": {"k": 2}}),
        ],
    )
    def test_set_writes_into_the_node_s_section_only_where_the_key_stands_there(self, zone, put, before, after):
        put(**before)
        set_(zone, "k", 2)
        assert stored(zone) == after

    def test_where_a_nested_key_stands_is_judged_by_its_whole_path(self, zone, put):
        put(default={}, node={"a": {"b": 1}})
        set_(zone, "a.c", 2)
        assert stored(zone) == {"default": {"a": {"c": 2}}, NODE: {"a": {"b": 1}}}
        zone.rerun()
        set_(zone, "a.b", 3)
        assert stored(zone)[NODE] == {"a": {"b": 3}}

    def test_set_default_leaves_the_sections_of_nodes_alone(self, zone, put):
        put(default={"k": 1}, node={"k": 1})
        set_(zone, "k", 2, section=DEFAULT)
        assert stored(zone) == {"default": {"k": 2}, NODE: {"k": 1}}

    def test_set_node_always_writes_into_the_section_of_that_node(self, zone, put):
        put(default={"k": 1})
        set_(zone, "k", 2, section=OTHER, always=True)
        assert stored(zone) == {"default": {"k": 1}, OTHER: {"k": 2}}

    def test_everything_else_in_the_document_stays(self, zone, put):
        put(default={"k": 1, "x": {"y": [1, {"z": None}]}}, local={"l": True})
        set_(zone, "x.new", "v")
        assert stored(zone) == {"default": {"k": 1, "x": {"y": [1, {"z": None}], "new": "v"}}, "local": {"l": True}}

    def test_none_removes_the_key(self, zone, put):
        put(default={"k": 1, "a": {"b": 1, "c": 2}})
        set_(zone, "a.b", None)
        zone.rerun()
        set_(zone, "k", None)
        assert stored(zone) == {"default": {"a": {"c": 2}}}

    def test_removing_what_is_not_there_writes_nothing(self, zone, put):
        put(default={"k": 1})
        set_(zone, "x.y", None)
        assert system_config.set_value(zone, "nosuch", "k", None, section=NODE) == {}
        assert zone.couchdb.written == []
        assert [report.action for report in zone.reports] == ["unchanged"]

    def test_what_is_set_already_writes_nothing_and_is_handed_back(self, zone, put):
        put(default={"k": [1, {"a": "b"}]})
        document = set_(zone, "k", [1, {"a": "b"}])
        assert document["default"] == {"k": [1, {"a": "b"}]}
        assert zone.couchdb.written == []
        assert [report.action for report in zone.reports] == ["unchanged"]
        assert zone.broker.messages == []

    @pytest.mark.parametrize(("before", "after"), [(1, True), (True, 1), (0, False), ([1], [True])])
    def test_a_number_is_not_taken_for_a_truth_value(self, zone, put, before, after):
        put(default={"k": before})
        set_(zone, "k", after)
        assert repr(stored(zone)["default"]["k"]) == repr(after)

    def test_a_new_category_is_made_with_kazoo_s_private_fields_in_their_order(self, zone):
        document = set_(zone, "k", "v")
        assert list(document) == [
            "default",
            "pvt_account_id",
            "pvt_account_db",
            "pvt_created",
            "pvt_modified",
            "pvt_type",
            "pvt_node",
            "_id",
            "pvt_document_hash",
            "_rev",
        ]
        kept = {key: document[key] for key in ("pvt_account_id", "pvt_account_db", "pvt_type", "pvt_node")}
        assert kept == {
            "pvt_account_id": "system_config",
            "pvt_account_db": "system_config",
            "pvt_type": "config",
            "pvt_node": NODE,
        }
        assert zone.broker.keys == ["doc_created.system_config.config.c"]

    def test_an_edited_one_keeps_when_it_was_made_and_says_who_edited(self, zone):
        zone.couchdb.put("system_config", {**config(default={}), "pvt_created": 1, "pvt_modified": 1, "pvt_node": "x"})
        document = set_(zone, "k", "v")
        assert document["pvt_created"] == 1
        assert document["pvt_modified"] > 63_000_000_000
        assert document["pvt_node"] == NODE
        assert zone.broker.keys == ["doc_edited.system_config.config.c"]

    def test_the_database_is_made_when_it_is_missing(self, tmp_path):
        zone = MemoryZone(tmp_path, couchdb=MemoryCouchDB())
        set_(zone, "k", "v")
        assert stored(zone) == {"default": {"k": "v"}}
        assert zone.broker.keys == ["db_created.system_config.database.system_config", *zone.broker.keys[1:]]

    def test_a_locked_configuration_is_neither_read_nor_written(self, tmp_path):
        zone = MemoryZone(tmp_path, locked=True)
        with pytest.raises(Declined, match="lock_system_config"):
            set_(zone, "k", "v")
        assert zone.couchdb.stored == {}

    def test_another_writer_s_key_is_kept_when_both_write_at_once(self, zone, put):
        put(default={"k": 1}, node={})

        def meddle(database, documents):
            zone.couchdb.before_save.clear()
            put(default={"k": 1, "theirs": 1}, node={"k": 5})

        zone.couchdb.before_save.append(meddle)
        set_(zone, "k", 2)
        assert stored(zone) == {"default": {"k": 1, "theirs": 1}, NODE: {"k": 2}}


class TestSeveralWritesOfOneRun:
    def test_a_key_that_returns_to_its_first_value_is_stored(self, zone, put):
        put(default={"k": 0})
        assert system_config.get(zone, "c", "k") == 0
        for value in (1, 0):
            set_(zone, "k", value)
            assert stored(zone)["default"]["k"] == value
            assert system_config.get(zone, "c", "k") == value

    def test_what_somebody_else_saved_in_between_is_what_is_changed(self, zone, put):
        put(default={"k": 0})
        assert system_config.get(zone, "c", "k") == 0
        put(default={"k": 1, "theirs": True})
        set_(zone, "k", 0)
        assert stored(zone)["default"] == {"k": 0, "theirs": True}

    def test_a_database_that_was_deleted_holds_nothing_any_more(self, zone, put):
        put(default={"k": 0})
        assert system_config.get(zone, "c", "k") == 0
        changes.delete_database(zone, "system_config")
        assert system_config.get(zone, "c", "k") is MISSING


@pytest.mark.parametrize(
    ("words", "exit_code", "printed"),
    [
        (("kapps_config", "set", "", "k", "v"), 0, "{error,empty_doc_id}"),
        (("kapps_config", "set", " ", "k", "v"), 0, "{error,empty_doc_id}"),
        (("kapps_config", "set", "c", " ", "v"), 1, None),
        (("kapps_config", "set_default", "undefined", "k", "v"), 0, "{error,empty_doc_id}"),
        (("kapps_config", "get_category", ""), 0, "{error,empty_doc_id}"),
        (("kapps_config", "get", "", "k", "fallback"), 0, '<<"fallback">>'),
        (("kapps_config", "set", "c", "", "v"), 1, None),
        (("kapps_config", "set", "c", "a..b", "v"), 1, None),
        (("kapps_config", "set_node", "c", "k", "v", ""), 1, None),
    ],
)
def test_what_has_no_name_is_refused_before_anything_is_sent(zone, words, exit_code, printed):
    module, function, *arguments = words
    try:
        outcome = command.bind(catalogue.function(module, function), arguments, {}, {"Zone": lambda: zone})
        found = 0, terms.dumps(outcome.term)
    except SupError as error:
        found = int(error.exit_code), None
    assert found == (exit_code, printed)
    assert zone.couchdb.written == []
    assert zone.waiting == []
    assert zone.broker.messages == []
