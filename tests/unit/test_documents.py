from __future__ import annotations

import hashlib

import pytest

from kazoo_sup.errors import BadValue
from kazoo_sup.kazoo import documents
from kazoo_sup.kazoo.documents import value_at, with_value

DOCUMENT = {"_id": "x", "default": {"a": {"b": 1}, "list": ["one", {"two": 2}]}, "pvt_type": "config"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["default", "a", "b"], 1),
        (["default", "list", "1"], "one"),
        (["default", "list", "2", "two"], 2),
        (["default", "list", "3"], "nothing"),
        (["default", "list", "0"], "nothing"),
        (["default", "a", "b", "c"], "nothing"),
        (["other"], "nothing"),
        ([], DOCUMENT),
    ],
)
def test_reading_a_path(path, found):
    assert value_at(DOCUMENT, path, "nothing") == found


def test_writing_a_path_makes_objects_replaces_values_and_leaves_the_original():
    changed = with_value(DOCUMENT, ["default", "a", "b", "c"], 3)
    assert changed["default"]["a"] == {"b": {"c": 3}}
    assert list(changed) == list(DOCUMENT)
    assert DOCUMENT["default"]["a"] == {"b": 1}
    assert with_value({}, ["new", "path"], "x") == {"new": {"path": "x"}}


def test_writing_into_a_list_counts_from_one_and_appends():
    assert with_value({"l": ["a", "b"]}, ["l", "2"], "c") == {"l": ["a", "c"]}
    assert with_value({"l": ["a"]}, ["l", "2"], "b") == {"l": ["a", "b"]}
    with pytest.raises(BadValue, match="has no element '4'"):
        with_value({"l": ["a"]}, ["l", "4"], "b")


def test_null_removes_and_makes_nothing():
    assert with_value({"a": {"b": 1, "c": 2}}, ["a", "b"], None) == {"a": {"c": 2}}
    assert with_value({"a": 1}, ["b", "c"], None) == {"a": 1}


def test_the_hash_is_of_the_public_fields_in_order_with_the_id():
    text = '{"public":{"name":"é","n":1.5,"id":"x"}}'
    document = {"_id": "x", "_rev": "1-a", "name": "é", "pvt_type": "t", "n": 1.5}
    assert documents.document_hash(document) == hashlib.md5(text.encode()).hexdigest()
    assert documents.document_hash({"n": 1.5, "name": "é", "_id": "x"}) != documents.document_hash(document)
    with_attachment = {**document, "_attachments": {"a.wav": {"stub": True}}}
    text = '{"public":{"name":"é","n":1.5,"id":"x"},"attachments":{"a.wav":{"stub":true}}}'
    assert documents.document_hash(with_attachment) == hashlib.md5(text.encode()).hexdigest()


def test_private_fields_are_set_in_kazoo_s_order_and_created_only_once():
    new = documents.stamped({"_id": "a", "k": 1}, "accounts", node="kazoo_apps@vm", document_type="t")
    assert list(new) == [
        "_id",
        "k",
        "pvt_account_id",
        "pvt_account_db",
        "pvt_created",
        "pvt_modified",
        "pvt_type",
        "pvt_node",
        "pvt_document_hash",
    ]
    assert (new["pvt_account_id"], new["pvt_account_db"]) == ("accounts", "accounts")
    assert 63_000_000_000 < new["pvt_created"] == new["pvt_modified"]
    old = documents.stamped({"_id": "a", "_rev": "1-x"}, "accounts", node="n")
    assert "pvt_created" not in old
    assert "pvt_type" not in old


def test_the_account_of_a_document_is_its_database_s():
    database = "account%2F01%2F23%2F456789abcdef0123456789abcdef"
    assert documents.stamped({}, database, node="n")["pvt_account_id"] == "0123456789abcdef0123456789abcdef"
