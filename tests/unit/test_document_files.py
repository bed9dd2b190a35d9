"""Documents from files, and what nodes are made to forget (Kazoo kazoo_data_maintenance)."""

from __future__ import annotations

import json

import pytest

from kazoo_sup.commands import kazoo_data_maintenance
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.documents import document_files
from kazoo_sup.messages.names import account_database, plain
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
    answer, saved = kazoo_data_maintenance.load_doc_from_file(zone, "accounts", file(wanted)).term
    assert answer == "ok"
    assert zone.couchdb.all("accounts")["x"] == {
        "_id": "x",
        "kept": 1,
        "deep": {"a": 1, "b": 3, "c": {}},
        "list": [3],
    }
    assert saved["_rev"].startswith("2-")


def test_a_new_document_is_stored_as_it_stands(zone, file):
    document_files.load(zone, "accounts", document_files.read(file({"_id": "x", "n": 1, "_rev": "1-x"})))
    assert zone.couchdb.all("accounts") == {"x": {"_id": "x", "n": 1}}


@pytest.mark.parametrize("named", [{}, {"_id": ""}, {"_id": " "}, {"_id": None}])
def test_a_document_without_a_name_is_answered_as_kazoo_does(zone, file, named):
    load = kazoo_data_maintenance.load_doc_from_file
    if named.get("_id", "") is None:
        with pytest.raises(BadArgument, match="not text"):
            load(zone, "accounts", file(named))
    else:
        assert load(zone, "accounts", file({"n": 1, **named})).term == (Atom("error"), Atom("empty_doc_id"))
    assert zone.couchdb.all("accounts") == {}
    assert zone.waiting == []


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
    assert load(zone, "accounts", tmp_path / "none").term == (Atom("error"), Atom("enoent"))
    assert load(zone, "nowhere", file({"_id": "x"})).term == (Atom("error"), Atom("not_found"))


def test_documents_are_shown_and_missing_ones_told(zone):
    zone.couchdb.put("accounts", {"_id": "x", "n": 1})
    (line,) = kazoo_data_maintenance.open_document(zone, "accounts", "x").lines
    assert json.loads(line)["n"] == 1
    (pretty,) = kazoo_data_maintenance.open_document_cached(zone, "accounts", "x", "true").lines
    assert json.loads(pretty) == json.loads(line)
    assert "\n" in pretty
    assert list(kazoo_data_maintenance.open_document(zone, "accounts", "y").lines) == ["ERROR: not_found"]


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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"_id":"a"}'.encode("utf-16"), "UTF-16"),
        ('{"_id":"a",\n"name":"Caf\u00e9"}'.encode("cp1252"), "line 2 is not UTF-8"),
    ],
)
def test_what_is_not_utf_8_is_said_to_be_what_it_is(tmp_path, content, why):
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(BadArgument, match=why):
        document_files.read(file)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(b'\xef\xbb\xbf{"_id":"a"}')
    assert document_files.read(file) == {"_id": "a"}
