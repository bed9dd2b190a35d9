"""The ancestors that accounts name, repaired (kazoo.account_trees), and their resellers (kazoo.account_resellers)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.billing import account_resellers
from kazoo_sup.kazoo.migrations import account_trees
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.account_trees import lines, resellers_of

MASTER, TOP, BOTTOM = (letter * 32 for letter in "123")
KNOWN = {MASTER, TOP, BOTTOM, "4" * 32}
IDS = st.sampled_from([*sorted(KNOWN), "gone", "other"])


def repaired(account, tree):
    return account_trees.repaired(account, tree, MASTER, KNOWN.__contains__)


@given(st.sampled_from(sorted(KNOWN - {MASTER})), st.lists(IDS, max_size=6))
def test_a_repaired_tree_begins_with_the_master_and_names_each_other_ancestor_once(account, tree):
    found = repaired(account, tree)
    assert found[0] == MASTER
    assert len(set(found)) == len(found)
    assert account not in found
    assert set(found) <= KNOWN
    assert repaired(account, found) == found
    assert found[1:] == sorted(found[1:], key=tree[1:].index)


@pytest.mark.parametrize(
    ("account", "tree", "wanted"),
    [
        (MASTER, [TOP], []),
        (TOP, [], [MASTER]),
        (TOP, ["gone"], [MASTER]),
        (BOTTOM, [MASTER, TOP], [MASTER, TOP]),
        (BOTTOM, [MASTER, "gone", TOP, TOP], [MASTER, TOP]),
        (BOTTOM, ["gone", TOP], [MASTER, TOP]),
        (BOTTOM, [MASTER, TOP, BOTTOM], [MASTER, TOP]),
    ],
)
def test_repaired(account, tree, wanted):
    assert repaired(account, tree) == wanted


@pytest.fixture
def zone(zone):
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    zone.couchdb.put_views("accounts", "accounts")
    for account, tree in ((MASTER, []), (TOP, [MASTER]), (BOTTOM, [MASTER, "gone", TOP])):
        document = {"_id": account, "pvt_type": "account", "pvt_tree": tree}
        zone.couchdb.put("accounts", document)
        zone.couchdb.put(plain(account_database(account)), document)
        zone.couchdb.put("services", {"_id": account, "pvt_tree": tree, "pvt_reseller_id": MASTER})
    return zone


def repair(zone, *accounts, save=True):
    return list(lines(account_trees.repair(zone, accounts, save=save)))


class TestRepair:
    def test_a_single_account_keeps_the_ancestors_it_has(self, zone):
        lines = repair(zone, BOTTOM)
        assert lines[0] == "::: ensuring pvt_tree is clean for 1 account(s)"
        for database in (plain(account_database(BOTTOM)), "accounts", "services"):
            assert zone.couchdb.all(database)[BOTTOM]["pvt_tree"] == [MASTER, TOP]

    def test_nothing_is_saved_when_it_is_only_shown_or_right(self, zone):
        zone.couchdb.written.clear()
        assert any(BOTTOM in line for line in repair(zone, BOTTOM, save=False))
        assert repair(zone, TOP)[-1] == "==> nothing to fix, all hail kazoo!"
        assert zone.couchdb.written == []

    def test_a_second_run_has_nothing_to_do(self, zone):
        repair(zone, BOTTOM)
        assert repair(zone, BOTTOM)[-1] == "==> nothing to fix, all hail kazoo!"

    def test_without_kazoos_view_it_says_so(self, zone):
        told = list(lines(account_trees.repair(zone, None, save=True)))
        assert told == ["failed to get accounts tree to compare: not_found"]


class TestResellers:
    def test_the_nearest_reseller_above_is_stored_everywhere(self, zone):
        zone.couchdb.put("services", {"_id": TOP, "pvt_reseller": True})
        assert list(resellers_of(account_resellers.ensure(zone, BOTTOM))) == ["updated account definitions"]
        for database in (plain(account_database(BOTTOM)), "accounts", "services"):
            assert zone.couchdb.all(database)[BOTTOM]["pvt_reseller_id"] == TOP

    def test_what_is_right_is_not_saved(self, zone):
        list(account_resellers.ensure(zone, TOP, MASTER))
        zone.couchdb.written.clear()
        list(account_resellers.ensure(zone, TOP, MASTER))
        assert zone.couchdb.written == []

    def test_an_account_that_is_missing_is_told_of(self, zone):
        assert list(resellers_of(account_resellers.ensure(zone, "9" * 32))) == [
            "failed to open account from accounts db: not_found"
        ]
        with pytest.raises(NotFound):
            list(account_resellers.ensure(zone, "9" * 32, TOP))
