"""Views that a database lacks: their rows worked out here, and who may put them there."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.commands import crossbar_maintenance, ecallmgr_maintenance
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import view_maps, views
from kazoo_sup.kazoo.databases.view_maps import CannotBeRead
from kazoo_sup.messages.names import account_database, plain

ACCOUNT = "a" * 32
DATABASE = plain(account_database(ACCOUNT))
DESIGN = {
    "_id": "_design/d",
    "views": {
        "by_n": {"map": "function(doc) { if (doc.n) emit(doc.n, null); }", "reduce": "_count"},
        "by_path": {"map": "function(doc) { emit([doc.kind, doc._id], doc.n); }", "reduce": "_sum"},
        "any": {"map": "function(doc) { emit(doc.kind) }", "reduce": "function(k, v) { return true; }"},
        "linked": {"map": "function(doc) { emit(doc._id, {_id: doc.other}); }"},
        "fails": {"map": "function(doc) { if (doc.n == 2) throw 'no'; emit(doc.n, doc.missing.deep) }"},
        "wrong": {"map": "function(doc) {"},
        "needs": {"map": "function(doc) { emit(require('views/lib/x').y(doc), null) }"},
        "escapes": {
            "map": "function(doc) {"
            'var found = call_python("dukpy.load_module", "os", "") || null;'
            "emit([typeof require, typeof process, found], null); }"
        },
    },
}
DOCUMENTS = [
    {"_id": "a", "n": 3, "kind": "x", "other": "b"},
    {"_id": "b", "n": 1, "kind": "y", "other": "nobody"},
    {"_id": "c", "n": 2, "kind": "x", "other": "a"},
    {"_id": "d", "n": 2, "kind": "Z", "other": "a"},
]


@pytest.fixture
def rows(zone):
    zone.couchdb.put("db", *DOCUMENTS, {"_id": "_design/own"})
    return lambda view, **query: list(view_maps.rows(zone, "db", DESIGN, view, **query))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "bcda"),
        ({"descending": True}, "adcb"),
        ({"start": 2}, "cda"),
        ({"end": 2}, "bcd"),
        ({"key": 2}, "cd"),
        ({"keys": [3, 9, 1]}, "ab"),
        ({"start": 3, "end": 2, "descending": True}, "adc"),
    ],
)
def test_rows_come_in_order_and_within_bounds(rows, query, ids):
    assert "".join(row["id"] for row in rows("by_n", **query)) == ids


def test_texts_are_ordered_without_regard_to_case_and_paths_by_their_parts(rows):
    assert [row["key"] for row in rows("by_path")] == [["x", "a"], ["x", "c"], ["y", "b"], ["Z", "d"]]
    assert [row["id"] for row in rows("by_path", start=["x"], end=["x", {}])] == ["a", "c"]


def test_texts_come_with_marks_first_and_accents_and_case_count_last():
    marks, digits = ["", " x", "_x", "-1", "+1415", "~", "$"], ["0", "10", "2"]
    letters = ["a.b", "ab", "aB", "Ab", "AB", "áb", "ac", "é1", "f"]
    assert sorted([*letters, *digits, *marks], key=view_maps.collated) == [*marks, *digits, *letters]


def test_rows_are_reduced_as_the_view_says(rows):
    assert rows("by_n", reduce=True) == [{"key": None, "value": 4}]
    assert rows("by_n", group=True)[1] == {"key": 2, "value": 2}
    assert rows("by_n", reduce=True, keys=[2]) == [{"key": 2, "value": 2}]
    assert rows("by_path", reduce=True, start=["x"], end=["x", {}]) == [{"key": None, "value": 5}]
    assert rows("any", group=True)[0] == {"key": "x", "value": True}
    assert rows("by_n", reduce=True, key=7) == []


def test_documents_come_with_rows_and_those_that_are_named_in_place_of_their_own(rows):
    assert [row["doc"]["_id"] for row in rows("by_n", include_docs=True)] == ["b", "c", "d", "a"]
    found = [row["doc"] and row["doc"]["_id"] for row in rows("linked", include_docs=True, page=2)]
    assert found == ["b", None, "a", "a"]


def test_a_document_on_which_the_code_fails_is_passed_over(rows):
    assert rows("fails") == []


@pytest.mark.parametrize("view", ["wrong"])
def test_code_that_cannot_be_run_is_named(rows, view):
    with pytest.raises(CannotBeRead, match=f"d/{view} of database db"):
        rows(view)


def test_code_reaches_nothing_outside(rows):
    assert rows("needs") == []
    assert [row["key"] for row in rows("escapes")] == [["undefined", "undefined", None]] * 4


class TestMissing:
    @pytest.fixture
    def account(self, zone):
        zone.couchdb.put(
            DATABASE, {"_id": "m", "pvt_type": "menu", "name": "M"}, {"_id": ACCOUNT, "pvt_type": "account"}
        )
        zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "realm": "a.example.com"})
        zone.couchdb.written.clear()
        return zone

    def test_reading_a_view_that_is_missing_saves_nothing_and_announces_nothing(self, account):
        found = list(views.rows(account, DATABASE, "menus", "crossbar_listing", include_docs=True))
        assert [row["doc"]["name"] for row in found] == ["M"]
        assert account.couchdb.written == []
        assert account.broker.messages == []

    def test_work_that_changes_puts_the_view_and_a_dry_run_shows_it_once_and_goes_on(self, account):
        account.rerun(dry_run=True)
        for _ in range(2):
            found = list(views.rows_for_change(account, DATABASE, "menus", "crossbar_listing"))
            assert [row["id"] for row in found] == ["m"]
        assert [(each.id, each.action, each.planned) for each in account.reports] == [
            ("_design/menus", "created", True)
        ]
        assert account.couchdb.written == []

    @pytest.mark.parametrize(
        ("database", "design", "view"),
        [("nowhere", "menus", "crossbar_listing"), (DATABASE, "menus", "no"), (DATABASE, "no", "no")],
    )
    def test_what_nobody_registered_stays_missing(self, account, database, design, view):
        for reading in (views.rows, views.rows_for_change):
            with pytest.raises(NotFound):
                list(reading(account, database, design, view))
        assert account.couchdb.written == []

    @pytest.mark.parametrize("module", ["sbc_acls", "carrier_acls", "acl_summary"])
    def test_access_lists_are_shown_without_a_view(self, account, module):
        for database in ("offnet", "sip_auth"):
            account.couchdb.create(database)
        server = {"server": "192.0.2.9", "enabled": True}
        account.couchdb.put("offnet", {"_id": "r", "pvt_type": "resource", "enabled": True, "gateways": [server]})
        account.couchdb.written.clear()
        lines = list(getattr(ecallmgr_maintenance, module)(account).lines)
        assert any("192.0.2.9" in line for line in lines) is (module != "sbc_acls")
        assert account.couchdb.written == []
        assert account.waiting == []

    def test_a_dry_run_of_a_migration_goes_on_where_views_are_missing(self, account):
        account.rerun(dry_run=True)
        outcome = crossbar_maintenance.migrate_accounts_data(account)
        shown.lines(outcome)
        assert outcome.report is None
        assert account.couchdb.written == []
        created = [each.id for each in account.reports if each.planned and each.action == "created"]
        assert "_design/click2call" in created
