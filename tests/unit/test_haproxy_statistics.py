from __future__ import annotations

import pytest

from kazoo_sup.kazoo.haproxy import statistics
from kazoo_sup.kazoo.haproxy.statistics import counters, facts, number, parse, proxies, servers

HEADER = "# pxname,svname,qcur,scur,slim,stot,bin,status,weight,bck,lastchg,type,rate,check_status,last_chk,addr,econ,"
LINES = [
    HEADER,
    "couch,FRONTEND,,7,2000,12,900,OPEN,,,,0,3,,,,,",
    'couch,db1,0,5,,10,800,UP,100,0,60,2,3,L7OK,"HTTP ""ok"", fine",192.0.2.1:5984,2,',
    "couch,db2,1,0,,2,100,DOWN,100,1,5,2,0,L4CON,,[2001:db8::2]:5984,0,",
    "couch,BACKEND,1,5,200,12,900,UP,100,,60,1,3,,,,2,",
]
STATS = parse(LINES)


def test_a_backend_is_shown_with_how_many_of_its_servers_are_up():
    frontend, backend = proxies(STATS)
    assert (frontend["kind"], frontend["servers"], frontend["sessions"], frontend["queue"]) == (
        "frontend",
        None,
        7,
        None,
    )
    assert (backend["kind"], backend["status"], backend["servers"], backend["errors"]) == ("backend", "UP", "1/2", 2)


def test_a_server_is_shown_with_its_check_and_address():
    one, two = servers(STATS)
    assert (one["address"], one["check"], one["weight"], one["backup"]) == (
        "192.0.2.1:5984",
        'L7OK HTTP "ok", fine',
        100,
        False,
    )
    assert (two["address"], two["check"], two["backup"], two["unchanged"]) == ("[2001:db8::2]:5984", "L4CON", True, 5)


def test_only_the_servers_of_the_backend_asked_for_are_shown():
    assert len(list(servers(STATS, "couch"))) == 2
    assert list(servers(STATS, "else")) == []


def test_counters_have_a_row_for_every_line_and_none_where_nothing_is_counted():
    rows = list(counters(STATS))
    assert [row["server"] for row in rows] == ["FRONTEND", "db1", "db2", "BACKEND"]
    assert (rows[1]["bytes_in"], rows[1]["connection_errors"], rows[1]["requests"]) == (800, 2, None)


@pytest.mark.parametrize(
    ("status", "weight", "up"),
    [
        ("UP", "1", True),
        ("UP 1/3", "1", True),
        ("no check", "1", True),
        ("UP", "0", False),
        ("DRAIN", "1", False),
        ("MAINT", "1", False),
        ("MAINT (via a/b)", "1", False),
        ("DOWN", "1", False),
        ("DOWN 1/2", "1", False),
        ("NOLB", "1", False),
    ],
)
def test_a_server_is_up_when_it_takes_new_sessions(status: str, weight: str, up: bool):
    assert statistics.is_up({"status": status, "weight": weight}) is up


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["# pxname,svname,status"], "it has no type"),
        ([HEADER, "couch,db1"], "as many fields"),
        ([HEADER, ",".join("x" * 40)], "as many fields"),
        ([HEADER, '"' + "x" * 200_000], "not CSV"),
        ([], "it has no"),
    ],
)
def test_lines_that_are_no_statistics_are_refused(lines: list[str], reason: str):
    with pytest.raises(ValueError, match=reason):
        parse(lines)


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("-1", -1), ("", None), ("x", None), ("1" * 5000, None)])
def test_what_is_no_number_is_none(text: str, value: int | None):
    assert number({"field": text}, "field") == value
    assert number({}, "field") is None


def test_info_has_a_fact_on_each_line():
    lines = ["Name: HAProxy", "Uptime: 0d 1h02m", "rubbish", "description: a: b"]
    assert list(facts(lines)) == [
        {"name": "Name", "value": "HAProxy"},
        {"name": "Uptime", "value": "0d 1h02m"},
        {"name": "description", "value": "a: b"},
    ]
