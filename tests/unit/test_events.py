from __future__ import annotations

import json

import pytest

from kazoo_sup.changes import events

ACCOUNT = "0123456789abcdef0123456789abcdef"
DATABASE = "account%2F01%2F23%2F456789abcdef0123456789abcdef"


def event(action, database, document):
    key, body = events.document_event(action, database, document, "sup@vm")
    return key, json.loads(body)


def test_an_edited_number_says_all_that_kazoo_says():
    document = {
        "_id": "+14155550100",
        "_rev": "2-a",
        "pvt_type": "number",
        "pvt_created": 63_900_000_001,
        "pvt_modified": 63_900_000_002,
    }
    key, body = event("edited", "numbers%2F%2B1415", document)
    assert key == "doc_edited.numbers%2F%2B1415.number.%2B14155550100"
    assert len(body.pop("Msg-ID")) == 32
    assert body.pop("App-Version")
    assert body == {
        "ID": "+14155550100",
        "Origin-Cache": "kazoo_data_cache",
        "Database": "numbers%2F%2B1415",
        "Is-Soft-Deleted": False,
        "Type": "number",
        "Rev": "2-a",
        "Date-Created": 63_900_000_001,
        "Date-Modified": 63_900_000_002,
        "Event-Category": "configuration",
        "Event-Name": "doc_edited",
        "App-Name": "sup",
        "Node": "sup@vm",
    }


@pytest.mark.parametrize("mark", [{"pvt_deleted": True}, {"_deleted": True}])
def test_deletion_is_announced_however_it_is_marked(mark):
    key, body = event("edited", "accounts", {"_id": "a", "pvt_type": "account", **mark})
    assert key.startswith("doc_deleted.")
    assert body["Event-Name"] == "doc_deleted"
    assert body["Is-Soft-Deleted"] is mark.get("pvt_deleted", False)


@pytest.mark.parametrize(
    ("database", "document", "expected"),
    [
        (DATABASE, {"_id": "x"}, ACCOUNT),
        (f"{DATABASE}-202611", {"_id": "x"}, ACCOUNT),
        ("numbers%2Fmanaged", {"_id": "x", "pvt_account_id": ACCOUNT}, ACCOUNT),
        ("system_config", {"_id": "x", "pvt_account_id": "system_config"}, None),
    ],
)
def test_the_account_comes_from_the_document_or_else_from_the_database(database, document, expected):
    key, body = event("created", database, document)
    assert body.get("Account-ID") == expected
    assert ".undefined." in key


def test_a_database_s_event():
    key, body = events.database_event("edited", DATABASE, "sup@vm")
    assert key == f"db_edited.{DATABASE}.database.account%252F01%252F23%252F456789abcdef0123456789abcdef"
    assert json.loads(body)["Type"] == "database"
