from __future__ import annotations

from typing import Any

import pytest

from kazoo_sup.kazoo.rabbitmq.listeners import CORE, EXCHANGES, Bus, Listener, exchanges, listener, queues

APPS = "kazoo_apps@my-host.example.com"


@pytest.mark.parametrize(
    ("queue", "app", "module", "node"),
    [
        (f"{APPS}-cf_exe-<0.1234.0>-deadbeef", "callflow", "cf_exe", APPS),
        (f"{APPS}-<0.99.0>-deadbee1", None, None, APPS),
        (f"{APPS}-kz_nodes-<0.99.0>-deadbee1", CORE, "kz_nodes", APPS),
        ("ecallmgr@h-ecallmgr_fs_channels-<0.9.0>-0123abcd", "ecallmgr", "ecallmgr_fs_channels", "ecallmgr@h"),
        ("freeswitch@fs-1-ecallmgr_fs_node", "ecallmgr", "ecallmgr_fs_node", None),
        (f"{APPS}-amqp_leader_listener", CORE, "amqp_leader_listener", APPS),
        ("callflow_listener", "callflow", "callflow_listener", None),
        ("fs_nodes_shared_listener", "ecallmgr", "fs_nodes_shared_listener", None),
        ("conference_controller_abc", "ecallmgr", "ecallmgr_conference_control", None),
        ("acdc.queue.manager.abc", "acdc", None, None),
        ("doodle", "doodle", None, None),
        ("statistics", "stats", None, None),
        ("resource_jobs_listener", "crossbar", "resource_jobs_listener", None),
        ("amq.gen-abc", None, None, None),
        ("somebody@else", None, None, None),
        ("", None, None, None),
    ],
)
def test_a_queue_tells_by_its_name_who_listens(queue: str, app: str | None, module: str | None, node: str | None):
    assert listener(queue) == Listener(app, module, node)


def bound(exchange: str, destination: str, to: str = "queue") -> dict[str, Any]:
    return {"exchange": exchange, "destination": destination, "to": to, "key": "#", "vhost": "/"}


def consumed(queue: str, connection: str) -> dict[str, Any]:
    return {"queue": queue, "connection": connection}


def declared(exchange: str, kind: str = "topic", **more: Any) -> dict[str, Any]:
    facts = {"durable": False, "auto_delete": False, "published_in": 3, "published_out": None}
    return {"exchange": exchange, "type": kind, **facts, **more}


OWN = f"{APPS}-cf_exe-<0.1.0>-deadbeef"
BUS = Bus.of(
    [
        bound("targeted", OWN),
        bound("callmgr", "callflow_listener"),
        bound("callmgr", "callflow_listener"),
        bound("kapps", "nobody_listener"),
        bound("presence", "kamailio"),
        bound("switch", "federation", to="exchange"),
    ],
    [
        consumed(OWN, "10.0.0.1:1 -> 10.0.0.9:5672"),
        consumed("callflow_listener", "10.0.0.1:1 -> 10.0.0.9:5672"),
        consumed("callflow_listener", "10.0.0.2:1 -> 10.0.0.9:5672"),
        consumed("kamailio", "10.0.0.3:1 -> 10.0.0.9:5672"),
    ],
    [{"connection": "10.0.0.3:1 -> 10.0.0.9:5672", "client": "rabbitmq-c"}],
)


def test_who_consumes_a_shared_queue_is_told_by_its_connection():
    names = ("callflow_listener", OWN, "nobody_listener", "kamailio")
    shared, own, nobody, kamailio = queues(BUS, ({"queue": name, "messages": 0} for name in names))
    assert (shared["app"], shared["nodes"], shared["consumers"]) == (
        "callflow",
        f"10.0.0.2:1 -> 10.0.0.9:5672, {APPS}",
        2,
    )
    assert (own["app"], own["module"], own["nodes"], own["exchanges"]) == ("callflow", "cf_exe", APPS, "targeted")
    assert (nobody["consumers"], nobody["note"]) == (0, "no consumer")
    assert (kamailio["app"], kamailio["note"]) == ("rabbitmq-c", None)


def test_where_it_is_not_known_who_consumes_nobody_is_said_not_to():
    bus = Bus.of([bound("callmgr", "callflow_listener"), bound("kapps", "nobody_listener")], None, ())
    counted = {"callflow_listener": 2, "nobody_listener": 0, "told nothing": None}
    rows = queues(bus, ({"queue": name, "messages": 0, "consumers": count} for name, count in counted.items()))
    assert [(row["app"], row["consumers"], row["note"]) for row in rows] == [
        ("callflow", 2, None),
        (None, 0, "no consumer"),
        (None, None, "bound to nothing"),
    ]
    found = {row["exchange"]: row for row in exchanges(bus, [declared("callmgr"), declared("presence")])}
    assert (found["callmgr"]["queues"], found["callmgr"]["consumers"], found["callmgr"]["note"]) == (1, None, None)
    assert found["presence"]["note"] == "nobody listens"


def test_a_queue_that_nothing_reaches_is_told():
    (row,) = queues(BUS, [{"queue": "lonely", "messages": 7}])
    assert row["note"] == "no consumer, bound to nothing"


def test_an_exchange_is_shown_with_the_apps_that_listen():
    listed = [declared("callmgr"), declared("kapps"), declared("switch"), declared("presence"), declared("amq.topic")]
    rows = {row["exchange"]: row for row in exchanges(BUS, listed)}
    assert set(rows) == set(EXCHANGES)
    callmgr = rows["callmgr"]
    assert (callmgr["queues"], callmgr["bindings"], callmgr["consumers"], callmgr["apps"]) == (1, 2, 2, "callflow")
    assert callmgr["note"] is None
    assert (rows["kapps"]["queues"], rows["kapps"]["note"]) == (1, "nobody listens")
    assert rows["switch"]["note"] is None  # another exchange takes it on
    assert rows["presence"]["apps"] == "rabbitmq-c"
    assert str(rows["targeted"]["note"]).startswith("not declared")


@pytest.mark.parametrize(
    ("exchange", "note"),
    [
        (declared("nodes", "topic"), "nobody listens, its type is not fanout: no node can use it"),
        (
            declared("nodes", "fanout", durable=True),
            "nobody listens, durable or deleted when unused: no node can use it",
        ),
        (declared("other", "headers", durable=True), "nobody listens"),
    ],
)
def test_an_exchange_that_no_node_can_use_is_told(exchange: dict[str, Any], note: str):
    rows = {row["exchange"]: row for row in exchanges(Bus.of([], [], []), [exchange])}
    assert rows[exchange["exchange"]]["note"] == note
