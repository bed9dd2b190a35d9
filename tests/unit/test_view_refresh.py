"""Views of many databases: order, definitions, what is written (kazoo.view_refresh, views)."""

from __future__ import annotations

import json

import pytest

from kazoo_sup.errors import TimedOut
from kazoo_sup.kazoo.databases import view_registrations, views
from kazoo_sup.kazoo.migrations import view_refresh
from kazoo_sup.kazoo.migrations.view_refresh import NoDatabase, Refresh
from kazoo_sup.messages.names import SYSTEM_DATABASES, account_database, plain

ACCOUNT = "1" * 32
DATABASE = plain(account_database(ACCOUNT))
USERS = {"_id": "_design/users", "views": {"listing": {"map": "function (doc) { emit(doc._id); }"}}, "language": "js"}
NUMBERS = {"_id": "_design/numbers", "views": {"list": {"map": "function (doc) { emit(doc._id); }"}}}
MADE = {"map": "function (doc) { emit(doc.pvt_module_name); }", "reduce": "_count"}


@pytest.fixture
def zone(zone):
    zone.couchdb.create(DATABASE)
    for design in (USERS, NUMBERS):
        zone.couchdb.put_registration("account", design)
    zone.couchdb.written.clear()
    return zone


def designs(zone):
    return {name: each for name, each in zone.couchdb.all(DATABASE).items() if name.startswith("_design/")}


class TestOrder:
    def test_databases_come_by_their_class_and_among_equals_the_last_name_first(self):
        names = {"account/b", "numbers/+1415", "numbers/+2223", "system_config", "accounts", "_users", "zzz"}
        first, second = (plain(account_database(letter * 32)) for letter in "ab")
        found = view_refresh.in_order({*names, first, second})
        assert found[:2] == ["system_config", "accounts"]
        assert found.index("numbers/+2223") < found.index("numbers/+1415") < found.index(second) < found.index(first)
        assert found[-1] == "_users"

    def test_months_come_after_accounts_the_newest_first(self):
        def rank(month):
            return view_refresh.priority(f"{DATABASE}-{month}", "202601")

        assert view_refresh.priority(DATABASE, "202601") < rank("202601") < rank("202512") < rank("202511")
        assert rank("202511") == rank("202701")

    def test_what_every_node_expects_is_there_even_when_it_is_missing(self, zone):
        names = list(view_refresh.every_database(zone).names())
        assert set(SYSTEM_DATABASES) <= set(names)
        rest = list(view_refresh.every_database(zone, start="tasks").names())
        assert rest == names[names.index("tasks") :]
        with pytest.raises(NoDatabase):
            view_refresh.every_database(zone, start="nosuch")


class TestRefresh:
    def test_what_is_registered_is_brought_in_once(self, zone):
        assert Refresh(zone).views_of(zone, DATABASE)
        assert designs(zone) == {"_design/users": USERS, "_design/numbers": NUMBERS}
        zone.couchdb.written.clear()
        assert not Refresh(zone).views_of(zone, DATABASE)
        assert zone.couchdb.written == []

    def test_another_order_of_keys_is_no_difference(self, zone):
        zone.couchdb.put(DATABASE, dict(reversed(USERS.items())), NUMBERS)
        assert not Refresh(zone).views_of(zone, DATABASE)

    def test_what_differs_is_replaced_and_others_stay(self, zone):
        other = {"_id": "_design/own", "views": {}}
        zone.couchdb.put(DATABASE, {**USERS, "views": {"listing": {"map": "old"}}}, NUMBERS, other)
        zone.couchdb.written.clear()
        assert Refresh(zone).views_of(zone, DATABASE)
        assert zone.couchdb.written == [(DATABASE, "_design/users", "edited")]
        assert designs(zone) == {"_design/users": USERS, "_design/numbers": NUMBERS, "_design/own": other}

    def test_the_view_that_is_made_for_an_account_stays(self, zone):
        made = {**NUMBERS, "views": {**NUMBERS["views"], "reconcile_services": MADE}}
        zone.couchdb.put(DATABASE, USERS, made)
        assert not Refresh(zone).views_of(zone, DATABASE)
        zone.couchdb.put(DATABASE, {**made, "views": {"list": {"map": "old"}, "reconcile_services": MADE}})
        assert Refresh(zone).views_of(zone, DATABASE)
        assert designs(zone)["_design/numbers"] == made

    def test_no_event_is_sent(self, zone):
        Refresh(zone).views_of(zone, DATABASE)
        assert zone.broker.keys == []

    def test_a_missing_database_is_made_only_where_every_node_expects_it(self, zone):
        assert Refresh(zone).views_of(zone, "tasks")
        assert zone.couchdb.exists("tasks")
        for missing in ("nosuch", plain(account_database("2" * 32))):
            with pytest.raises(NoDatabase):
                Refresh(zone).views_of(zone, missing)
            assert not zone.couchdb.exists(missing)

    def test_our_own_take_no_others_place(self, zone):
        theirs = {"_id": "_design/numbers", "views": {"status": {"map": "theirs"}}}
        zone.couchdb.put("numbers/managed", theirs)
        Refresh(zone).views_of(zone, "numbers/managed")
        assert zone.couchdb.all("numbers/managed")["_design/numbers"] == theirs
        assert "_design/numbers_managed" in zone.couchdb.all("numbers/managed")


class TestInstalled:
    @pytest.fixture
    def kazoo(self, tmp_path):
        def write(path, design):
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(design))

        mapped = {"view_map": [{"classification": "account"}]}
        write("kazoo_apps-4.3.1/priv/couchdb/account/users.json", {**USERS, "kazoo": mapped})
        write("kazoo_apps-4.3.1/priv/couchdb/views/accounts_tree.json", {**NUMBERS, "kazoo": mapped})
        write("kazoo_apps-4.3.1/priv/couchdb/views/plain.json", NUMBERS)
        write("kazoo_apps-4.3.0/priv/couchdb/account/old.json", {**NUMBERS, "kazoo": mapped})
        (tmp_path / "kazoo_apps-4.3.1/priv/couchdb/views/broken.json").write_text("{")
        return tmp_path

    def test_files_of_the_newest_version_are_read_and_what_is_no_design_is_passed_over(self, kazoo):
        found = list(view_registrations.installed_designs(str(kazoo)))
        assert {each["_id"] for each in found} == {"_design/users", "_design/numbers"}
        assert set(view_registrations.applications(str(kazoo))) == {"kazoo_apps"}

    def test_they_stand_in_for_what_is_not_registered_and_replace_what_differs(self, kazoo, monkeypatch):
        found = tuple(view_registrations.installed_designs(str(kazoo)))
        monkeypatch.setattr(views, "installed", lambda: found)
        chosen = views.choose(DATABASE, [])
        assert chosen.replace
        assert {each["_id"] for each in chosen.designs} == {"_design/users", "_design/numbers"}
        assert not views.choose("numbers%2Fmanaged", []).replace

    def test_unregistered_files_are_not_registered(self, kazoo, zone):
        directory = view_registrations.applications(str(kazoo))["kazoo_apps"]
        (directory / "priv/couchdb/views/broken.json").unlink()
        (directory / "priv/couchdb/views/plain.json").unlink()
        made = list(view_registrations.registrations(zone, "kazoo_apps", directory, ("views", "account")))
        assert [change.id for change in made] == ["account-kazoo_apps-users"]


class TestIndexing:
    @pytest.fixture
    def late(self, zone, monkeypatch):
        """Let two answers of each view come too late."""
        asked = []

        def request(method, path, **_):
            asked.append(path)
            if asked.count(path) <= 2:
                raise TimedOut(seconds=1, doing=" waiting")

        monkeypatch.setattr(zone.couchdb, "request", request, raising=False)
        for design in (USERS, NUMBERS):
            zone.couchdb.stored[DATABASE][design["_id"]] = {**design, "_rev": "1-a"}
        return asked

    def test_what_takes_longer_than_a_request_is_asked_for_again(self, zone, late):
        view_refresh.index(zone, DATABASE)
        assert len(late) == 6

    def test_a_server_that_says_nothing_else_either_is_not_waited_for(self, zone, late, monkeypatch):
        def silent(_database):
            raise TimedOut(seconds=1, doing=" waiting")

        monkeypatch.setattr(zone.couchdb, "exists", silent)
        with pytest.raises(TimedOut):
            view_refresh.index(zone, DATABASE)
        assert len(late) == 1
