from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.rabbitmq import listings, vhost
from kazoo_sup.kazoo.rabbitmq.alarms import judge, read
from kazoo_sup.kazoo.rabbitmq.listings import NoStatistics, PluginMissing, at, row
from kazoo_sup.kazoo.rabbitmq.visibility import HiddenHosts, OnlyOwn, OnlyPermitted
from kazoo_sup.settings import Server


class API:
    """Gives the objects of each path, and NotFound where there are none."""

    called = "RabbitMQ mq"

    def __init__(self, **lists: Any) -> None:
        self._lists = lists

    def members(self) -> Any:
        return self.whole("nodes")

    def check(self, *path: str) -> Any:
        return self._lists.get("/".join(path))

    def whole(self, *path: str, columns: Any = ()) -> Any:
        name = "/".join(path)
        if name not in self._lists:
            raise NotFound(server="RabbitMQ", what=name)
        return self._lists[name]

    item = whole

    def pages(self, *path: str, columns: Any = ()) -> Any:
        yield from self.whole(*path)


WHOEVER = {"whoami": {"name": "op", "tags": ["monitoring"]}}


@pytest.mark.parametrize(
    ("item", "place", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a": "text"}, "a.b", None),
        ({"a": None}, "a.b", None),
        ({}, "a", None),
        ([], "a", None),
        ({"a": "amqp://u:hunter2@h"}, "a", "amqp://****@h"),
    ],
)
def test_a_column_is_found_inside_or_is_none(item: Any, place: str, value: Any):
    assert at(item, place) == value


def test_a_row_has_every_column():
    assert row({"name": "q"}, listings.QUEUES) == dict.fromkeys(listings.QUEUES) | {"queue": "q"}


def test_bindings_are_read_for_one_exchange_after_the_other_without_the_nameless_one():
    lists = {
        "exchanges": [{"vhost": "/", "name": ""}, {"vhost": "/", "name": "a"}, {"vhost": "v", "name": "b"}],
        "exchanges///a/bindings/source": [{"source": "a", "destination": "q", "destination_type": "queue"}],
        "vhosts": [{"name": "/"}, {"name": "v"}],
        "exchanges/v/b/bindings/source": [{"source": "b", "destination": "r", "destination_type": "queue"}],
    }
    assert [found["destination"] for found in listings.bindings(API(**lists))] == ["q", "r"]
    assert [found["destination"] for found in listings.bindings(API(**lists), exchange="b")] == ["r"]
    for host in (None, "v"):
        with pytest.raises(NotFound, match="^RabbitMQ mq has no exchange 'nope'$"):
            list(listings.bindings(API(**lists, **{"exchanges/v": lists["exchanges"]}), host, "nope"))


def test_only_channels_that_lost_messages_are_shown_after_the_total():
    lost = {"message_stats": {"publish": 9, "drop_unroutable": 2, "return_unroutable": 0}}
    lists = {"overview": lost, "channels": [{"name": "one"}, {"name": "two", **lost}], **WHOEVER}
    total, two = listings.unroutable(API(**lists))
    assert (total["dropped"], two["channel"], two["dropped"]) == (2, "two", 2)


def test_where_nobody_counts_it_is_not_known_what_was_lost():
    with pytest.raises(NoStatistics, match="^RabbitMQ mq keeps no statistics: how many messages were lost") as told:
        list(listings.unroutable(API(overview={}, channels=[], **WHOEVER)))
    assert told.value.exit_code == 5


def test_counts_of_what_the_user_may_not_see_are_told_to_be_no_counts():
    lists = {"overview": {"object_totals": {"queues": 0}}, "vhosts": [{"name": "/"}], "exchanges": []}
    with pytest.raises(HiddenHosts, match="no permissions in virtual host '/'"):
        list(listings.overview(API(**lists, **WHOEVER)))
    with pytest.raises(OnlyOwn, match="only connections and channels of its own"):
        list(listings.overview(API(**lists, whoami={"name": "op", "tags": ["management"]})))
    seen = listings.overview(API(**{**lists, "exchanges": [{"vhost": "/"}]}, **WHOEVER))
    assert {each["name"]: each["value"] for each in seen}["queues"] == 0


def test_a_broker_without_a_plugin_is_told_from_one_without_shovels():
    assert list(listings.shovels(API(shovels=[]))) == []
    with pytest.raises(PluginMissing, match="rabbitmq_shovel_management"):
        list(listings.shovels(API()))
    with pytest.raises(PluginMissing, match="rabbitmq_federation_management"):
        list(listings.federation(API()))


@pytest.mark.parametrize("listing", [listings.queues, listings.exchanges, listings.consumers, listings.bindings])
def test_a_virtual_host_that_is_not_there_is_told(listing: Any):
    with pytest.raises(NotFound, match="virtual host 'v'"):
        list(listing(API(), "v"))


WELL = {"mem_alarm": False, "disk_free_alarm": False, "partitions": [], "fd_used": 9, "fd_total": 10}


def test_a_healthy_node_has_no_alarm():
    node = {"name": "rabbit@h", "running": True, **WELL}
    found = judge([node, {**WELL, "name": "rabbit@i", "fd_used": "unknown"}], None)
    assert (found.rows, found.unknown) == ([], [])


def test_a_node_that_has_lost_others_names_them():
    nodes = [{"name": "rabbit@h", "running": True, **WELL, "partitions": ["rabbit@i", "rabbit@j"]}]
    row = {"node": "rabbit@h", "alarm": "partition", "detail": "it has lost rabbit@i, rabbit@j"}
    assert judge(nodes, None).rows == judge(nodes, []).rows == [row]


def test_alarms_are_those_that_the_broker_says_are_in_effect_whatever_its_nodes_still_tell():
    node = {"name": "rabbit@h", **WELL, "mem_used": 7, "mem_limit": 5}
    failed = {"status": "failed", "alarms": [{"node": "rabbit@h", "resource": "memory"}], "reason": "alarms"}
    found = read(API(nodes=[node], **{"health/checks/alarms": failed}))  # type: ignore[arg-type]
    [alarm] = found.rows
    assert alarm == {"node": "rabbit@h", "alarm": "memory", "detail": "7 of 5 bytes in use; publishers are blocked"}
    gone = read(API(nodes=[{**node, "mem_alarm": True}], **{"health/checks/alarms": {"status": "ok"}}))  # type: ignore[arg-type]
    assert gone.rows == []


def test_a_broker_without_statistics_still_tells_of_its_alarms():
    bare = {"name": "rabbit@h", "type": "disc", "running": True}
    failed = {"status": "failed", "alarms": [{"node": "rabbit@h", "resource": "disk"}]}
    found = read(API(nodes=[bare], **{"health/checks/alarms": failed}))  # type: ignore[arg-type]
    assert [(row["node"], row["alarm"]) for row in found.rows] == [("rabbit@h", "disk")]
    [unknown] = found.unknown
    assert unknown.startswith("rabbit@h keeps no statistics")


def test_what_nobody_tells_is_not_known():
    found = read(API(nodes=[{"name": "rabbit@h", "running": True}]))  # type: ignore[arg-type]
    assert found.rows == []
    assert found.unknown[0] == "rabbit@h does not tell of alarms for memory and disk"
    stopped = read(API(nodes=[{"name": "rabbit@h", "running": False}]))  # type: ignore[arg-type]
    assert ([row["alarm"] for row in stopped.rows], stopped.unknown) == (["down"], [])


@pytest.mark.parametrize("failed", [{"status": "failed"}, {"status": "failed", "alarms": [7], "reason": "who knows"}])
def test_an_alarm_that_is_not_described_is_one(failed: dict[str, Any]):
    assert len(read(API(nodes=[{"name": "a", **WELL}], **{"health/checks/alarms": failed})).rows) == 1  # type: ignore[arg-type]


class TestWhatTheUserSees:
    HOSTS = ({"name": "/"}, {"name": "kazoo"})

    @pytest.mark.parametrize("listing", [listings.queues, listings.exchanges, listings.bindings])
    @pytest.mark.parametrize(
        ("hosts", "exchanges", "hidden"),
        [
            (HOSTS, [], "'/', 'kazoo'"),
            (HOSTS, [{"vhost": "/", "name": ""}], "virtual host 'kazoo'"),
            ([], [], "any virtual host"),
        ],
    )
    def test_hosts_without_permission_are_not_taken_for_empty_ones(self, listing, hosts, exchanges, hidden):
        lists = {"vhosts": hosts, "exchanges": exchanges, "queues": [], **WHOEVER}
        with pytest.raises(HiddenHosts, match=f"^user op of RabbitMQ mq has no permissions in .*{hidden}") as told:
            list(listing(API(**lists)))
        assert told.value.exit_code == 5

    def test_an_exchange_that_he_may_not_see_is_not_said_to_be_missing(self):
        lists = {"vhosts": self.HOSTS, "exchanges": [{"vhost": "/", "name": "x"}], **WHOEVER}
        with pytest.raises(HiddenHosts, match="'kazoo'"):
            list(listings.bindings(API(**lists), None, "callmgr"))  # type: ignore[arg-type]

    def test_whoever_sees_all_is_told_nothing(self):
        lists = {"vhosts": self.HOSTS, "exchanges": [{"vhost": "/"}, {"vhost": "kazoo"}], "queues": [{"name": "q"}]}
        assert len(list(listings.queues(API(**lists)))) == 1  # type: ignore[arg-type]

    @pytest.mark.parametrize("listing", [listings.queues, listings.exchanges, listings.bindings])
    def test_whoever_is_shown_only_hosts_of_his_own_is_told_so(self, listing):
        lists = {"vhosts": [{"name": "/"}], "exchanges": [{"vhost": "/", "name": ""}], "queues": [], "bindings": []}
        api = API(**lists, whoami={"name": "op", "tags": "management"})
        with pytest.raises(OnlyPermitted, match="^user op of RabbitMQ mq .*; only its own virtual hosts are listed$"):
            list(listing(api))

    @pytest.mark.parametrize("tags", ["management", ["management", "policymaker"]])
    @pytest.mark.parametrize(
        ("listing", "what"),
        [(listings.connections, "connections"), (listings.unroutable, "channels"), (listings.consumers, "consumers")],
    )
    def test_whoever_sees_only_connections_of_his_own_is_told_so(self, tags, listing, what):
        seen = {"connections": [], "channels": [], "consumers": [], "overview": {"message_stats": {}}}
        api = API(**seen, whoami={"name": "op", "tags": tags})
        with pytest.raises(OnlyOwn, match=f"^user op of RabbitMQ mq .*; only {what} of its own are listed$"):
            list(listing(api))

    def test_whoever_monitors_sees_consumers_where_he_has_no_permissions(self):
        consumers = [{"consumer_tag": "c", "queue": {"vhost": "kazoo"}}]
        lists = {"vhosts": self.HOSTS, "exchanges": [], "consumers": consumers}
        api = API(**lists, whoami={"name": "op", "tags": "monitoring"})
        assert len(list(listings.consumers(api))) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "alarm"),
    [
        ({"mem_alarm": True}, "memory"),
        ({"disk_free_alarm": True}, "disk"),
        ({"running": False}, "down"),
        ({"partitions": ["rabbit@i"]}, "partition"),
        ({"fd_used": 95, "fd_total": 100}, "files"),
        ({"sockets_used": 95, "sockets_total": 100}, "sockets"),
    ],
)
def test_what_is_wrong_with_a_node_is_an_alarm(facts: dict[str, Any], alarm: str):
    (found,) = judge([{"name": "rabbit@h", **WELL, **facts}], None).rows
    assert (found["node"], found["alarm"]) == ("rabbit@h", alarm)


@pytest.mark.parametrize(("since", "shown"), [(1_700_000_000_000, "2023-11-14 22:13:20"), (None, None), (10**30, None)])
def test_when_a_connection_was_made_is_told_in_utc(since: Any, shown: str | None):
    (found,) = listings.connections(API(connections=[{"name": "c", "connected_at": since}], **WHOEVER))
    assert found["since"] == shown


def test_a_node_has_its_uptime_in_seconds():
    one, two = listings.nodes(API(nodes=[{"name": "a", "uptime": 61_500}, {"name": "b"}]))
    assert (one["uptime"], two["uptime"]) == (61, None)


@pytest.mark.parametrize(
    ("url", "host"), [("amqp://h:5672", "/"), ("amqp://h/", "/"), ("amqp://h/%2F", "/"), ("amqp://h/kazoo", "kazoo")]
)
def test_the_virtual_host_is_the_brokers(url: str, host: str):
    assert vhost(SimpleNamespace(settings=SimpleNamespace(brokers=(Server(url),)))) == host
    assert vhost(SimpleNamespace(settings=SimpleNamespace(brokers=()))) == "/"
