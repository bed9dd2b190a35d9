from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.rabbitmq import listings, vhost
from kazoo_sup.kazoo.rabbitmq.listings import PluginMissing, alarms, at, row
from kazoo_sup.settings import Server


class API:
    """Gives the objects of each path, and NotFound where there are none."""

    def __init__(self, **lists: Any) -> None:
        self._lists = lists

    def whole(self, *path: str, columns: Any = ()) -> Any:
        name = "/".join(path)
        if name not in self._lists:
            raise NotFound(server="RabbitMQ", what=name)
        return self._lists[name]

    get = whole

    def pages(self, *path: str, columns: Any = ()) -> Any:
        yield from self.whole(*path)


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
        "exchanges/v/b/bindings/source": [{"source": "b", "destination": "r", "destination_type": "queue"}],
    }
    assert [found["destination"] for found in listings.bindings(API(**lists))] == ["q", "r"]
    assert [found["destination"] for found in listings.bindings(API(**lists), exchange="b")] == ["r"]


def test_only_channels_that_lost_messages_are_shown_after_the_total():
    lost = {"message_stats": {"publish": 9, "drop_unroutable": 2, "return_unroutable": 0}}
    lists = {"overview": lost, "channels": [{"name": "one"}, {"name": "two", **lost}]}
    total, two = listings.unroutable(API(**lists))
    assert (total["dropped"], two["channel"], two["dropped"]) == (2, "two", 2)


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


def test_a_healthy_node_has_no_alarm():
    node = {"name": "rabbit@h", "running": True, "mem_alarm": False, "partitions": [], "fd_used": 9, "fd_total": 10}
    assert list(alarms([node, {"name": "rabbit@i", "fd_used": "unknown", "fd_total": 10}])) == []


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
    (found,) = alarms([{"name": "rabbit@h", **facts}])
    assert (found["node"], found["alarm"]) == ("rabbit@h", alarm)


@pytest.mark.parametrize(("since", "shown"), [(1_700_000_000_000, "2023-11-14 22:13:20"), (None, None), (10**30, None)])
def test_when_a_connection_was_made_is_told_in_utc(since: Any, shown: str | None):
    (found,) = listings.connections(API(connections=[{"name": "c", "connected_at": since}]))
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
