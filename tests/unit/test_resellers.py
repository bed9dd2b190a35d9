"""Resellers and their accounts (Kazoo kz_services_reseller)."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo.billing import resellers
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import services as texts

MASTER, PARENT, CHILD, GRANDCHILD = (letter * 32 for letter in "abcd")
TREES = {MASTER: [], PARENT: [MASTER], CHILD: [MASTER, PARENT], GRANDCHILD: [MASTER, PARENT, CHILD]}


def told(events, tell=texts.of_resellers):
    """Return the lines of events, and the counts of the reports among them."""
    return shown.told(events, tell)


@pytest.fixture
def zone(zone):
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    for account, tree in TREES.items():
        definition = {"_id": account, "pvt_type": "account", "pvt_tree": tree}
        zone.couchdb.put(plain(account_database(account)), definition)
        zone.couchdb.put("accounts", definition)
        zone.couchdb.put("services", {"_id": account, "pvt_type": "service", "pvt_tree": tree})
    zone.couchdb.put("services", {"_id": MASTER, "pvt_type": "service", "pvt_tree": [], "pvt_reseller": True})
    return zone


def value(zone, database, account, key):
    return zone.couchdb.all(database)[account].get(key)


def places(account):
    return (plain(account_database(account)), "accounts", "services")


def test_a_reseller_is_one_in_all_three_places_and_so_are_its_accounts(zone):
    lines, _counts = told(resellers.promote(zone, PARENT))
    assert lines == [
        f"promoting account {PARENT} to reseller status, updating sub accounts",
        *(f"setting account {each} reseller id to {PARENT}" for each in (CHILD, GRANDCHILD)),
    ]
    assert all(value(zone, place, PARENT, "pvt_reseller") is True for place in places(PARENT))
    for account in (CHILD, GRANDCHILD):
        assert [value(zone, place, account, "pvt_reseller_id") for place in places(account)] == [PARENT] * 3
    assert value(zone, "services", PARENT, "pvt_reseller_id") is None


def test_accounts_of_one_that_is_demoted_get_the_next_reseller_above(zone):
    list(resellers.promote(zone, PARENT))
    lines, _counts = told(resellers.demote(zone, PARENT))
    assert lines[0].endswith(f"and now belongs to reseller {MASTER}")
    assert value(zone, "services", PARENT, "pvt_reseller") is False
    assert value(zone, "services", GRANDCHILD, "pvt_reseller_id") == MASTER


def test_the_master_account_and_one_above_a_reseller_stay_what_they_are(zone):
    assert resellers.obstacle(zone, MASTER) == "master_account"
    assert resellers.obstacle(zone, PARENT) is None
    list(resellers.promote(zone, CHILD))
    assert resellers.obstacle(zone, PARENT) == "reseller_descendants"
    assert resellers.obstacle(zone, CHILD) is None


def test_an_account_without_a_services_document_is_told_and_the_others_go_on(zone):
    zone.couchdb.stored["services"].pop(CHILD)
    lines, _counts = told(resellers.cascade(zone, MASTER, PARENT))
    assert lines == [
        f"setting account {CHILD} reseller id to {MASTER}",
        f"unable to open services doc {CHILD}: not_found",
        f"setting account {GRANDCHILD} reseller id to {MASTER}",
    ]
    assert value(zone, "accounts", CHILD, "pvt_reseller_id") == MASTER


def test_nodes_hear_of_a_services_document_that_is_right_already(zone):
    assert resellers.give(zone, MASTER, CHILD)[0]
    zone.broker.messages.clear()
    is_billed, report = resellers.give(zone, MASTER, CHILD)
    assert is_billed
    assert zone.broker.keys == [f"doc_edited.services.service.{CHILD}"]
    assert report.counts == {"unchanged": 3}


def test_what_cannot_be_saved_is_counted_and_does_not_stop_the_others(zone):
    def lose(database, documents):
        if database == "services" and any(each["_id"] == CHILD for each in documents):
            zone.couchdb.stored["services"].pop(CHILD, None)
            zone.couchdb.put("services", {"_id": CHILD, "_deleted": True})

    zone.couchdb.before_save.append(lose)
    _lines, counts = told(resellers.cascade(zone, MASTER, PARENT))
    assert counts["failed"] == 1
    assert [type(each.error) for each in zone.reports if each.error] == [Conflict]
    assert value(zone, "services", GRANDCHILD, "pvt_reseller_id") == MASTER


def test_a_dry_run_saves_nothing(zone):
    zone.rerun(dry_run=True)
    before = {name: zone.couchdb.all(name) for name in zone.couchdb.stored}
    zone.couchdb.put_views("accounts", "accounts")
    list(resellers.promote(zone, PARENT))
    zone.couchdb.stored["accounts"].pop("_design/accounts")
    assert {name: zone.couchdb.all(name) for name in zone.couchdb.stored} == before
    assert {each.id for each in zone.reports if each.planned} == {PARENT, CHILD, GRANDCHILD}
