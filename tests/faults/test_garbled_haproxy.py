"""HAProxy's answers with something else in one place: a sentence, whatever that is, never a defect or good news."""

from __future__ import annotations

import json
import os
import random

import pytest

from helpers.byte_server import ByteServer
from kazoo_sup.kazoo.haproxy import orders, sessions, statistics
from kazoo_sup.kazoo.zone.health import haproxy as health

CALLS = int(os.environ.get("SUP_GARBLED_CALLS", "60"))
"""How many answers are garbled."""

HEADING = (
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,"
    "bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,"
    "check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,"
    "req_rate_max,req_tot,cli_abrt,srv_abrt,lastsess,last_chk,addr,cookie,mode,"
)
NAMES = HEADING.strip("# ,").split(",")


def line(kind, proxy, name, **fields):
    empty = dict.fromkeys(NAMES, "") | {"pxname": proxy, "svname": name, "type": kind, "scur": "1", "smax": "3"}
    return ",".join((empty | {"slim": "", "stot": "7", "pid": "1", "mode": "http"} | fields).values()) + ","


STATISTICS = [
    HEADING,
    line("0", "couchdb", "FRONTEND", status="OPEN", slim="2000", rate="1", req_tot="9", dreq="0", ereq="0", econ="0"),
    line("2", "couchdb", "db1", status="DOWN", weight="1", addr="192.0.2.1:5984", lastchg="5", check_status="L4CON"),
    line("2", "couchdb", "db2", status="MAINT", weight="1", addr="192.0.2.2:5984", lastchg="5", bck="1", scur="0"),
    line("1", "couchdb", "BACKEND", status="DOWN", weight="0", lastchg="5", econ="3"),
    line("2", "pair", "db1", status="UP", weight="100", addr="192.0.2.1:5984", lastchg="5", last_chk='"""ok"", fine"'),
    line("1", "pair", "BACKEND", status="UP", weight="100", lastchg="5"),
]  # fmt: skip
INFO = ["Name: HAProxy", "Version: 2.8.3", "Uptime: 0d 1h02m", "CurrConns: 1", "description: a: b"]
SESSIONS = [
    f"0x7f{number:010x}: proto=tcpv4 src=192.0.2.9:{number} fe=couchdb be=couchdb srv=db1 ts=00 age=1m2s calls=3 cpu=0 "
    "lat=0 rq[f=848000h,i=0,an=00h] rp[f=80048000h,i=0] s0=[8,200008h,fd=1,ex=] s1=[8,200018h,fd=2,ex=] exp=1m"
    for number in range(4)
]
ERRORS = [
    "Total events captured on [30/Nov/2026:11:00:00.000] : 2",
    "",
    "[30/Nov/2026:10:59:00.123] frontend couchdb (#2): invalid request",
    "  backend <NONE> (#-1), server <NONE> (#-1), event #1, src 192.0.2.9:4444",
    "  buffer starts at 0 (including 0 out), 16128 free,",
    "  len 30, wraps at 16384, error at position 5",
    "  H1 connection flags 0x00000000, H1 stream flags 0x00000810",
    "  00000  GET / HTTP/1.1\\r\\n",
    "  00016  Host: a\\r\\n",
    "",
    "[30/Nov/2026:10:59:30.123] backend couchdb (#3): invalid response",
    "  frontend couchdb (#2), server db1 (#1), event #2, src 192.0.2.9:4445",
    "  len 8, wraps at 16384, error at position 0",
    "  00000  rubbish\\n",
]
ANSWERS = {"show stat": STATISTICS, "show info": INFO, "show sess": SESSIONS, "show errors": ERRORS}
CALLED = (
    ("status",),
    ("servers",),
    ("servers", "couchdb"),
    ("counters",),
    ("sessions",),
    ("errors",),
    ("info",),
    ("clear_counters",),
    ("drain", "pair", "db1"),
    ("drain", "pair", "db1", "--wait"),
    ("maintenance", "192.0.2.1"),
    ("production", "192.0.2.2"),
    ("ready", "couchdb", "db2"),
    ("weight", "pair", "db1", "5"),
    ("weight", "pair", "db1", "0"),
)
ODD = (
    b"",
    b"x",
    b"-1",
    b"UP",
    b"0",
    b"9" * 40,
    b"1.5",
    b"\xff\xfe",
    b"\0",
    b'"',
    b",",
    b": ",
    b"=",
    b"[",
    b"UPSIDE",
    b"4294967295",
)


def garbled(lines, chance):
    lines = [each.encode() for each in lines]
    number = chance.randrange(len(lines))
    match chance.randrange(7):
        case 0:
            del lines[number]
        case 1:
            lines.insert(number, chance.choice([b"rubbish", b"", *ODD, chance.randbytes(20).replace(b"\n", b" ")]))
        case 2:
            start = chance.randrange(len(lines[number]) + 1)
            end = min(len(lines[number]), start + chance.choice([0, 1, 1, 2, 8, 80]))
            lines[number] = lines[number][:start] + chance.choice(ODD) + lines[number][end:]
        case 3:
            lines[number] = lines[number][: chance.randrange(len(lines[number]) + 1)]
        case 4:
            other = chance.randrange(len(lines))
            lines[number], lines[other] = lines[other], lines[number]
        case _:
            for separator in (b",", b"=", b": ", b" "):
                if separator in lines[number]:
                    parts = lines[number].split(separator)
                    place = chance.randrange(len(parts))
                    parts[place : place + 1] = chance.choice(
                        [[], [chance.choice(ODD)], [chance.choice(ODD)], [parts[place]] * 2]
                    )
                    lines[number] = separator.join(parts)
                    break
    return b"\n".join(lines) + b"\n\n"


def whole(lines):
    return "\n".join([*lines, "", ""]).encode()


@pytest.fixture
def asked(sup):
    """Give `sup haproxy` with a HAProxy that answers as a function of what it is asked says."""

    def run(answer, *words, options=()):
        with ByteServer(lambda request: [answer(request.decode().strip())]) as server:
            address = f"tcp://127.0.0.1:{server.port}"
            return sup("--yes", "-t", "5", *options, "haproxy", *words, address)

    return run


def test_no_answer_is_taken_for_a_defect(asked):
    chance = random.Random(f"haproxy {os.environ.get('SUP_GARBLED_SEED', '')}")
    sent = []

    def answer(command):
        lines = ANSWERS.get(command, ["No such server."])
        plain = b"\n" if command not in ANSWERS else whole(lines)
        sent.append(garbled(lines, chance) if chance.random() < 0.7 else plain)
        return sent[-1]

    found = []
    for _ in range(CALLS):
        words, options = chance.choice(CALLED), ["--dry-run"] if chance.random() < 0.2 else []
        sent.clear()
        done = asked(answer, *words, options=options)
        if "defect of kazoo-sup" in done.stderr or "Traceback" in done.stderr:
            found.append((words, sent[-2:], done.stderr[-300:]))
    assert not found


def cells(number):
    return STATISTICS[number].replace('"""ok"", fine"', "fine").split(",")


def with_cells(number, changed):
    return [*STATISTICS[:number], ",".join(changed), *STATISTICS[number + 1 :]]


def good(lines):
    """What is good news in statistics: who takes sessions, what is in order, how many errors are missing."""
    stats = statistics.parse(lines)
    taking = {(stat["pxname"], stat["svname"]) for stat in stats if stat["type"] == "2" and statistics.is_up(stat)}
    well = {each.name for each in health.judge("lb", stats) if each.state == "ok"}
    there = {stat["svname"] for stat in stats}
    counted = sum(row["errors"] or 0 for row in statistics.proxies(stats))
    return taking | well, there, counted


NUMBERS = ("scur", "slim", "weight", "econ", "ereq", "lastchg", "rate", "type")


@pytest.mark.parametrize("number", range(1, len(STATISTICS)))
@pytest.mark.parametrize("odd", ["x", "UPSIDE", "1.5", "9" * 40, "\ufffd", "-", "1 2", "7f", "\u0663"])
def test_nonsense_in_statistics_is_no_good_news(number, odd):
    news, there, counted = good(STATISTICS)
    for name in (*NUMBERS, "status"):
        changed = cells(number)
        if not changed[NAMES.index(name)]:
            continue
        changed[NAMES.index(name)] = odd
        try:
            found, left, errors = good(with_cells(number, changed))
        except ValueError:
            continue
        assert name == "status", name
        assert found <= news
        assert (left, errors) == (there, counted)


@pytest.mark.parametrize("number", range(len(STATISTICS)))
def test_a_cell_too_few_or_too_many_is_an_error(number):
    for place in range(len(NAMES)):
        fewer, more = cells(number), cells(number)
        del fewer[place]
        more.insert(place, "0")
        for changed in (fewer, more):
            try:
                assert good(with_cells(number, changed))[0] <= good(STATISTICS)[0]
            except ValueError:
                continue
            assert number == 0  # a heading may have a name too many or too few: then no cell is where it was


@pytest.mark.parametrize("name", ["type", "status", "weight", "scur", "slim"])
def test_what_is_missing_everywhere_is_no_good_news(name):
    heading = ",".join("x" if each == name else each for each in STATISTICS[0].removeprefix("# ").split(","))
    try:
        found, _there, _errors = good([f"# {heading}", *STATISTICS[1:]])
    except ValueError:
        return
    assert "lb" not in found


@pytest.mark.parametrize("how", ["odd", "empty", "gone"])
def test_sessions_that_are_not_told_have_not_ended(asked, how):
    server = cells(5)
    server[NAMES.index("scur")] = {"odd": "x", "empty": ""}.get(how, "1")
    later = [*STATISTICS[:5], *([] if how == "gone" else [",".join(server)]), *STATISTICS[6:]]
    asks = iter([STATISTICS, STATISTICS])

    def answer(command):
        return whole(next(asks, later)) if command == "show stat" else b"\n"

    done = asked(answer, "drain", "pair", "db1", "--wait")
    assert done.code not in (0, 4)
    assert "defect" not in done.stderr
    assert "pair/db1" in done.stderr


def test_a_server_that_is_told_of_no_more_after_an_order_is_an_error(asked):
    asks = iter([STATISTICS])
    gone = [*STATISTICS[:5], *STATISTICS[6:]]
    done = asked(
        lambda command: whole(next(asks, gone)) if command == "show stat" else b"\n", "weight", "pair", "db1", "5"
    )
    assert done.code != 0
    assert "tells nothing of pair/db1" in done.stderr


def test_a_status_that_nobody_knows_may_be_of_the_last_server_that_is_up():
    stats = statistics.parse([each.replace(",UP,", ",UPWARDS,") if "pair,db1" in each else each for each in STATISTICS])
    [taken] = orders.meant(stats, "pair", "db1")
    assert orders.emptied(stats, [taken]) == ["pair"]


@pytest.mark.parametrize(
    ("command", "words", "lines"),
    [
        ("show sess", "sessions", [SESSIONS[0], "rubbish", SESSIONS[1]]),
        ("show sess", "sessions", [SESSIONS[0], SESSIONS[1].replace("fe=", "f="), SESSIONS[2].replace("0x", "0y")]),
        ("show errors", "errors", [*ERRORS[:9], "[30/Nov/2026:10:59:30.123] backend what is this"]),
        ("show errors", "errors", ["Total events captured on [30/Nov/2026:11:00:00.000] : 2"]),
        ("show errors", "errors", ["Total events captured on [30/Nov/2026:11:00:00.000] : many", "  00000  x"]),
    ],
)
def test_what_cannot_be_read_of_a_listing_is_told(asked, command, words, lines):
    done = asked(lambda asked_for: whole(lines if asked_for == command else ["?"]), words, options=("-f", "json"))
    answer = json.loads(done.stdout)
    assert (done.code, answer["status"]) == (5, "partial")
    assert command in answer["errors"][0]["message"]


def test_nothing_captured_is_nothing_wrong(asked):
    done = asked(lambda _: whole(["Total events captured on [30/Nov/2026:11:00:00.000] : 0"]), "errors")
    assert (done.code, done.stderr) == (0, "")


def test_what_is_read_is_all_that_there_is():
    assert len(list(sessions.sessions(SESSIONS))) == len(SESSIONS)
    assert [row["kind"] for row in sessions.errors(ERRORS)] == ["request", "response"]
    assert good(STATISTICS) == (
        {("pair", "db1"), "lb", "lb/pair"},
        {"FRONTEND", "db1", "db2", "BACKEND"},
        3,
    )
