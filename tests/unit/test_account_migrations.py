"""Older documents of accounts in today's form, and callflows of ring groups in two."""

from __future__ import annotations

import copy

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.callflows import callflow_groups
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH
from kazoo_sup.kazoo.migrations import account_migrations
from kazoo_sup.kazoo.migrations.account_migrations import Incomplete
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.crossbar import lines

ACCOUNT = "a" * 32
DATABASE = plain(account_database(ACCOUNT))
MARCH = GREGORIAN_EPOCH + 1_742_000_000  # 2025


@pytest.fixture
def zone(tmp_path):
    """A cluster with one account."""
    zone = MemoryZone(tmp_path)
    zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_type": "account", "name": "A", "pvt_tree": []})
    zone.couchdb.put(DATABASE, {"_id": ACCOUNT, "pvt_type": "account", "name": "A", "pvt_tree": []})
    return zone


def migrate(zone):
    return list(lines(account_migrations.migrate(zone, [ACCOUNT])))


def of_type(zone, document_type, database=DATABASE):
    return [each for each in zone.couchdb.all(database).values() if each.get("pvt_type") == document_type]


class TestHistories:
    @pytest.fixture
    def click(self, zone):
        history = [{"timestamp": MARCH, "result": "success"}, {"timestamp": MARCH, "result": "failed"}]
        zone.couchdb.put(DATABASE, {"_id": "c2c", "pvt_type": "click2call", "pvt_history": history})
        return zone

    def test_go_into_their_months_which_are_made(self, click):
        migrate(click)
        items = of_type(click, "c2c_history", f"{DATABASE}-202503")
        assert {each["result"] for each in items} == {"success", "failed"}
        assert {each["pvt_created"] for each in items} == {MARCH}
        assert {each["pvt_clicktocall_id"] for each in items} == {"c2c"}
        assert "pvt_history" not in click.couchdb.all(DATABASE)["c2c"]

    def test_stay_where_they_are_until_they_are_saved_elsewhere(self, click):
        def refuse(database, documents):
            if database.endswith("-202503") and any("result" in each for each in documents):
                click.couchdb.stored[database]["x"] = {"_id": "x", "_rev": "1-x"}
                for each in documents:
                    each["_rev"] = "9-wrong"

        click.couchdb.before_save.append(refuse)
        with pytest.raises(Incomplete):
            migrate(click)
        assert len(click.couchdb.all(DATABASE)["c2c"]["pvt_history"]) == 2


class TestMailboxes:
    def test_addresses_become_a_list(self, zone):
        zone.couchdb.put(DATABASE, {"_id": "v1", "pvt_type": "vmbox", "notify_email_address": "a@example.com"})
        zone.couchdb.put(DATABASE, {"_id": "v2", "pvt_type": "vmbox", "notify_email_addresses": ["b@example.com"]})
        assert migrate(zone) == [
            "migrating 1 out of 2 boxes",
            f"  updated 1 boxes in {account_database(ACCOUNT)}",
        ]
        assert zone.couchdb.all(DATABASE)["v1"]["notify_email_addresses"] == ["a@example.com"]
        assert migrate(zone) == ["migrating 0 out of 2 boxes"]


class TestLists:
    def test_entries_become_documents_of_their_own_list(self, zone):
        entries = {"k1": {"cid_name": "Bob", "cid_number": "100"}, "k2": {"prefix": "55"}}
        zone.couchdb.put(DATABASE, {"_id": "l1", "pvt_type": "list", "length": "3", "entries": entries})
        zone.couchdb.put(DATABASE, {"_id": "l2", "pvt_type": "list", "entries": {"k1": {"number": "7"}}})
        migrate(zone)
        found = {(each["list_id"], each["capture_group_key"]): each for each in of_type(zone, "list_entry")}
        assert found.keys() == {("l1", "k1"), ("l1", "k2"), ("l2", "k1")}
        assert (found["l1", "k1"]["name"], found["l1", "k1"]["number"]) == ("Bob", "100")
        assert found["l1", "k1"]["capture_group_length"] == 3
        assert "capture_group_length" not in found["l2", "k1"]
        assert not any("entries" in each for each in of_type(zone, "list"))

    def test_a_run_that_was_cut_off_leaves_no_second_copy(self, zone):
        document = {"_id": "l1", "pvt_type": "list", "entries": {"k1": {"number": "7"}}}
        zone.couchdb.put(DATABASE, document)
        migrate(zone)
        zone.couchdb.put(DATABASE, document)
        migrate(zone)
        assert len(of_type(zone, "list_entry")) == 1

    def test_old_entries_keep_their_list(self, zone):
        zone.couchdb.put(DATABASE, {"_id": "l1", "pvt_type": "list"}, {"_id": "l2", "pvt_type": "list"})
        zone.couchdb.put(
            DATABASE, {"_id": "e", "pvt_type": "list_entry", "list_id": "l1", "cid_name": "Bob", "cid_key": "k"}
        )
        migrate(zone)
        entry = zone.couchdb.all(DATABASE)["e"]
        assert (entry["list_id"], entry["name"], entry["capture_group_key"]) == ("l1", "Bob", "k")
        assert "cid_name" not in entry


class TestApps:
    @pytest.fixture
    def with_apps(self, zone):
        for database in ("accounts", DATABASE):
            zone.couchdb.put(database, {**zone.couchdb.all(DATABASE)[ACCOUNT], "apps": {"1": {"name": "voip"}}})
        return zone

    @pytest.mark.parametrize("there", [{}, {"2": {"name": "accounts"}}])
    def test_are_added_to_those_of_the_store(self, with_apps, there):
        if there:
            with_apps.couchdb.put(DATABASE, {"_id": "apps_store", "apps": there})
        migrate(with_apps)
        assert with_apps.couchdb.all(DATABASE)["apps_store"]["apps"] == {"1": {"name": "voip"}, **there}
        assert "apps" not in with_apps.couchdb.all(DATABASE)[ACCOUNT]
        assert "apps" not in with_apps.couchdb.all("accounts")[ACCOUNT]


RINGING = {"module": "ring_group", "data": {"endpoints": [1]}, "children": {"_": {"module": "voicemail"}}}
RECORDED = {"module": "record_call", "data": {}, "children": {"_": RINGING}}


class TestRingGroups:
    def callflow(self, flow=None, **more):
        document = {"_id": "cf", "pvt_type": "callflow", "name": "Sales Ring Group", "group_id": "g", "flow": flow}
        return {**document, "ui_metadata": {"origin": "voip"}, **more}

    @pytest.mark.parametrize(("flow", "at"), [(RINGING, ()), (RECORDED, ("children", "_"))])
    def test_what_rings_goes_into_a_group_of_its_own(self, zone, flow, at):
        zone.couchdb.put(DATABASE, self.callflow(copy.deepcopy(flow)))
        told = list(lines(callflow_groups.migrate(zone, ACCOUNT)))
        assert [line.partition(":")[0] for line in told] == [
            "migrating callflow cf",
            "  saved base group callflow",
            "  saved ring group callflow",
        ]
        (base,) = (each for each in of_type(zone, "callflow") if each["_id"] != "cf")
        assert (base["name"], base["type"], base["group_id"]) == ("Sales Base Group", "baseGroup", "g")
        assert base["flow"] == {"children": {}, "module": "ring_group", "data": {"endpoints": [1]}}
        user = zone.couchdb.all(DATABASE)["cf"]
        assert user["type"] == "userGroup"
        place = user["flow"]
        for key in at:
            place = place[key]
        assert (place["module"], place["data"]) == ("callflow", {"id": base["_id"]})
        assert place["children"] == {"_": {"module": "voicemail"}}
        assert list(lines(callflow_groups.migrate(zone, ACCOUNT))) == []

    @pytest.mark.parametrize("more", [{"type": "mainCallflow"}, {"group_id": None}, {"flow": {"module": "menu"}}])
    def test_others_are_left_alone(self, zone, more):
        zone.couchdb.put(DATABASE, self.callflow(**{"flow": RINGING, **more}))
        assert list(lines(callflow_groups.migrate(zone, ACCOUNT))) == []

    def test_one_that_exists_is_not_made_again(self, zone):
        zone.couchdb.put(DATABASE, self.callflow(RINGING))
        zone.couchdb.put(DATABASE, {"_id": "b", "pvt_type": "callflow", "name": "Sales Base Group", "type": "x"})
        assert list(lines(callflow_groups.migrate(zone, ACCOUNT)))[1].endswith("already exists")

    def test_where_the_old_one_cannot_be_saved_the_new_one_goes(self, zone):
        zone.couchdb.put(DATABASE, self.callflow(RINGING))

        def overtake(database, documents):
            if any(each["_id"] == "cf" for each in documents):
                zone.couchdb.put(database, {**zone.couchdb.all(database)["cf"], "name": "Changed Ring Group"})

        zone.couchdb.before_save.append(overtake)
        assert "removing new one" in list(lines(callflow_groups.migrate(zone, ACCOUNT)))[-1]
        assert [each["_id"] for each in of_type(zone, "callflow")] == ["cf"]


def test_accounts_are_those_with_a_database(zone):
    zone.couchdb.create(f"{DATABASE}-202503")
    assert list(accounts.ids(zone)) == [ACCOUNT]
