"""The tree of accounts: moving and counting."""

from __future__ import annotations

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup.kazoo.accounts import hierarchy
from kazoo_sup.kazoo.accounts.hierarchy import Unmovable
from kazoo_sup.messages.names import account_database, plain

ROOT, LEFT, RIGHT, CHILD, LEAF = (digit * 32 for digit in "01234")
TREES = {ROOT: [], LEFT: [ROOT], RIGHT: [ROOT], CHILD: [ROOT, LEFT], LEAF: [ROOT, LEFT, CHILD]}


@pytest.fixture
def zone(tmp_path):
    """A master with two accounts below it, the left of which has a child and a grandchild."""
    zone = MemoryZone(tmp_path)
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": ROOT}})
    zone.couchdb.put_views("accounts", "accounts")
    for account, tree in TREES.items():
        definition = {"_id": account, "pvt_type": "account", "name": f"n{account[0]}", "pvt_tree": tree}
        zone.couchdb.put("accounts", definition)
        zone.couchdb.put(plain(account_database(account)), definition)
        service = {"_id": account, "pvt_type": "service", "pvt_tree": tree, "pvt_reseller_id": ROOT}
        zone.couchdb.put("services", {**service, "pvt_reseller": account == ROOT})
    return zone


def own(zone, account):
    return zone.couchdb.all(plain(account_database(account)))[account]


def make_reseller(zone, account):
    zone.couchdb.put("services", {**zone.couchdb.all("services")[account], "pvt_reseller": True})


class TestMoving:
    def test_all_below_comes_along_and_keeps_its_place(self, zone):
        hierarchy.move(zone, CHILD, RIGHT)
        for account, tree, before in ((CHILD, [ROOT, RIGHT], [ROOT, LEFT]), (LEAF, [ROOT, RIGHT, CHILD], TREES[LEAF])):
            for document in (
                own(zone, account),
                zone.couchdb.all("accounts")[account],
                zone.couchdb.all("services")[account],
            ):
                assert (document["pvt_tree"], document["pvt_previous_tree"]) == (tree, before)

    def test_others_stay_as_they_are(self, zone):
        before = own(zone, LEFT)
        hierarchy.move(zone, CHILD, RIGHT)
        assert own(zone, LEFT) == before

    def test_the_reseller_is_the_nearest_above(self, zone):
        make_reseller(zone, RIGHT)
        hierarchy.move(zone, CHILD, RIGHT)
        assert {zone.couchdb.all("services")[each]["pvt_reseller_id"] for each in (CHILD, LEAF)} == {RIGHT}

    def test_those_below_a_reseller_that_is_moved_keep_it(self, zone):
        make_reseller(zone, CHILD)
        hierarchy.move(zone, CHILD, RIGHT)
        assert zone.couchdb.all("services")[CHILD]["pvt_reseller_id"] == ROOT
        assert zone.couchdb.all("services")[LEAF]["pvt_reseller_id"] == CHILD

    def test_a_missing_services_document_is_made(self, zone):
        del zone.couchdb.stored["services"][LEAF]
        hierarchy.move(zone, CHILD, RIGHT)
        assert zone.couchdb.all("services")[LEAF]["pvt_tree"] == [ROOT, RIGHT, CHILD]

    def test_every_copy_is_announced(self, zone):
        hierarchy.move(zone, LEAF, RIGHT)
        assert set(zone.broker.keys) == {
            f"doc_edited.{account_database(LEAF)}.account.{LEAF}",
            f"doc_edited.accounts.account.{LEAF}",
            f"doc_edited.services.service.{LEAF}",
        }

    @pytest.mark.parametrize(
        ("account", "parent", "reason"),
        [
            (LEFT, LEAF, "forbidden"),
            (LEFT, LEFT, "forbidden"),
            (ROOT, LEFT, "forbidden"),
            ("9" * 32, LEFT, "not_found"),
            (LEFT, "9" * 32, "not_found"),
        ],
    )
    def test_what_cannot_be_is_refused_untouched(self, zone, account, parent, reason):
        with pytest.raises(Unmovable, match=reason):
            hierarchy.move(zone, account, parent)
        assert zone.couchdb.written == []

    def test_a_second_time_changes_nothing_but_the_time(self, zone):
        hierarchy.move(zone, LEAF, RIGHT)
        before = {**own(zone, LEAF), "pvt_modified": None}
        hierarchy.move(zone, LEAF, RIGHT)
        assert {**own(zone, LEAF), "pvt_modified": None} == before
        for document in (zone.couchdb.all("accounts")[LEAF], zone.couchdb.all("services")[LEAF]):
            assert document["pvt_previous_tree"] == before["pvt_previous_tree"] == TREES[LEAF]


COUNTS = {ROOT: 4, LEFT: 2, CHILD: 1}


class TestCounting:
    def test_all(self, zone):
        hierarchy.count_descendants(zone)
        for account in TREES:
            counted = COUNTS.get(account)
            assert own(zone, account).get("descendants_count") == counted
            assert zone.couchdb.all("accounts")[account].get("descendants_count") == counted

    def test_one_also_where_it_has_none(self, zone):
        hierarchy.count_descendants(zone, LEAF)
        assert own(zone, LEAF)["descendants_count"] == 0
        assert "descendants_count" not in own(zone, ROOT)

    def test_those_that_have_none_any_more_are_set_back(self, zone):
        for database in ("accounts", plain(account_database(RIGHT))):
            zone.couchdb.put(database, {**own(zone, RIGHT), "descendants_count": 7})
        hierarchy.count_descendants(zone)
        assert own(zone, RIGHT)["descendants_count"] == 0

    def test_what_is_right_is_left_alone(self, zone):
        hierarchy.count_descendants(zone)
        zone.couchdb.written.clear()
        hierarchy.count_descendants(zone)
        assert zone.couchdb.written == []

    def test_one_of_two_copies_that_is_wrong_is_put_right(self, zone):
        hierarchy.count_descendants(zone)
        zone.couchdb.put("accounts", {**zone.couchdb.all("accounts")[ROOT], "descendants_count": 9})
        hierarchy.count_descendants(zone)
        assert zone.couchdb.all("accounts")[ROOT]["descendants_count"] == 4
