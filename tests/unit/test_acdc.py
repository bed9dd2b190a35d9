"""Call centres: what is printed of their calls and agents, and which accounts have them."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.bus.collect import Reach
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH
from kazoo_sup.kazoo.ecallmgr import acdc
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import acdc as texts_of_acdc
from kazoo_sup.texts.ecallmgr import agent_table, call_statistics

ONE, TWO, GONE = "1" * 32, "2" * 32, "3" * 32
NOON = GREGORIAN_EPOCH + 12 * 60 * 60


def migrated(zone):
    """Return what is printed of the migration, every part of which was done."""
    *events, report = acdc.migrate(zone)
    assert report.exit_code == 0
    return texts_of_acdc.lines(events)


def user(name, *queues):
    return {"_id": name, "pvt_type": "user", "queues": list(queues)}


@pytest.fixture
def centre(zone):
    """A zone with two accounts, the first of which has a queue and an agent, and views as acdc registers them."""
    queues = "function (doc) { if (doc.pvt_type === 'queue') emit(doc._id, null); }"
    agents = "function (doc) { if (doc.pvt_type === 'user' && doc.queues.length) emit(doc._id, null); }"
    for account in (ONE, TWO):
        database = plain(account_database(account))
        zone.couchdb.put(database, {"_id": account})
        zone.couchdb.put_design(database, "queues", crossbar_listing=queues)
        zone.couchdb.put_design(database, "agents", crossbar_listing=agents)
    zone.couchdb.put(plain(account_database(ONE)), {"_id": "queue", "pvt_type": "queue"}, user("bob", "queue"))
    return zone


class TestMigrating:
    def test_accounts_with_queues_are_switched_on_and_those_that_are_gone_are_forgotten(self, centre):
        centre.couchdb.put_views("acdc", "acdc")
        centre.couchdb.put("acdc", {"_id": GONE, "pvt_type": "acdc_activation", "pvt_account_id": GONE})
        lines = list(migrated(centre))
        assert lines == [
            f'account <<"{GONE}">> not found in accounts, removing from acdc',
            "removed any missing accounts from acdc",
            f"account {ONE} has queues, adding to acdc db",
            f"saved account {ONE} to db",
            "migration complete",
        ]
        found = centre.couchdb.all("acdc")
        assert found.keys() == {"_design/acdc", ONE}
        assert (found[ONE]["pvt_type"], found[ONE]["pvt_account_id"]) == ("acdc_activation", ONE)
        assert list(migrated(centre)) == ["removed any missing accounts from acdc", "migration complete"]

    def test_the_database_is_made_where_it_is_missing(self, zone):
        assert list(migrated(zone))[-1] == "migration complete"
        assert zone.couchdb.exists("acdc")


class TestStatuses:
    def stored(self, zone, *told):
        database = plain(months.database(ONE, months.this_month()))
        statuses = "function (doc) { emit([doc.timestamp, doc.agent_id], null); }"
        zone.couchdb.put_design(database, "agent_stats", most_recent_by_timestamp=statuses)
        for number, (agent, status, time) in enumerate(told):
            zone.couchdb.put(database, {"_id": f"s{number}", "agent_id": agent, "status": status, "timestamp": time})

    def test_the_newest_that_is_stored_or_told_counts(self, centre, monkeypatch):
        self.stored(centre, ("bob", "ready", NOON), ("bob", "paused", NOON + 5), ("eve", "logged_out", NOON + 9))
        told = {"Agents": {"eve": {"a": {"agent_id": "eve", "status": "ready", "timestamp": NOON + 10}}}}
        monkeypatch.setattr(acdc, "Collector", lambda *_given, **_more: Told([told, {"Agents": "rubbish"}]))
        found, errors = acdc.statuses(Reach([centre]), ONE)
        assert [(each["agent_id"], each["status"]) for each in found] == [("bob", "paused"), ("eve", "ready")]
        assert errors == []

    def test_agents_of_several_accounts_are_told_apart(self, centre, monkeypatch):
        status = {"agent_id": "bob", "status": "ready", "timestamp": NOON}
        answer = {"Agents": {"bob": {"a": status}}, "of": TWO}
        monkeypatch.setattr(acdc, "Collector", lambda *_given, **_more: Told([answer]))
        found, _errors = acdc.all_statuses(Reach([centre]), [ONE, TWO])
        assert found == {ONE: [], TWO: [status]}

    def test_the_table_has_a_number_and_a_time_for_each(self):
        lines = list(agent_table(ONE, [{"agent_id": "bob", "status": "ready", "timestamp": NOON}]))
        assert lines[0] == f"Agent Statuses for {ONE}"
        assert [cell.strip() for cell in lines[2].split("|")] == ["1", "bob", "ready", "1970-01-01_12:00:00", ""]
        assert list(agent_table(ONE, [])) == []
        far = list(agent_table(ONE, [{"agent_id": "bob", "status": "ready", "timestamp": 10**18}]))
        assert str(10**18) in far[2]


class Told(list):
    """Answers that have come, and of which account they tell."""

    errors = ()

    def question(self, answer):
        return {"Account-ID": answer.get("of", ONE)}


def test_calls_are_printed_by_category_with_the_gaps_behind_all():
    call = {"Call-ID": "c1", "Misses": [], "Entered-Timestamp": 5, "_rev": "1-a"}
    lines = list(call_statistics([{"Waiting": [call], "Handled": [], "Query-Time": 1}]))
    assert lines == [
        "call stats in Waiting",
        'Call-ID: <<"c1">>',
        "Misses: []",
        "Entered-Timestamp: 5",
        "call stats in Handled",
        *[""] * 4,
    ]
    assert list(call_statistics([{"Error-Reason": {"Account-ID": "missing"}}])) == []
