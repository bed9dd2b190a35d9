"""system_config documents against their schemas (kazoo.system_config_check)."""

from __future__ import annotations

import pytest

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.config.schemas import UnusableSchema
from kazoo_sup.kazoo.migrations import system_config_check as check
from kazoo_sup.texts.system_config import checked, fault_lines

DOCUMENTS = {
    "_id": "system_configs",
    "type": "object",
    "required": ["default"],
    "properties": {"default": {"type": "object"}},
    "patternProperties": {"(?!default\\b)^.+@.+$": {"type": "object"}},
}
MEDIA = {
    "_id": "system_config.media",
    "type": "object",
    "properties": {
        "port": {"type": "integer"},
        "names": {"type": "array", "items": {"type": "string"}},
        "deep": {"type": "object", "properties": {"a.b": {"type": "integer"}, "c": {"type": "string"}}},
    },
}


@pytest.fixture
def zone(zone):
    zone.couchdb.put("system_schemas", DOCUMENTS, MEDIA)
    return zone


def put(zone, **sections):
    zone.couchdb.put("system_config", {"_id": "media", "pvt_type": "config", **sections})
    zone.rerun()


def paths(errors):
    return [path for error in errors for path in error]


def test_what_fits_has_no_errors(zone):
    put(zone, default={"port": 1, "names": ["a"], "unknown": True})
    assert check.validated(zone, "media") == []
    assert list(checked(check.Check(zone).invalid())) == [
        "starting system schemas validation",
        "finished system schemas validation",
    ]


def test_errors_name_the_section_and_the_key(zone):
    put(zone, default={"port": "x"}, **{"kazoo_apps@a.b": {"port": "y"}})
    errors = check.validated(zone, "media")
    assert sorted(paths(errors)) == ["default.port", "kazoo_apps@a%2Eb.port"]
    assert errors[0]["default.port"]["type"]["value"] == "x"


def test_a_category_without_a_schema_needs_only_sections(zone):
    zone.couchdb.put("system_config", {"_id": "own", "default": {"anything": 1}})
    assert check.validated(zone, "own") == []
    assert paths(check.validated(zone, "nosuch")) == ["default"]


@pytest.mark.parametrize("document", [None, {"kazoo_apps@a.b": {"port": 1}}])
def test_a_section_that_is_not_stored_is_what_the_schema_of_documents_gives_it(zone, document):
    zone.couchdb.put("system_schemas", {**DOCUMENTS, "properties": {"default": {"type": "object", "default": {}}}})
    if document:
        put(zone, **document)
    assert check.validated(zone, "media") == []
    assert check.validated(zone, "nosuch") == []


def test_lines_show_keys_without_escapes(zone):
    put(zone, default={"deep": {"a.b": "x"}})
    lines = list(fault_lines("media", check.validated(zone, "media")))
    assert lines[0] == "System config media validation errors"
    assert lines[1].startswith('>>>>> [<<"default">>,<<"deep">>,<<"a.b">>] => \'<<"x">>\' : ')


def test_what_does_not_fit_is_taken_out_wherever_it_stands(zone):
    put(zone, default={"port": 1, "deep": {"a.b": "x", "c": "kept"}}, **{"kazoo_apps@a.b": {"port": "y"}})
    document = check.cleaned(zone, "media")
    assert document["default"] == {"port": 1, "deep": {"c": "kept"}}
    assert document["kazoo_apps@a.b"] == {}
    assert zone.couchdb.all("system_config")["media"]["default"] == {"port": 1, "deep": {"c": "kept"}}


def test_a_list_with_a_wrong_element_goes_as_a_whole(zone):
    put(zone, default={"names": ["a", 1], "port": 1})
    assert check.cleaned(zone, "media")["default"] == {"port": 1}


def test_cleaning_what_fits_saves_nothing_but_has_nodes_forget_it(zone):
    put(zone, default={"port": 1})
    zone.couchdb.written.clear()
    check.cleaned(zone, "media")
    assert zone.couchdb.written == []
    assert zone.broker.keys == ["doc_edited.system_config.config.media"]


def test_all_that_do_not_fit_are_cleaned(zone):
    put(zone, default={"port": "x"})
    zone.couchdb.put("system_config", {"_id": "fits", "pvt_type": "config", "default": {}})
    assert [document["_id"] for document in check.cleaned_all(zone)] == ["media"]
    assert list(check.Check(zone).invalid()) == []


def test_a_category_that_is_not_stored_is_refused(zone):
    with pytest.raises(NotFound):
        check.cleaned(zone, "nosuch")
    assert zone.couchdb.written == []


def test_a_schema_of_the_program_s_own_checks_and_takes_nothing_out(zone):
    zone.couchdb.put("system_config", {"_id": "crossbar", "pvt_type": "config", "default": {"port": "eight"}})
    assert paths(check.validated(zone, "crossbar")) == ["default.port"]
    assert check.cleaned(zone, "crossbar")["default"] == {"port": "eight"}
    assert check.cleaned_all(zone) == []


@pytest.mark.parametrize("keyword", [{"properties": 1.5}, {"type": "nonsense"}, {"items": -1}])
def test_a_stored_schema_that_is_none_is_named_and_the_other_categories_are_checked(zone, keyword):
    put(zone, default={"port": "x"})
    zone.couchdb.put("system_schemas", {"_id": "system_config.odd", "type": "object", **keyword})
    zone.couchdb.put("system_config", {"_id": "odd", "pvt_type": "config", "default": {"a": 1}})
    assert [category for category, *_ in check.Check(zone).invalid()] == ["media"]
    (report,) = zone.reports
    assert report.id == "odd"
    assert str(report.error).startswith("what the schema system_config.odd asks for cannot be read: ")
    with pytest.raises(UnusableSchema):
        check.validated(zone, "odd")
