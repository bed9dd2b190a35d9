"""Call centres: what is printed of their calls and agents, and which accounts have them."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo import months
from kazoo_sup.kazoo.calls import acdc
from kazoo_sup.kazoo.collecting import Reach
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH
from kazoo_sup.names import account_database, plain

ONE, TWO, GONE = "1" * 32, "2" * 32, "3" * 32
NOON = GREGORIAN_EPOCH + 12 * 60 * 60


def user(name, *queues):
    return {"_id": name, "pvt_type": "user", "queues": list(queues)}


@pytest.fixture
def centre(zone):
    """A zone with two accounts, the first of which has a queue and an agent, and views as acdc registers them."""
    zone.couchdb.views["acdc", "accounts_listing"] = lambda each: [(each.get("pvt_account_id"), None)]
    zone.couchdb.views["queues", "crossbar_listing"] = lambda each: (
        [(each["_id"], None)] if each.get("pvt_type") == "queue" else []
    )
    zone.couchdb.views["agents", "crossbar_listing"] = lambda each: [(each["_id"], None)] if each.get("queues") else []
    zone.couchdb.views["agent_stats", "most_recent_by_timestamp"] = lambda each: [
        ([each["timestamp"], each["agent_id"]], None)
    ]
    for account in (ONE, TWO):
        database = plain(account_database(account))
        zone.couchdb.put(database, {"_id": account}, {"_id": "_design/queues"}, {"_id": "_design/agents"})
    zone.couchdb.put(plain(account_database(ONE)), {"_id": "queue", "pvt_type": "queue"}, user("bob", "queue"))
    return zone


class TestMigrating:
    def test_accounts_with_queues_are_switched_on_and_those_that_are_gone_are_forgotten(self, centre):
        centre.couchdb.put("acdc", {"_id": "_design/acdc"}, {"_id": GONE, "pvt_account_id": GONE})
        lines = list(acdc.migrate(centre))
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
        assert list(acdc.migrate(centre)) == ["removed any missing accounts from acdc", "migration complete"]

    def test_the_database_is_made_where_it_is_missing(self, zone):
        assert list(acdc.migrate(zone))[-1] == "migration complete"
        assert zone.couchdb.exists("acdc")


class TestStatuses:
    def stored(self, zone, *told):
        database = plain(months.database(ONE, months.this_month()))
        zone.couchdb.put(database, {"_id": "_design/agent_stats", "timestamp": 0, "agent_id": ""})
        for number, (agent, status, time) in enumerate(told):
            zone.couchdb.put(database, {"_id": f"s{number}", "agent_id": agent, "status": status, "timestamp": time})

    def test_the_newest_that_is_stored_or_told_counts(self, centre, monkeypatch):
        self.stored(centre, ("bob", "ready", NOON), ("bob", "paused", NOON + 5), ("eve", "logged_out", NOON + 9))
        told = {"Agents": {"eve": {"a": {"agent_id": "eve", "status": "ready", "timestamp": NOON + 10}}}}
        monkeypatch.setattr(acdc, "Collecting", lambda *_given, **_more: Told([told, {"Agents": "rubbish"}]))
        found, errors = acdc.statuses(Reach([centre]), ONE)
        assert [(each["agent_id"], each["status"]) for each in found] == [("bob", "paused"), ("eve", "ready")]
        assert errors == []

    def test_agents_of_several_accounts_are_told_apart(self, centre, monkeypatch):
        status = {"agent_id": "bob", "status": "ready", "timestamp": NOON}
        answer = {"Agents": {"bob": {"a": status}}, "of": TWO}
        monkeypatch.setattr(acdc, "Collecting", lambda *_given, **_more: Told([answer]))
        found, _errors = acdc.all_statuses(Reach([centre]), [ONE, TWO])
        assert found == {ONE: [], TWO: [status]}

    def test_the_table_has_a_number_and_a_time_for_each(self):
        lines = list(acdc.status_table(ONE, [{"agent_id": "bob", "status": "ready", "timestamp": NOON}]))
        assert lines[0] == f"Agent Statuses for {ONE}"
        assert [cell.strip() for cell in lines[2].split("|")] == ["1", "bob", "ready", "1970-01-01_12:00:00", ""]
        assert list(acdc.status_table(ONE, [])) == []
        far = list(acdc.status_table(ONE, [{"agent_id": "bob", "status": "ready", "timestamp": 10**18}]))
        assert str(10**18) in far[2]


class Told(list):
    """Answers that have come, and of which account they tell."""

    errors = ()

    def question(self, answer):
        return {"Account-ID": answer.get("of", ONE)}


def test_calls_are_printed_by_category_with_the_gaps_behind_all():
    call = {"Call-ID": "c1", "Misses": [], "Entered-Timestamp": 5, "_rev": "1-a"}
    lines = list(acdc.call_lines([{"Waiting": [call], "Handled": [], "Query-Time": 1}]))
    assert lines == [
        "call stats in Waiting",
        'Call-ID: <<"c1">>',
        "Misses: []",
        "Entered-Timestamp: 5",
        "call stats in Handled",
        *[""] * 4,
    ]
    assert list(acdc.call_lines([{"Error-Reason": {"Account-ID": "missing"}}])) == []
