"""Documents from files, and what nodes are made to forget (Kazoo kazoo_data_maintenance)."""

from __future__ import annotations

import json

import pytest

from kazoo_sup.commands import kazoo_data_maintenance
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo import document_files
from kazoo_sup.names import account_database, plain
from kazoo_sup.terms import Atom

ACCOUNT = "1" * 32


@pytest.fixture
def file(tmp_path):
    def write(document):
        path = tmp_path / "document.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return write


def test_what_a_file_says_is_laid_over_what_is_stored(zone, file):
    zone.couchdb.put("accounts", {"_id": "x", "kept": 1, "deep": {"a": 1, "b": 2}, "list": [1, 2], "gone": 1})
    wanted = {"_id": "x", "_rev": "9-x", "deep": {"b": 3, "c": {}}, "list": [3], "gone": None}
    answer, saved = kazoo_data_maintenance.load_doc_from_file(zone, "accounts", file(wanted)).result
    assert answer == "ok"
    assert zone.couchdb.all("accounts")["x"] == {
        "_id": "x",
        "kept": 1,
        "deep": {"a": 1, "b": 3, "c": {}},
        "list": [3],
    }
    assert saved["_rev"].startswith("2-")


def test_a_new_document_is_stored_as_it_stands_and_gets_an_id(zone, file):
    document_files.load(zone, "accounts", document_files.read(file({"n": 1, "_rev": "1-x"})))
    ((identifier, stored),) = zone.couchdb.all("accounts").items()
    assert stored == {"_id": identifier, "n": 1}
    assert len(identifier) == 32


def test_a_document_that_hashes_the_same_is_left_alone(zone):
    wanted = {"_id": "x", "n": 1}
    document_files.load(zone, "accounts", wanted)
    zone.couchdb.written.clear()
    document_files.load(zone, "accounts", wanted)
    assert zone.couchdb.written == []


def test_lines_of_a_views_code_are_joined(file):
    design = {
        "_id": "_design/x",
        "views": {"v": {"map": ["function(doc) {", "}"], "reduce": "_sum"}},
        "l": ["functionx"],
    }
    assert document_files.read(file(design))["views"] == {"v": {"map": "function(doc) {}", "reduce": "_sum"}}


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"a":1,}'])
def test_what_is_no_document_is_refused(zone, file, text):
    with pytest.raises(BadArgument):
        kazoo_data_maintenance.load_doc_from_file(zone, "accounts", file(text))


def test_a_missing_file_or_database_is_answered(zone, file, tmp_path):
    load = kazoo_data_maintenance.load_doc_from_file
    assert load(zone, "accounts", tmp_path / "none").result == (Atom("error"), Atom("enoent"))
    assert load(zone, "nowhere", file({})).result == (Atom("error"), Atom("not_found"))


def test_documents_are_shown_and_missing_ones_told(zone):
    zone.couchdb.put("accounts", {"_id": "x", "n": 1})
    (line,) = kazoo_data_maintenance.open_document(zone, "accounts", "x").text
    assert json.loads(line)["n"] == 1
    (pretty,) = kazoo_data_maintenance.open_document_cached(zone, "accounts", "x", "true").text
    assert json.loads(pretty) == json.loads(line)
    assert "\n" in pretty
    assert list(kazoo_data_maintenance.open_document(zone, "accounts", "y").text) == ["ERROR: not_found"]


def test_everything_or_one_database_is_forgotten_by_all_nodes(zone):
    zone.couchdb.put(plain(account_database(ACCOUNT)), {"_id": ACCOUNT, "pvt_type": "account"})
    zone.couchdb.create("_users")
    kazoo_data_maintenance.flush(zone)
    assert {key.split(".")[1] for key in zone.broker.keys} == {
        "accounts",
        "services",
        "system_config",
        "system_data",
        "system_schemas",
        account_database(ACCOUNT),
    }
    for words, database in (((ACCOUNT,), account_database(ACCOUNT)), (("services", "x"), "services")):
        zone.broker.messages.clear()
        kazoo_data_maintenance.flush_docs(zone, *words)
        assert [key.split(".")[:2] for key in zone.broker.keys] == [["db_edited", database]]
    with pytest.raises(BadArgument):
        kazoo_data_maintenance.flush_docs(zone, "nobody")


def test_what_is_in_a_nodes_memory_is_refused():
    for refused in (
        kazoo_data_maintenance.cache_strategy,
        lambda: kazoo_data_maintenance.set_cache_strategy("none"),
        lambda: kazoo_data_maintenance.trace_module("x"),
        lambda: kazoo_data_maintenance.trace_function("x"),
        lambda: kazoo_data_maintenance.trace_pid("x"),
        lambda: kazoo_data_maintenance.stop_trace("x"),
    ):
        with pytest.raises(Declined, match="node"):
            refused()
