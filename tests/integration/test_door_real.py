"""The door for writes on a real server."""

from __future__ import annotations

import pytest

from helpers.couchdb_server import connected
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.numbers import pools
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import MANAGED, encoded

pytestmark = pytest.mark.integration


@pytest.fixture
def zone(cluster, tmp_path):
    """A zone of the seeded server and a broker in memory, with one more database."""
    couchdb = connected(cluster)
    couchdb.create("sup-test/db")
    yield MemoryZone(tmp_path, couchdb=couchdb)
    couchdb.close()


DATABASE = encoded("sup-test/db")


def put(zone, **document):
    """Save a document as somebody else does, whatever is there."""
    document["_id"] = document.pop("id")
    stored = zone.couchdb.get("sup-test/db", document["_id"])
    [result] = zone.couchdb.save("sup-test/db", [document | ({"_rev": stored["_rev"]} if stored else {})])
    assert result.error is None
    return zone.couchdb.get("sup-test/db", document["_id"])


def counted(stored):
    return {**(stored or {"_id": "x", "n": 0}), "n": (stored or {"n": 0})["n"] + 1}


def test_thousands_are_saved_in_order_and_each_is_announced_with_its_revision(zone):
    made = [Change(DATABASE, {"_id": f"{number:05}", "pvt_type": "t"}, None) for number in range(4000)]
    assert changes.apply(zone, made).saved == 4000
    assert [report.id for report in zone.reports] == [change.id for change in made]
    stored = {each["_id"]: each["_rev"] for each in zone.couchdb.documents("sup-test/db", include_docs=False)}
    assert {event["ID"]: event["Rev"] for event in zone.broker.events} == stored
    assert zone.waiting == []


def test_others_edits_are_kept(zone):
    before = put(zone, id="x", n=1, k="old")
    put(zone, id="x", n=1, k="old", theirs=True)
    changes.apply(zone, [Change(DATABASE, {**before, "k": "new"}, before, lambda stored: {**stored, "k": "new"})])
    stored = zone.couchdb.get("sup-test/db", "x")
    assert (stored["k"], stored["theirs"]) == ("new", True)
    assert zone.broker.events[0]["Rev"] == stored["_rev"]


def test_changes_of_one_document_in_one_run_are_all_made(zone):
    changes.apply(zone, [Change(DATABASE, counted(None), None, counted) for _ in range(5)])
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 5


def test_without_a_way_to_reapply_it_a_stale_change_fails_and_nothing_is_overwritten(zone):
    before = put(zone, id="x", n=1)
    put(zone, id="x", n=2)
    tally = changes.apply(zone, [Change(DATABASE, {**before, "n": 3}, before), Change(DATABASE, {"_id": "y"}, None)])
    assert tally.counts == {"failed": 1, "created": 1}
    assert isinstance(tally.errors[0], Conflict)
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 2


def test_what_was_deleted_can_be_made_again(zone):
    before = put(zone, id="x", n=1)
    changes.apply(zone, [Change(DATABASE, None, before)])
    assert zone.couchdb.get("sup-test/db", "x") is None
    changes.apply(zone, [Change(DATABASE, None, before)])
    changes.apply(zone, [Change(DATABASE, {"_id": "x", "n": 2}, None)])
    # What is gone when it shall be deleted may be gone by a first copy of this very request, so it counts as deleted.
    assert [report.action for report in zone.reports] == ["deleted", "deleted", "created"]
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 2


def test_a_dry_run_tells_the_truth_and_writes_nothing(zone):
    put(zone, id="same", n=1)
    put(zone, id="other", n=1)
    zone.rerun(dry_run=True)
    made = [
        Change(DATABASE, {"_id": "same", "n": 1}, None, lambda stored: stored),
        Change(DATABASE, {"_id": "other", "n": 2}, None, lambda stored: {**stored, "n": 2}),
        Change(DATABASE, {"_id": "new"}, None, lambda stored: stored),
    ]
    before = list(zone.couchdb.documents("sup-test/db"))
    changes.apply(zone, made)
    assert [(report.id, report.action) for report in zone.reports] == [
        ("same", "unchanged"),
        ("other", "edited"),
        ("new", "created"),
    ]
    assert list(zone.couchdb.documents("sup-test/db")) == before


def test_a_missing_database_is_told(zone):
    mixed = [Change("nosuch", {"_id": "x"}, None), Change(DATABASE, {"_id": "x"}, None)]
    tally = changes.apply(zone, mixed)
    assert tally.counts == {"failed": 1, "created": 1}
    assert str(tally.errors[0]) == "nosuch/x was not saved: CouchDB has no database nosuch"
    assert zone.broker.keys == [f"doc_created.{DATABASE}.undefined.x"]


def test_numbers_twice(zone):
    pool = pools.find("managed", zone)
    views.ensure_database(zone, MANAGED)
    for expected in ({"created": 1500}, {"unchanged": 1500}):
        assert changes.apply(zone, pools.generated(pool, ACCOUNT, 2_223_000_000, 1500)).counts == expected


def test_settings_and_accounts(zone):
    document = system_config.set_value(zone, "my.category", "a.b", {"c": None}, section="default")
    stored = zone.couchdb.get("system_config", "my.category")
    assert stored == document
    assert stored["default"] == {"a": {"b": {"c": None}}}
    assert accounts.find("LAB.example.com", zone) == accounts.find("Lab", zone) == ACCOUNT
