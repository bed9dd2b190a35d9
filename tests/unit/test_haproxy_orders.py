from __future__ import annotations

from typing import Any

import pytest

from kazoo_sup.kazoo.haproxy import orders
from kazoo_sup.kazoo.haproxy.orders import ALL, DRAIN, MAINTENANCE, READY, Order, emptied, meant, read_host, read_name


def stat(backend: str, server: str, status: str = "UP", addr: str = "", kind: str = "2") -> dict[str, str]:
    return {"pxname": backend, "svname": server, "status": status, "weight": "1", "addr": addr, "type": kind}


STATS = [
    stat("couch", "FRONTEND", "OPEN", kind="0"),
    stat("couch", "db1", addr="192.0.2.1:5984"),
    stat("couch", "db2", addr="192.0.2.2:5984"),
    stat("couch", "BACKEND", kind="1"),
    stat("admin", "db1", addr="192.0.2.1:5986"),
    stat("admin", "db2", "DOWN", addr="192.0.2.2:5986"),
    stat("six", "only", "no check", addr="[2001:db8::1]:80"),
]


def named(stats: list[Any]) -> list[str]:
    return [f"{each['pxname']}/{each['svname']}" for each in stats]


@pytest.mark.parametrize(
    ("backend", "server", "found"),
    [
        ("couch", "db1", ["couch/db1"]),
        (ALL, "db1", ["couch/db1", "admin/db1"]),
        (ALL, "192.0.2.2", ["couch/db2", "admin/db2"]),
        (ALL, "192.0.2.2:5986", ["admin/db2"]),
        (ALL, "2001:db8::1", ["six/only"]),
        (ALL, "2001:0db8:0:0::1", ["six/only"]),
        ("couch", "192.0.2.1", []),
        ("couch", "BACKEND", []),
        ("couch", "FRONTEND", []),
        ("nobody", "db1", []),
        (ALL, "192.0.2", []),
        (ALL, "db", []),
    ],
)
def test_a_host_is_a_name_or_an_address_in_every_backend(backend: str, server: str, found: list[str]):
    assert named(meant(STATS, backend, server)) == found


@pytest.mark.parametrize("word", ["[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:80"])
def test_an_ipv6_address_may_stand_in_brackets(word: str):
    assert named(meant(STATS, ALL, read_host(word, None))) == ["six/only"]


@pytest.mark.parametrize(
    ("taken", "backends"),
    [
        (["db2"], []),
        (["db1"], ["admin"]),
        (["db1", "db2"], ["admin", "couch"]),
        (["only"], ["six"]),
        ([], []),
    ],
)
def test_a_backend_is_emptied_when_its_last_servers_up_are_taken(taken: list[str], backends: list[str]):
    assert emptied(STATS, [each for each in STATS if each["svname"] in taken]) == backends


def test_a_backend_with_no_server_up_has_nothing_to_lose():
    down = [stat("couch", "db1", "DOWN"), stat("couch", "db2", "MAINT")]
    assert emptied(down, down) == []


@pytest.mark.parametrize("word", ["a;b", "a b", "a/b", "", "a\nb", "é", "x" * 300, "<<"])
def test_a_name_that_no_configuration_can_have_is_refused(word: str):
    with pytest.raises(ValueError, match="no name that HAProxy takes"):
        read_name(word, None)


@pytest.mark.parametrize("word", ["-1", "257", "101%", "1.5", "", "%", "1%%", "²", "٣"])
def test_a_weight_outside_its_range_is_refused(word: str):
    with pytest.raises(ValueError, match="from 0 to 256"):
        orders.read_weight(word, None)


def test_what_takes_a_server_out_is_known():
    assert DRAIN.takes_out
    assert MAINTENANCE.takes_out
    assert not READY.takes_out
    assert Order.weight("0").takes_out
    assert Order.weight("0%").takes_out
    assert not Order.weight("256").takes_out
    assert [str(each) for each in (DRAIN, Order.weight("50%"))] == ["drain", "weight 50%"]
