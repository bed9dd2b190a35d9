"""Answers of a HAProxy that are cut off, in pieces, endless, rubbish or missing: always an error of ours, no hang."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from helpers.byte_server import Answer, ByteServer, Silence
from helpers.real_servers import free_port
from kazoo_sup.errors import ServerUnreachable, SettingsError, SupError, TimedOut
from kazoo_sup.kazoo.haproxy import sessions, statistics
from kazoo_sup.kazoo.haproxy.orders import meant
from kazoo_sup.transports.haproxy import (
    CutOff,
    HAProxyRefused,
    HAProxyUnreadable,
    PermissionDenied,
    StatsSocket,
    UnsafeWord,
)
from kazoo_sup.transports.limits import Limits

STATISTICS = (
    b"# pxname,svname,scur,status,weight,type,addr,\n"
    b"couchdb,FRONTEND,1,OPEN,,0,,\n"
    b'couchdb,db1,1,UP,"1",2,127.0.0.1:5984,\n'
    b"couchdb,BACKEND,1,UP,1,1,,\n\n"
)


def at(server: ByteServer, read_timeout: float = 30) -> StatsSocket:
    return StatsSocket("HAProxy lb", f"tcp://127.0.0.1:{server.port}", 30, read_timeout)


def answering(*pieces: bytes) -> Answer:
    return lambda _request: pieces


def test_every_part_of_an_answer_is_told_from_the_whole():
    with ByteServer(answering(STATISTICS)) as server:
        whole = statistics.read(at(server))
    assert [stat["svname"] for stat in whole] == ["FRONTEND", "db1", "BACKEND"]
    for length in range(len(STATISTICS)):
        with ByteServer(answering(STATISTICS[:length])) as server, pytest.raises((CutOff, HAProxyUnreadable)):
            statistics.read(at(server))


def test_it_does_not_matter_where_an_answer_is_split():
    def by_byte(_request: bytes) -> Iterator[bytes]:
        for each in STATISTICS:
            yield bytes([each])

    with ByteServer(answering(STATISTICS)) as server:
        whole = statistics.read(at(server))
    with ByteServer(by_byte) as server:
        assert statistics.read(at(server)) == whole
    for middle in range(1, len(STATISTICS)):
        with ByteServer(answering(STATISTICS[:middle], STATISTICS[middle:])) as server:
            assert statistics.read(at(server)) == whole


def test_empty_lines_without_an_end_are_given_up_at_once():
    sent = 0

    def for_ever(_request: bytes) -> Iterable[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"\n" * 65_536

    with ByteServer(for_ever) as server, pytest.raises(HAProxyUnreadable, match="does not end"):
        list(at(server).lines("show", "sess", limit=2**40))
    assert sent < 1000


def test_no_answer_takes_longer_than_the_limit_whatever_comes():
    def for_ever(_request: bytes) -> Iterable[bytes]:
        while True:
            yield b"Name: HAProxy\n"
            time.sleep(0.01)

    with ByteServer(for_ever) as server:
        there = StatsSocket("HAProxy lb", f"tcp://127.0.0.1:{server.port}", 30, 30, Limits(seconds=0.3))
        with pytest.raises(TimedOut, match="^timed out after 0.3 s waiting for HAProxy lb at "):
            list(there.lines("show", "info"))


def test_a_line_that_breaks_off_is_an_error_of_ours():
    with pytest.raises(ValueError, match="breaks off"):
        statistics.parse(["# pxname,svname,status,type", "couchdb,db1,UP"])


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"x\n" * 32_768, b"\n" * 65_536], ids=["line", "lines", "empty"])
def test_an_answer_without_an_end_is_given_up(piece: bytes):
    def for_ever(_request: bytes) -> Iterable[bytes]:
        return itertools.repeat(piece)

    with ByteServer(for_ever) as server, pytest.raises((HAProxyUnreadable, HAProxyRefused)):
        list(at(server).lines("show", "stat", begins="#", limit=2**20))


@pytest.mark.parametrize(
    "read",
    [
        statistics.read,
        lambda there: list(sessions.sessions(there.lines("show", "sess", begins=sessions.SESSION))),
        lambda there: list(sessions.errors(there.lines("show", "errors", begins=sessions.TOTAL))),
        lambda there: list(statistics.facts(there.lines("show", "info", begins="Name: "))),
        lambda there: there.order("set", "server", "a/b", "state", "ready"),
    ],
    ids=["stat", "sess", "errors", "info", "order"],
)
def test_rubbish_is_an_error_of_ours(read: Callable[[StatsSocket], object]):
    rubbish = random.Random(1)
    for beginning in (b"", b"# pxname,svname,", b"0x1: ", b"Total events captured on ", b"Name: "):
        for _ in range(40):
            body = beginning + rubbish.randbytes(rubbish.randrange(1, 300)) + b"\n\n"
            with ByteServer(answering(body)) as server, contextlib.suppress(SupError):
                read(at(server))


def test_what_is_captured_may_be_rubbish_of_the_right_form():
    words = [
        "[1] frontend f (#3): invalid request",
        "  backend b (#1), src ::1,",
        "  00000  x",
        "  00005+ y",
        "",
        "[",
        "x=[",
    ]
    mixed = random.Random(2)
    for _ in range(300):
        lines = [mixed.choice(words) for _ in range(mixed.randrange(9))]
        list(sessions.errors(lines))
        list(sessions.sessions(lines))


def test_a_server_that_says_nothing_is_given_up():
    def nothing(_request: bytes) -> Iterable[bytes]:
        raise Silence

    with (
        ByteServer(nothing) as server,
        pytest.raises(TimedOut, match="waiting for HAProxy lb at .* to answer 'show stat'"),
    ):
        statistics.read(at(server, read_timeout=0.2))


def test_a_server_that_says_a_little_now_and_then_is_given_up():
    def trickling(_request: bytes) -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b"#\n"

    with ByteServer(trickling) as server, pytest.raises(TimedOut):
        list(at(server, read_timeout=0.4).lines("show", "stat", begins="#"))


def test_a_refusal_is_an_error_with_its_reason():
    with (
        ByteServer(answering(b"No such server.\n\n")) as server,
        pytest.raises(HAProxyRefused, match=": No such server$"),
    ):
        at(server).order("set", "server", "a/b", "state", "maint")
    with (
        ByteServer(answering(b"Permission denied\n\n")) as server,
        pytest.raises(PermissionDenied, match="level admin"),
    ):
        statistics.read(at(server))
    with (
        ByteServer(answering(b"Unknown command, but maybe one of these\n  help\n\n")) as server,
        pytest.raises(HAProxyRefused, match="does not know"),
    ):
        statistics.read(at(server))


@pytest.mark.parametrize(
    "word", ["a;b", "a b", "a\nb", "<<", "a\\", "é", "", "\0", "@1", "x" * 9000, "a\rb", "a'b", 'a"b'], ids=repr
)
def test_a_word_that_would_be_more_than_one_is_never_sent(word: str):
    with ByteServer(answering(b"\n")) as server:
        with pytest.raises(UnsafeWord):
            at(server).order("set", "server", word)
        assert server.requests == []


def test_a_server_whose_names_are_commands_gets_none_of_them():
    stats = (
        b"# pxname,svname,status,weight,type,addr,\n"
        b"couchdb,db1;shutdown,UP,1,2,127.0.0.1:1,\n"
        b"couchdb,db2,UP,1,2,127.0.0.2:1,\n\n"
    )
    with ByteServer(answering(stats)) as server:
        there = at(server)
        (target,) = meant(statistics.read(there), "all", "127.0.0.1")
        with pytest.raises(UnsafeWord):
            there.order("set", "server", f"{target['pxname']}/{target['svname']}", "state", "maint")
        assert len(server.requests) == 1


def test_letters_that_steer_a_terminal_do_not_come_through():
    with ByteServer(answering(b"# \x1b[2J\xff\n\n")) as server:
        assert list(at(server).lines("show", "stat")) == ["# \ufffd[2J\ufffd"]


def test_who_is_not_there_is_told_with_the_reason(tmp_path):
    port = free_port()
    file = tmp_path / "file"
    file.touch()
    for url, reason in (
        (f"tcp://127.0.0.1:{port}", "connection refused"),
        (f"unix:{tmp_path}/nobody", "no such file or directory"),
        (f"unix:{file}", "connection refused"),
        (f"unix:/{'x' * 200}", "path too long"),
        ("tcp://a..b:1", "no"),
    ):
        with pytest.raises(ServerUnreachable, match=reason):
            statistics.read(StatsSocket("HAProxy", url))
    with pytest.raises(SettingsError, match="needs a port"):
        statistics.read(StatsSocket("HAProxy", "tcp://127.0.0.1"))


def test_an_address_is_shown_without_credentials():
    assert StatsSocket("HAProxy", "tcp://user:hunter2@[::1]:9999").address == "[::1]:9999"
    assert StatsSocket("HAProxy", "unix:/run/haproxy/admin.sock").address == "/run/haproxy/admin.sock"


def test_a_socket_of_a_path_is_spoken_to_as_one_of_a_port(tmp_path):
    with ByteServer(answering(STATISTICS), tmp_path / "admin") as server:
        assert len(statistics.read(StatsSocket("HAProxy", f"unix:{tmp_path}/admin"))) == 3
        assert server.requests == [b"show stat\n"]
