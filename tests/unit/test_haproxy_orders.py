from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kazoo_sup.arguments import haproxy
from kazoo_sup.arguments.haproxy import read_host, read_name
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.haproxy import orders
from kazoo_sup.kazoo.haproxy.orders import ALL, DRAIN, MAINTENANCE, READY, Order, emptied, meant
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.kazoo.zone.servers import Answers
from kazoo_sup.zone import Run, Session


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
    with pytest.raises(ValueError, match="not a name that HAProxy takes"):
        read_name(word, None)


@pytest.mark.parametrize("word", ["-1", "257", "50%", "1.5", "", "0000", "²", "٣"])
def test_a_weight_outside_its_range_is_refused(word: str):
    with pytest.raises(ValueError, match="whole number from 0 to 256"):
        haproxy.read_weight(word, None)


def test_a_weight_is_as_haproxy_tells_it():
    assert haproxy.read_weight("020", None) == "20"


def test_what_takes_a_server_out_is_known():
    assert DRAIN.takes_out
    assert MAINTENANCE.takes_out
    assert not READY.takes_out
    assert Order.weight("0").takes_out
    assert Order.weight("00").takes_out
    assert not Order.weight("256").takes_out
    assert [str(each) for each in (DRAIN, Order.weight("50"))] == ["drain", "weight 50"]


def test_a_backend_that_is_nowhere_is_told():
    stats = [stat("couchdb", "db1", kind="2"), stat("couchdb", "BACKEND", kind="1"), stat("web", "FRONTEND", kind="0")]
    orders.check_backend(Answers({"lb": stats}, []), "couchdb")
    with pytest.raises(orders.NoSuchBackend, match="^no HAProxy that was asked has a backend 'web'; there is couchdb$"):
        orders.check_backend(Answers({"lb": stats}, []), "web")
    orders.check_backend(Answers({"lb": stats}, [SupError(reason="down")]), "web")  # the other may have it


@pytest.mark.parametrize(
    ("order", "status", "weight", "why"),
    [
        (orders.READY, "UP", "0", "its weight is 0, see sup haproxy weight b s"),
        (orders.READY, "DOWN", "1", "it is DOWN"),
        (Order.weight("20"), "MAINT", "20", "it is MAINT"),
        (orders.READY, "UP 1/3", "1", None),
        (orders.READY, "no check", "1", None),
        (DRAIN, "DRAIN", "0", None),
        (Order.weight("0"), "UP", "0", None),
    ],
)
def test_a_server_that_is_put_to_work_and_gets_nothing_is_told(order, status, weight, why):
    found = order.idle("lb", {**stat("b", "s"), "status": status, "weight": weight})
    assert (str(found) if found else None) == (f"b/s of lb gets no new sessions: {why}" if why else None)
    if found:
        assert found.exit_code == 2


def test_a_dry_run_tells_so_of_what_would_be():
    assert orders.READY.idle("lb", {**stat("b", "s"), "status": "MAINT", "weight": "1"}, before=True) is None
    assert "weight is 0" in str(orders.READY.idle("lb", {**stat("b", "s"), "uweight": "0"}, before=True))
    assert "MAINT" in str(Order.weight("5").idle("lb", {**stat("b", "s"), "status": "MAINT"}, before=True))


class TestWaitingForSessions:
    RESULT = orders.Result("couch", "db1", "UP, weight 1", "DRAIN, weight 1", stat("couch", "db1"))

    @pytest.fixture
    def told(self, monkeypatch):
        """Let HAProxies tell one listing after the other; an exception is raised."""
        listings: dict[str, list[Any]] = {}

        def read(name):
            told = listings[name].pop(0)
            if isinstance(told, Exception):
                raise told
            return told

        monkeypatch.setattr(orders, "connect", lambda zone, name, server: name)
        monkeypatch.setattr(orders.statistics, "read", read)
        monkeypatch.setattr(orders, "patience", lambda zone: None)
        monkeypatch.setattr(orders, "gather", gathered)
        return listings

    def wait(self, names, monkeypatch):
        pauses: list[float] = []
        monkeypatch.setattr(awaited, "time", SimpleNamespace(sleep=pauses.append))
        servers: Any = [(name, None) for name in names]
        results = {name: [self.RESULT] for name in names}
        zone: Any = SimpleNamespace(run=Run(Session()))
        return orders.wait_until_idle(zone, servers, results), len(pauses)

    def test_each_haproxy_is_asked_until_the_server_has_none(self, told, monkeypatch):
        busy, other = {**stat("couch", "db1"), "scur": "2"}, {**stat("couch", "db2"), "scur": "9"}
        done = {**busy, "scur": "0"}
        told |= {"lb1": [[busy, other], [busy, other], [done, other]], "lb2": [[done, other]]}
        assert self.wait(["lb1", "lb2"], monkeypatch) == ([], 2)
        assert told == {"lb1": [], "lb2": []}

    def test_one_that_tells_no_more_ends_the_wait_with_its_error(self, told, monkeypatch):
        gone = SupError(reason="gone")
        told["lb1"] = [[{**stat("couch", "db1"), "scur": "2"}], gone]
        assert self.wait(["lb1"], monkeypatch) == ([gone], 1)


def gathered(servers, function, _patience):
    given, errors = {}, []
    for name, server in servers:
        try:
            given[name] = function(name, server)
        except SupError as error:
            errors.append(error)
    return Answers(given, errors)
