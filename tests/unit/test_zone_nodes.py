"""Kazoo's nodes, heard or not."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.zone.health.nodes import Answer, judge, on_bus
from kazoo_sup.settings import Timeouts

APPS1, APPS2 = "kazoo_apps@apps1.example.com", "kazoo_apps@apps2.example.com"
NOW = 63_900_000_000
LONG = Timeouts().nodes


def states(answer, *expected):
    return {each.name: (str(each.state), each.summary) for each in judge(frozenset(expected), NOW, answer)}


def test_a_node_that_was_heard_says_what_it_runs():
    advert = {
        "WhApps": {"crossbar": {"Startup": NOW - 3600}, "ecallmgr": {"Startup": NOW - 60}},
        "Media-Servers": {"freeswitch@fs1": {}},
        "Channels": 4,
    }
    assert states(Answer({APPS1: advert})) == {APPS1: ("ok", "2 apps, up 1h, 1 media server, 4 channels")}


def test_a_node_without_apps_is_a_warning():
    assert states(Answer({APPS1: {}})) == {APPS1: ("warning", "runs no app")}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer({}, seconds=0.8), "unknown"),
        (Answer({}, seconds=0.8, on_bus={APPS1: {"crossbar"}}), "ok"),
        (Answer({}, seconds=0.8, on_bus={}), "critical"),
        (Answer({}, seconds=LONG), "critical"),
        (Answer({}, seconds=LONG, on_bus={APPS1: set()}), "warning"),
        (Answer({APPS1: {"WhApps": {"crossbar": {}}}}, silent=frozenset([APPS1])), "critical"),
        (Answer({APPS1: {"WhApps": {"crossbar": {}}}}, silent=frozenset([APPS1]), on_bus={APPS1: {"x"}}), "warning"),
        (Answer({}, deaf="no node can be heard: x"), "unknown"),
    ],
)
def test_a_node_that_was_not_heard_is_judged_by_the_time_and_by_its_queues(answer, state):
    assert states(answer, APPS1)[APPS1][0] == state


def test_nodes_that_nobody_expected_count_as_well():
    found = states(Answer({}, seconds=1, on_bus={APPS2: {"callflow", "crossbar"}}), APPS1)
    assert found[APPS2] == ("ok", "on the bus with callflow, crossbar")
    assert found[APPS1] == ("critical", "nothing of it is on the bus")


def test_where_no_node_is_known_that_is_said():
    assert states(Answer({}, seconds=0.84)) == {"nodes": ("unknown", "not heard within 0.8 s; that may take 16 s")}


def test_the_names_of_consumed_queues_tell_nodes_and_apps():
    queues = [
        {"queue": f"{APPS1}-cf_listener-<0.1.0>-01234567", "consumers": 1},
        {"queue": f"{APPS1}-hooks_listener-<0.2.0>-01234567", "consumers": 1},
        {"queue": f"{APPS2}-<0.1.0>-01234567", "consumers": 0},
        {"queue": "sysconf_listener", "consumers": 2},
    ]
    assert on_bus(queues) == {APPS1: {"callflow"}}
