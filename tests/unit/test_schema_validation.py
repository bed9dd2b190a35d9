"""What is wrong with a document, where, and what its schema fills in."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.config.schema_validation import Fault, InvalidDocument, as_json, faults, reject, with_defaults
from kazoo_sup.kazoo.config.schemas import UnknownSchema

PERSON = {
    "type": "object",
    "required": ["name"],
    "support_level": "supported",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": r"^[\w.]+$"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "mail": {"type": "string", "format": "email"},
        "page": {"type": "string", "format": "uri"},
        "rank": {"enum": ["low", "high"]},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True, "items": {"type": "string"}},
        "home": {"$ref": "./address"},
        "open": {"type": "object", "default": {}, "properties": {"day": {"type": "boolean", "default": True}}},
        "shut": {"type": "object", "properties": {"day": {"type": "boolean", "default": True}}},
        "exact": {"type": "object", "additionalProperties": False, "properties": {"a": {}}},
    },
}
ADDRESS = {
    "_id": "address",
    "properties": {
        "street": {"type": "string"},
        "city": {"type": "string", "default": "Berlin"},
        "required": {"type": "boolean"},
        "before": {"$ref": "address"},
    },
    "required": ["street"],
}
SCHEMAS = {"person": PERSON, "address": ADDRESS}


def load(name):
    if name not in SCHEMAS:
        raise UnknownSchema(schema=name)
    return SCHEMAS[name]


def wrong(document):
    return {path: sorted(codes) for path, codes in as_json(faults(PERSON, document, load)).items()}


def test_errors_stand_as_merging_leaves_them_the_last_key_first_at_every_depth():
    told = as_json(faults(PERSON, {"name": "Roberto", "age": 200, "shut": {"day": 1}}, load))
    assert list(told) == ["shut.day", "name", "age"]
    assert list(told["name"]["maxLength"]) == ["value", "target", "message", "cause"]
    told = as_json([Fault(("a",), "enum", ["y", "x"], {"k": {"a": 1, "b": None}, "l": [{"c": 1, "d": 2}]})])
    assert list(told["a"]["enum"]) == ["value", "target", "message"]
    assert told["a"]["enum"]["value"] == {"l": [{"c": 1, "d": 2}], "k": {"a": 1}}


def test_what_fits_has_no_faults():
    home = {"street": "x", "before": {"street": "y"}}
    assert faults(PERSON, {"name": "Bob", "age": 3, "mail": "a@b", "rank": "low", "home": home}, load) == []


@pytest.mark.parametrize(
    ("given", "path", "codes"),
    [
        ({"name": "B"}, "name", ["minLength"]),
        ({"name": "Robert"}, "name", ["maxLength"]),
        ({"name": "é"}, "name", ["minLength", "pattern"]),
        ({"name": 7}, "name", ["type"]),
        ({"age": -1}, "age", ["minimum"]),
        ({"age": 151}, "age", ["maximum"]),
        ({"age": "7"}, "age", ["type"]),
        ({"mail": "nobody"}, "mail", ["wrong_format"]),
        ({"rank": "middle"}, "rank", ["enum"]),
        ({"tags": []}, "tags", ["minItems"]),
        ({"tags": ["a", "b", "c"]}, "tags", ["maxItems"]),
        ({"tags": ["a", "a"]}, "tags", ["uniqueItems"]),
        ({"tags": ["a", 1]}, "tags.1", ["type"]),
        ({"home": {}}, "home.street", ["required"]),
        ({"home": {"street": "x", "before": {"street": 1}}}, "home.before.street", ["type"]),
        ({"home": {"street": "x", "required": "yes"}}, "home.required", ["type"]),
        ({"exact": {"b": 1}}, "exact", ["additionalProperties"]),
    ],
)
def test_each_fault_has_its_path_and_code(given, path, codes):
    assert wrong({"name": "Bob", **given}) == {path: codes}


def test_all_faults_are_found_at_once_the_last_path_first():
    found = wrong({"age": "x", "rank": "middle", "home": {"street": 1}})
    assert found == {"rank": ["enum"], "name": ["required"], "home.street": ["type"], "age": ["type"]}
    assert list(found) == sorted(found, reverse=True)


def test_a_dot_in_a_key_is_no_step_of_the_path():
    schema = {"properties": {"a.b": {"type": "string"}}}
    assert list(as_json(faults(schema, {"a.b": 1}, load))) == ["a%2Eb"]


def test_formats_that_kazoo_does_not_look_at_are_not_looked_at():
    assert wrong({"name": "Bob", "page": "no page"}) == {}


def test_the_document_is_left_as_it_is():
    document = {"name": 1, "tags": ["a", 1]}
    faults(PERSON, document, load)
    assert document == {"name": 1, "tags": ["a", 1]}


def test_a_schema_that_is_not_there_is_named():
    with pytest.raises(UnknownSchema, match="nosuch"):
        faults({"properties": {"x": {"$ref": "nosuch"}}}, {}, load)


def test_a_sentence_names_every_fault():
    with pytest.raises(InvalidDocument, match=r"^Bob does not fit its schema: age: Value .*; name: Field is required"):
        reject("Bob", faults(PERSON, {"age": -1}, load))
    reject("Bob", [])


class TestDefaults:
    def test_objects_that_are_a_default_are_filled_in_and_missing_ones_are_not(self):
        assert with_defaults(PERSON, {}, load) == {"open": {"day": True}}

    def test_what_is_there_stays(self):
        filled = with_defaults(PERSON, {"open": {"day": False}, "shut": {}}, load)
        assert filled == {"open": {"day": False}, "shut": {"day": True}}

    def test_schemas_that_are_referred_to_fill_in_as_well(self):
        assert with_defaults(PERSON, {"home": {}}, load)["home"] == {"city": "Berlin"}

    def test_one_document_does_not_share_its_defaults_with_another(self):
        with_defaults(PERSON, {}, load)["open"]["day"] = "changed"
        assert with_defaults(PERSON, {}, load) == {"open": {"day": True}}
        assert PERSON["properties"]["open"]["default"] == {}
