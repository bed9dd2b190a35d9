"""Thresholds and rates of hangups (Kazoo hangups_maintenance)."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import hangups_maintenance
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.bus import NobodyThere
from kazoo_sup.kazoo.ecallmgr import hangups
from kazoo_sup.kazoo.ecallmgr.hangups import Meter
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import hangups as texts

ACCOUNT = "1" * 32


@pytest.fixture
def zone(zone):
    zone.couchdb.put(plain(account_database(ACCOUNT)), {"_id": ACCOUNT, "pvt_type": "account"})
    zone.couchdb.put("system_config", {"_id": "hangups", "default": {"hangups_to_monitor": ["A", "B"]}})
    return zone


def thresholds(zone, cause):
    return zone.couchdb.all("system_config").get(f"hangups.{cause}", {}).get("default")


def test_a_metric_is_set_for_every_cause_that_is_watched(zone):
    outcome = hangups_maintenance.set_metric(zone, "one", "3")
    assert list(outcome.lines) == [f'set one for hangups.{cause} to <<"3">>' for cause in "AB"]
    assert thresholds(zone, "A") == thresholds(zone, "B") == {"one": "3"}


def test_a_cause_that_no_call_ends_with_is_told_of(zone):
    for cause in ("USER_BUSY", "A"):
        hangups_maintenance.set_threshold(zone, cause, "one", "3")
        assert zone.warnings == []
    hangups_maintenance.set_threshold(zone, "USER_BUZY", "one", "3")
    hangups_maintenance.set_monitor_threshold(zone, "user_buzy", "3")
    assert zone.warnings == [
        "no call ends with 'USER_BUZY', which is not a cause that FreeSWITCH knows; did you mean USER_BUSY?"
    ] * len(zone.warnings)
    assert len(zone.warnings) == 2
    assert thresholds(zone, "USER_BUZY")


def test_an_account_has_thresholds_of_its_own(zone):
    hangups_maintenance.set_threshold(zone, ACCOUNT, "A", "five", "2")
    hangups_maintenance.set_metric(zone, ACCOUNT, "mean", "4")
    stored = zone.couchdb.all(plain(account_database(ACCOUNT)))
    assert (stored["configs_hangups.A"]["five"], stored["configs_hangups.B"]["mean"]) == ("2", "4")
    assert thresholds(zone, "A") is None


@pytest.mark.parametrize(
    ("metric", "load", "line"),
    [
        ("eleven", "x", "metric 'eleven' is invalid"),
        ("one", "x", " load_avg '<<\"x\">>' is invalid"),
        ("one", "-1", "load_avg of -1.0 is too low"),
    ],
)
def test_what_is_no_metric_or_no_rate_is_told_and_not_set(zone, metric, load, line):
    assert list(hangups_maintenance.set_metric(zone, metric, load).lines) == [line]
    assert list(hangups_maintenance.set_threshold(zone, "A", metric, load).lines) == [line]
    assert thresholds(zone, "A") is None


def test_a_cause_that_is_not_watched_is_told_and_set(zone):
    (line,) = hangups_maintenance.set_threshold(zone, "C", "one", "3").lines
    assert line.startswith("  'C' not currently monitored, adding to A, B")
    assert thresholds(zone, "C") == {"one": "3"}


def test_one_rate_gives_all_thresholds(zone):
    outcome = hangups_maintenance.set_monitor_threshold(zone, "a", "2")
    assert outcome.term is True
    assert next(iter(outcome.lines)) == "setting five for hangups.A to 10.0"
    assert thresholds(zone, "A") == {"five": 10.0, "fifteen": 30.0, "day": 2880.0, "one": 2.0}
    zone.rerun()
    (line,) = hangups_maintenance.set_monitor_threshold(zone, "A", "five", 7.0).lines
    assert line == "updating five for hangups.A to 7.0 from 10.0"
    assert hangups_maintenance.set_monitor_threshold(zone, "A", "eleven", 7.0).term is False
    with pytest.raises(BadArgument):
        hangups_maintenance.set_monitor_threshold(zone, "A", "x")


def test_monitors_are_set_only_where_there_are_none(zone):
    zone.couchdb.put("system_config", {"_id": "hangups.A", "default": {"one": 9}})
    lines = list(hangups_maintenance.activate_monitors(zone, ACCOUNT, 2.0).lines)
    assert len(lines) == 4
    assert all("hangups.B" in line for line in lines)
    assert thresholds(zone, "A") == {"one": 9}


def test_rates_stand_in_a_table_by_cause_and_account(zone):
    zone.couchdb.put("system_config", {"_id": "hangups.A", "default": {"one": 12.5}})
    meters = {
        Meter("B", ACCOUNT): {"one": 0.25},
        Meter("A"): {"one": 1.5, "five": 2, "fifteen": 123456.78901},
    }
    heading, first, second = texts.table(hangups.with_thresholds(zone, meters))
    assert len(heading) == len(first) == len(second)
    assert [cell.strip() for cell in first.split("|")] == ["A", "", "1.5", "2.0", "123456.789", "1.25000e+1", ""]
    assert [cell.strip() for cell in second.split("|")][-2] == "undefined"
    assert list(texts.table(hangups.with_thresholds(zone, {}))) == ["No data found for request"]


class Conversation:
    """Nobody is there but a queue with so many consumers."""

    def __init__(self, consumers):
        self._consumers = consumers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def consumers(self, _queue):
        return self._consumers


def test_nobody_is_asked_where_no_node_runs_hangups(zone, monkeypatch):
    monkeypatch.setattr(zone.connections, "conversation", lambda bindings: Conversation(0))
    with pytest.raises(NobodyThere, match="no hangups node is on the bus of zone local"):
        hangups.measured(zone)


def test_what_nodes_have_measured_is_added_up(zone, monkeypatch):
    meters = [{"hangup_cause": "A", "one": 1.5}, {"hangup_cause": "A", "account_id": ACCOUNT, "one": 1}, {"count": 9}]
    answers = [{"meters": meters}, {"meters": [{"hangup_cause": "A", "one": 2.0, "five": 1}]}, {}]
    monkeypatch.setattr(hangups.collect, "Collector", lambda *_, **__: iter(answers))
    assert hangups.measured(zone) == {
        Meter("A"): {"one": 3.5, "five": 1.0, "fifteen": 0.0},
        Meter("A", ACCOUNT): {"one": 1.0, "five": 0.0, "fifteen": 0.0},
    }
    lines = list(hangups_maintenance.hangup_summary(zone, "a", ACCOUNT).lines)
    assert lines[0] == f"checking hangup summary for A.{ACCOUNT}"
    assert len(lines) == 3
