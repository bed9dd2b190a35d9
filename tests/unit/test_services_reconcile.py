"""Services documents counted anew (Kazoo kz_services:reconcile/1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.billing.services_reconcile import merged, reconcile, tree_of
from kazoo_sup.kazoo.documents.shapes import Misshapen
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import services as texts

MASTER, PARENT, ACCOUNT = (letter * 32 for letter in "123")
TREES = {MASTER: [], PARENT: [MASTER], ACCOUNT: [MASTER, PARENT]}


def quantities(zone, account):
    return zone.couchdb.all("services")[account]["quantities"]


@pytest.fixture
def zone(zone):
    zone.couchdb.create("port_requests")
    for account, tree in TREES.items():
        definition = {"_id": account, "pvt_type": "account", "pvt_tree": tree}
        admin = {"_id": "admin", "pvt_type": "user", "priv_level": "admin"}
        zone.couchdb.put(plain(account_database(account)), definition, admin)
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    return zone


def test_an_account_is_counted_and_its_ancestors_with_it(zone):
    assert list(reconcile(zone, ACCOUNT)) == []
    assert quantities(zone, ACCOUNT) == {"account": {"users": {"admin": 1}}, "cascade": {}, "manual": {}}
    assert quantities(zone, PARENT)["cascade"] == {"users": {"admin": 1}}
    assert quantities(zone, MASTER)["cascade"] == {"users": {"admin": 1}}
    made = zone.couchdb.all("services")[ACCOUNT]
    assert (made["pvt_type"], made["pvt_vsn"], made["pvt_tree"]) == ("service", 2, [MASTER, PARENT])
    assert (made["pvt_status"], made["pvt_reseller_id"]) == ("good_standing", MASTER)


def test_nothing_is_written_when_nothing_changed(zone):
    for account in TREES:
        list(reconcile(zone, account))
    for account in TREES:
        list(reconcile(zone, account))
    written = len(zone.couchdb.written)
    list(reconcile(zone, ACCOUNT))
    assert len(zone.couchdb.written) == written


def test_what_was_given_by_hand_and_all_else_stays(zone):
    zone.couchdb.put(
        "services",
        {"_id": ACCOUNT, "pvt_tree": [], "plans": {"p": {}}, "quantities": {"manual": {"a": {"b": 1}}, "account": {}}},
    )
    list(reconcile(zone, ACCOUNT))
    assert quantities(zone, ACCOUNT)["manual"] == {"a": {"b": 1}}
    assert quantities(zone, ACCOUNT)["account"] == {"users": {"admin": 1}}
    assert zone.couchdb.all("services")[ACCOUNT]["plans"] == {"p": {}}
    assert any("plans" in warning for warning in zone.warnings)


def test_port_requests_count(zone):
    request = {"_id": "p", "pvt_type": "port_request", "pvt_account_id": ACCOUNT, "pvt_tree": [MASTER, PARENT]}
    zone.couchdb.put("port_requests", {**request, "pvt_port_state": "submitted", "numbers": {"+1": {}, "+2": {}}})
    list(reconcile(zone, ACCOUNT))
    assert quantities(zone, ACCOUNT)["account"]["port_request"] == {"submitted": 2}
    assert quantities(zone, PARENT)["cascade"]["port_request"] == {"submitted": 2}


def test_an_account_that_cannot_be_counted_keeps_what_it_has(zone):
    zone.couchdb.put("services", {"_id": ACCOUNT, "pvt_tree": [], "quantities": {"account": {"users": {"admin": 9}}}})
    zone.couchdb.put_registration("account", {"_id": "_design/services", "views": {}})
    unread = list(reconcile(zone, ACCOUNT))
    assert unread == [services_reconcile.QuantitiesUnread(account_database(ACCOUNT))]
    assert list(texts.of_counting(unread)) == [
        f"failed to query account quantities: {account_database(ACCOUNT)} with error: not_found"
    ]
    assert quantities(zone, ACCOUNT)["account"] == {"users": {"admin": 9}}


def test_a_tree_that_is_text_names_no_accounts(zone):
    zone.couchdb.put("services", {"_id": ACCOUNT, "pvt_tree": MASTER})
    with pytest.raises(Misshapen, match="pvt_tree"):
        list(reconcile(zone, ACCOUNT))


def test_an_account_that_is_not_there_is_an_error(zone):
    zone.couchdb.create(plain(account_database("9" * 32)))
    with pytest.raises(NotFound):
        list(reconcile(zone, "9" * 32))


def test_the_master_account_may_be_left_out(zone):
    settings = {"_id": "services", "default": {"cascade_commits_to_master_account": False}}
    zone.couchdb.put("system_config", settings)
    list(reconcile(zone, ACCOUNT))
    assert {name for name in zone.couchdb.all("services") if not name.startswith("_")} == {ACCOUNT, PARENT}


def test_negative_counts_stand_for_users():
    rows = [(["users", "admin"], 2), (["users", "user"], 3), (["user_apps", "a"], -1), (["user_apps", "b"], -2)]
    found = tree_of([*rows, (["user_apps", "c"], -9), (["x", "y"], 0), (["id", "limits", None], 1)])
    assert found == {
        "users": {"admin": 2, "user": 3},
        "user_apps": {"a": 5, "b": 2},
        "limits": {"null": 1},
    }


ITEMS = st.dictionaries(st.sampled_from("ab"), st.dictionaries(st.sampled_from("xy"), st.integers(1, 3)), max_size=2)


@given(ITEMS, ITEMS)
def test_merging_keeps_every_category_and_lets_the_second_win(one, other):
    found = merged(one, other)
    assert set(found) == set(one) | set(other)
    for category, items in found.items():
        assert items == one.get(category, {}) | other.get(category, {})
    assert services_reconcile.merged(found, other) == found


@pytest.mark.parametrize("count", [{"x": 1}, ["a"], "many", None])
def test_what_is_no_number_is_never_billed(count):
    with pytest.raises(Misshapen, match=r"what is counted: users\.user is .*, where a whole number is expected"):
        services_reconcile.tree_of([(["id", "users", "user"], count)])
