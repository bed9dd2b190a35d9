"""Service plans and services documents of earlier versions, and what accounts are billed for."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.billing import account_services, service_plans, services_migration
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import PartlyDone
from kazoo_sup.texts import services as texts

MASTER, CHILD = "a" * 32, "b" * 32
APP = "c" * 32


def told(events, tell=texts.of_plans):
    """Return the lines of events, and the counts of the reports among them."""
    return shown.told(events, tell)


def database(account):
    return plain(account_database(account))


@pytest.fixture
def zone(zone):
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    zone.couchdb.create("port_requests")
    for account, tree in ((MASTER, []), (CHILD, [MASTER])):
        zone.couchdb.put(database(account), {"_id": account, "pvt_type": "account", "pvt_tree": tree})
    return zone


OLD_PLAN = {
    "_id": "plan",
    "pvt_type": "service_plan",
    "pvt_account_id": MASTER,
    "bookkeepers": {"braintree": {"did": "code"}},
    "plan": {
        "users": {"user": {"rate": 1}},
        "ratedeck": {"deck": {}},
        "ratedeck_name": {"Deck": {}},
        "ui_apps": {"voip": {"app_id": APP, "account_id": MASTER}, "nameless": {"enabled": True}},
    },
}


def test_a_plan_in_its_new_form_keeps_what_is_not_moved(zone):
    made = service_plans.in_new_form(OLD_PLAN, MASTER)
    assert made["plan"] == {"users": {"user": {"rate": 1}}}
    assert made["ratedeck"] == {"id": "deck", "name": "Deck"}
    assert made["applications"] == {APP: {"name": "voip", "vendor_id": MASTER, "enabled": True}}
    assert "bookkeepers" not in made


def test_migrated_plans_keep_their_account_and_name_their_bookkeeper(zone):
    zone.couchdb.put(database(MASTER), OLD_PLAN, {**OLD_PLAN, "_id": "new", "pvt_vsn": 2})
    lines, _counts = told(service_plans.migrate_all(zone, MASTER))
    assert lines[0] == "verifying 2 service plans have been migrated"
    assert [line.partition("/")[2] for line in lines[1:]] == ["plan requires migration", "plan"]
    stored = zone.couchdb.all(database(MASTER))
    keeper = next(each for each in stored.values() if each.get("pvt_type") == "bookkeeper")
    assert keeper["mappings"] == {"did": "code"}
    assert stored["plan"]["bookkeeper"] == {"id": keeper["_id"], "vendor_id": MASTER, "type": "braintree"}
    assert (stored["plan"]["pvt_account_id"], stored["plan"]["pvt_vsn"]) == (MASTER, 2)
    assert told(service_plans.migrate_all(zone, MASTER))[0] == ["verifying 2 service plans have been migrated"]


@pytest.mark.parametrize("form", ["braintree", {"type": "braintree"}])
def test_a_bookkeeper_that_is_there_takes_the_mappings_in(zone, form):
    keeper = {"_id": "keeper", "pvt_type": "bookkeeper", "bookkeeper": form, "mappings": {"old": 1}}
    zone.couchdb.put(database(MASTER), OLD_PLAN, keeper)
    list(service_plans.migrate_all(zone, MASTER))
    stored = zone.couchdb.all(database(MASTER))
    assert stored["keeper"]["mappings"] == {"old": 1, "did": "code"}
    assert stored["plan"]["bookkeeper"]["id"] == "keeper"


def test_apps_of_plans_get_their_right_ids_and_keep_what_is_said_of_them(zone):
    zone.couchdb.put(database(MASTER), {"_id": APP, "pvt_type": "app", "name": "voip"})
    apps = {
        "wrong": {"name": "voip", "vendor_id": MASTER, "enabled": False},
        "lost": {"name": "gone", "vendor_id": MASTER},
    }
    zone.couchdb.put(database(MASTER), {"_id": "plan", "pvt_type": "service_plan", "applications": apps})
    lines, _counts = told(service_plans.correct_apps(zone, MASTER))
    assert f"  correcting invalid application voip with {MASTER}/{APP}" in lines
    assert f"  unable to find valid application for gone in vendor {MASTER}" in lines
    assert zone.couchdb.all(database(MASTER))["plan"]["applications"] == {
        "lost": apps["lost"],
        APP: {"name": "voip", "vendor_id": MASTER, "enabled": False},
    }
    again, _counts = told(service_plans.correct_apps(zone, MASTER))
    assert not [line for line in again if line.startswith("  storing")]


def test_old_services_documents_are_counted_anew_and_keep_what_was_given_by_hand(zone):
    old = {
        "_id": CHILD,
        "pvt_type": "service",
        "pvt_account_id": CHILD,
        "pvt_tree": [MASTER],
        "pvt_dirty": True,
        "quantities": {"users": {"admin": 9}, "special": {"item": 2}, "ratedeck": {"deck": 1}},
        "plans": {"p": {"account_db": f"account/{MASTER}", "overrides": {"ui_apps": {"voip": {"rate": 3}}, "x": 1}}},
    }
    zone.couchdb.put("services", old, {"_id": MASTER, "pvt_type": "service", "pvt_tree": [], "pvt_vsn": 2})
    zone.couchdb.put(database(CHILD), {"_id": "u", "pvt_type": "user", "priv_level": "admin"})
    lines, counts = told(services_migration.migrate(zone), texts.of_counting)
    assert lines == []
    made = zone.couchdb.all("services")[CHILD]
    assert made["quantities"] == {
        "cascade": {},
        "account": {"users": {"admin": 1}},
        "manual": {"special": {"item": 2}},
    }
    assert made["ratedeck"] == {"id": "deck"}
    assert made["plans"]["p"]["overrides"] == {"plan": {"x": 1, "account_apps": {"voip": {"rate": 3}}}}
    assert (made["pvt_account_id"], made["pvt_vsn"]) == (CHILD, 2)
    assert "pvt_dirty" not in made
    assert counts == {"edited": 1}


def test_reconciling_all_counts_what_is_below_before_what_is_above(zone):
    zone.couchdb.put_views("services", "services")
    for account, tree in ((MASTER, []), (CHILD, [MASTER])):
        zone.couchdb.put("services", {"_id": account, "pvt_type": "service", "pvt_tree": tree, "quantities": {}})
    zone.couchdb.put(database(CHILD), {"_id": "u", "pvt_type": "user", "priv_level": "user"})
    lines = list(texts.of_counting(account_services.reconcile_all(zone)))
    assert lines[0] == f"reconcile services (1/2) '{CHILD}'"
    assert "      updated account.users.user from undefined to 1" in lines
    assert lines.index(f"reconcile services (2/2) '{MASTER}'") > 1
    assert zone.couchdb.all("services")[MASTER]["quantities"]["cascade"] == {"users": {"user": 1}}
    assert len(list(texts.of_counting(account_services.reconcile_all(zone)))) == 2
    assert list(account_services.reconcile_all(zone, MASTER)) == [account_services.AccountReconciled(MASTER, 1, 1)]


def test_an_account_that_fails_is_told_and_the_others_are_counted(zone):
    zone.couchdb.put_views("services", "services")
    for account in (MASTER, "d" * 32):
        zone.couchdb.put("services", {"_id": account, "pvt_type": "service", "pvt_tree": [], "quantities": {}})

    def keep_changing(name, documents):
        if name == "services" and documents[0]["_id"] == MASTER:
            zone.couchdb.put("services", {**zone.couchdb.all(name)[MASTER], "n": len(zone.couchdb.written)})

    zone.couchdb.put(database(MASTER), {"_id": "u", "pvt_type": "user", "priv_level": "user"})
    zone.couchdb.before_save.append(keep_changing)
    lines = []
    with pytest.raises(PartlyDone, match="1 of 2"):
        lines.extend(account_services.reconcile_all(zone))


def test_an_account_with_service_plans_is_not_synced_from_here(zone):
    account_services.check_nothing_to_bill(zone, CHILD)
    zone.couchdb.put("services", {"_id": CHILD, "plans": {"p": {}}})
    with pytest.raises(Declined, match="service plans"):
        account_services.check_nothing_to_bill(zone, CHILD)


def test_a_tree_is_a_list_of_account_ids(zone):
    assert account_services.read_tree(MASTER) == [MASTER]
    assert account_services.read_tree(f'["{MASTER}","{CHILD}"]') == [MASTER, CHILD]
    for text in ("x", "[1]", "[", '["x"]'):
        with pytest.raises(BadArgument):
            account_services.read_tree(text)


def test_a_moved_services_document_remembers_where_it_was(zone):
    zone.couchdb.put("services", {"_id": CHILD, "pvt_tree": [MASTER]})
    saved = account_services.moved(zone, CHILD, [], MASTER)
    assert (saved["pvt_tree"], saved["pvt_previous_tree"], saved["pvt_reseller_id"]) == ([], [MASTER], MASTER)
