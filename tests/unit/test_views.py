"""Design documents: registered ones go before our own, and a missing one is installed."""

from __future__ import annotations

import pytest

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.messages.names import INUM, MANAGED, account_database
from kazoo_sup.settings.resources import PACKAGE

ACCOUNT = account_database("1" * 32)


def register(zone, target, name, *maps):
    """Register a design document as an application does."""
    zone.couchdb.put_views("system_data", "views")
    definition = {"_id": f"_design/{name}", "views": {"listing": {"map": f"function({target})"}}}
    document = {"_id": f"{target}-kazoo_apps-{name}", "pvt_type": "view_definition", "view_definition": definition}
    zone.couchdb.put("system_data", {**document, "kazoo": {"view_map": list(maps)}})
    return definition


class TestRegistered:
    def test_those_of_the_database_and_of_its_class(self, zone):
        by_name = register(zone, "numbers/managed", "managed", {"database": "numbers/managed"})
        by_class = register(zone, "numbers", "numbers", {"classification": "numbers"})
        register(zone, "account", "account", {"classification": "account"})
        assert views.registered(zone, MANAGED) == views.registered(zone, "numbers/managed") == [by_name, by_class]
        assert views.registered(zone, INUM) == [by_class]

    def test_one_registered_for_several_places_comes_once(self, zone):
        both = [{"classification": "numbers"}, {"database": "numbers/managed"}]
        definition = register(zone, "multi_db", "shared", *both)
        assert views.registered(zone, MANAGED) == [definition]

    @pytest.mark.parametrize(
        "odd", [1, {}, {"_id": 5}, {"_id": "_design/x", "views": "y"}, {"_id": "_design/x", "views": {"z": 1}}]
    )
    def test_a_registration_that_holds_no_design_document_is_named_and_left_out(self, zone, odd):
        good = register(zone, "numbers", "numbers", {"classification": "numbers"})
        register(zone, "other", "other", {"classification": "numbers"})
        stored = zone.couchdb.get("system_data", "other-kazoo_apps-other")
        zone.couchdb.put("system_data", {**stored, "view_definition": odd})
        assert views.registered(zone, INUM) == [good]
        assert "document other-kazoo_apps-other: view_definition" in str(zone.reports[0].error)

    @pytest.mark.parametrize(
        ("database", "designs"),
        [
            (MANAGED, {"_design/numbers", "_design/numbers_managed"}),
            (INUM, {"_design/numbers", "_design/numbers_inum"}),
            ("numbers%2F%2B1415", {"_design/numbers"}),
            ("accounts", {"_design/accounts"}),
            ("services", {"_design/services"}),
            ("port_requests", {"_design/port_requests", "_design/port_services"}),
            ("faxes", {"_design/faxes"}),
            (
                ACCOUNT,
                {
                    f"_design/{path.stem.removeprefix('account_')}"
                    for path in (PACKAGE / "kazoo" / "databases" / "design").glob("account_*.json")
                },
            ),
        ],
    )
    @pytest.mark.parametrize("registrations", [True, False], ids=["empty", "missing"])
    def test_where_nobody_registered_any_there_are_our_own(self, zone, database, designs, registrations):
        if registrations:
            zone.couchdb.put_views("system_data", "views")
        found = views.registered(zone, database)
        assert {each["_id"] for each in found} == designs
        assert not any("kazoo" in each for each in found)

    def test_our_own_say_for_which_databases_they_are(self):
        for design in views.bundled():
            assert design["_id"].startswith("_design/")
            assert design["language"] == "javascript"
            assert design["kazoo"]["view_map"]
            assert all(view["map"].startswith("function") for view in design["views"].values())


class TestInstalling:
    def test_a_database_is_made_with_its_views_and_announced(self, zone):
        views.ensure_database(zone, MANAGED)
        assert set(zone.couchdb.all("numbers/managed")) == {"_design/numbers", "_design/numbers_managed"}
        assert zone.broker.keys == ["db_created.numbers%2Fmanaged.database.numbers%252Fmanaged"]
        assert [(report.database, report.id, report.action) for report in zone.reports] == [
            (MANAGED, "", "created"),
            *((MANAGED, identifier, "created") for identifier in zone.couchdb.all("numbers/managed")),
        ]

    def test_one_that_is_there_is_left_alone(self, zone):
        zone.couchdb.create("numbers/managed")
        views.ensure_database(zone, MANAGED)
        assert zone.couchdb.all("numbers/managed") == {}
        assert zone.reports == []

    def test_a_dry_run_only_tells(self, zone):
        zone.rerun(dry_run=True)
        views.ensure_database(zone, MANAGED)
        assert not zone.couchdb.exists("numbers/managed")
        assert [(report.action, report.planned) for report in zone.reports] == [("created", True)]

    def test_a_view_that_is_missing_is_installed_and_asked_again(self, zone):
        zone.couchdb.put("accounts", {"_id": "a", "pvt_type": "account", "realm": "a.example.com"})
        found = views.rows_for_change(zone, "accounts", "accounts", "listing_by_realm", key="a.example.com")
        assert [row["id"] for row in found] == ["a"]
        assert "_design/accounts" in zone.couchdb.all("accounts")
        assert zone.broker.messages == []

    def test_an_outdated_design_document_is_replaced(self, zone):
        zone.couchdb.put("accounts", {"_id": "_design/accounts", "views": {"old": {}}})
        zone.couchdb.put("accounts", {"_id": "a", "pvt_type": "account", "realm": "a.example.com"})
        found = views.rows_for_change(zone, "accounts", "accounts", "listing_by_realm")
        assert [row["id"] for row in found] == ["a"]
        assert "old" not in zone.couchdb.all("accounts")["_design/accounts"]["views"]

    @pytest.mark.parametrize(("database", "design"), [("accounts", "nosuch"), ("nosuch", "accounts")])
    def test_what_nobody_registered_or_has_is_not_installed(self, zone, database, design):
        with pytest.raises(NotFound):
            list(views.rows_for_change(zone, database, design, "listing"))
        assert not zone.couchdb.exists("nosuch")
