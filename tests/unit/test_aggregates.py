"""Copies of accounts' documents in the databases of all accounts, and their removal (kazoo.aggregates)."""

from __future__ import annotations

import pytest

from kazoo_sup.errors import Declined, NotFound
from kazoo_sup.kazoo.migrations import account_import, aggregate_cleanup, aggregates
from kazoo_sup.kazoo.migrations.aggregates import NoDefinition
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.aggregates import lines

ACCOUNT, GONE = "1" * 32, "2" * 32
DATABASE = plain(account_database(ACCOUNT))
DEFINITION = {"_id": ACCOUNT, "pvt_type": "account", "realm": "a.example.com"}
COMMON = {"_id": "common", "pvt_type": "device", "sip": {"realm": "a.example.com"}}
PLAIN = {"_id": "plain", "pvt_type": "device"}
APART = {"_id": "apart", "pvt_type": "device", "sip": {"realm": "b.example.com"}}
BY_IP = {"_id": "by_ip", "pvt_type": "device", "sip": {"ip": "192.0.2.1"}}


@pytest.fixture
def zone(zone):
    for database in (DATABASE, "sip_auth", "faxes"):
        zone.couchdb.create(database)
    zone.couchdb.put_views(DATABASE, "devices", "faxbox")
    zone.couchdb.put(DATABASE, DEFINITION)
    return zone


@pytest.mark.parametrize(("device", "apart"), [(COMMON, False), (PLAIN, False), (APART, True), (BY_IP, True)])
def test_devices_stand_apart_by_their_realm_or_their_ip(device, apart):
    assert aggregates.stands_apart(device, "a.example.com") is apart


def test_only_devices_that_stand_apart_are_in_sip_auth(zone):
    zone.couchdb.put(DATABASE, COMMON, PLAIN, APART, BY_IP)
    zone.couchdb.put("sip_auth", COMMON, {"_id": "other", "pvt_account_id": GONE})
    aggregates.copy_devices(zone, ACCOUNT)
    assert zone.couchdb.all("sip_auth").keys() == {"apart", "by_ip", "other"}
    assert zone.couchdb.all("sip_auth")["apart"] == APART


def test_a_copy_that_is_right_is_announced_but_not_saved(zone):
    aggregates.copy_definition(zone, ACCOUNT)
    zone.couchdb.written.clear()
    zone.broker.messages.clear()
    aggregates.copy_definition(zone, ACCOUNT)
    assert zone.couchdb.written == []
    assert zone.broker.keys == [f"doc_edited.accounts.account.{ACCOUNT}"]


def test_a_definition_that_is_attached_where_it_is_already_is_announced_but_not_saved(zone):
    placed = {**DEFINITION, "pvt_tree": [GONE], "pvt_reseller_id": GONE}
    zone.couchdb.put(DATABASE, placed)
    zone.couchdb.put(plain(account_database(GONE)), {"_id": GONE, "pvt_type": "account", "pvt_tree": []})
    zone.couchdb.put("services", {"_id": GONE, "pvt_reseller": True})
    zone.couchdb.written.clear()
    events = account_import.attach(zone, ACCOUNT, GONE)
    assert [type(next(events)) for _each in range(2)] == [account_import.ImportBegun, account_import.AccountSaved]
    assert zone.couchdb.written == []
    assert zone.broker.keys == [f"doc_edited.{account_database(ACCOUNT)}.account.{ACCOUNT}"]


def test_a_copy_that_differs_is_made_right(zone):
    zone.couchdb.put("accounts", {**DEFINITION, "realm": "old.example.com", "extra": 1})
    aggregates.copy_definition(zone, ACCOUNT)
    assert zone.couchdb.all("accounts")[ACCOUNT] == DEFINITION


def test_fax_boxes_are_copied_without_the_contents_of_their_files(zone):
    box = {"_id": "box", "pvt_type": "faxbox", "_attachments": {"a.pdf": {"stub": True}}}
    zone.couchdb.put(DATABASE, box)
    aggregates.copy_faxboxes(zone, ACCOUNT)
    assert zone.couchdb.all("faxes") == {"box": {"_id": "box", "pvt_type": "faxbox"}}


def test_what_is_no_definition_is_not_copied(zone):
    zone.couchdb.put(DATABASE, {"_id": ACCOUNT, "pvt_type": "user"})
    with pytest.raises(NoDefinition):
        aggregates.copy_definition(zone, ACCOUNT)
    aggregates.copy_definition(zone, GONE)
    assert zone.couchdb.all("accounts") == {}


class TestCleanup:
    def test_only_accounts_without_a_definition_go(self, zone):
        zone.couchdb.put_views("accounts", "accounts")
        zone.couchdb.put("accounts", DEFINITION, {"_id": GONE, "pvt_type": "account"})
        events = aggregate_cleanup.clean_accounts(zone, aggregate_cleanup.accounts_of(zone))
        assert list(lines(events)) == [
            f"    verifying accounts doc {ACCOUNT}",
            f"    verifying accounts doc {GONE}",
            f"    removing invalid accounts doc {GONE}",
        ]
        assert zone.couchdb.all("accounts").keys() == {ACCOUNT, "_design/accounts"}

    def test_only_devices_of_accounts_that_are_gone_go(self, zone):
        zone.couchdb.put(
            "sip_auth",
            {"_id": "a", "pvt_account_db": account_database(GONE)},
            {"_id": "b", "pvt_account_id": ACCOUNT},
            {"_id": "c"},
        )
        list(aggregate_cleanup.clean_devices(zone))
        assert zone.couchdb.all("sip_auth").keys() == {"b", "c"}

    def test_nothing_goes_when_whoever_looks_on_says_no(self, zone):
        def no(_deed):
            raise Declined(reason="nothing was done")

        zone.couchdb.put("accounts", {"_id": GONE})
        zone.run = zone.new_run(confirm_watched=no)
        with pytest.raises(Declined):
            list(aggregate_cleanup.clean_accounts(zone, [GONE]))
        assert GONE in zone.couchdb.all("accounts")

    def test_what_is_not_there_is_refused(self, zone):
        with pytest.raises(NotFound):
            list(aggregate_cleanup.clean_device(zone, "nosuch"))
        with pytest.raises(NotFound):
            list(aggregate_cleanup.remove_account(zone, GONE))
