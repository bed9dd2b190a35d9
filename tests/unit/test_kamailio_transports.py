"""Every way to a Kamailio with answers that are good, broken in every way, late, too large, and missing."""

from __future__ import annotations

import itertools
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.fake_kamailio import HOLD, STREAMS, WAYS, FakeKamailio, framed, packet, refusal, reply
from kazoo_sup.errors import NotAuthorised, ServerUnreachable, TimedOut
from kazoo_sup.settings import Server
from kazoo_sup.transports import kamailio
from kazoo_sup.transports.kamailio import binrpc, datagram
from kazoo_sup.transports.kamailio import fifo as kamailio_fifo
from kazoo_sup.transports.kamailio import jsonrpc as kamailio_jsonrpc
from kazoo_sup.transports.kamailio.failures import (
    AnswerTooLarge,
    CannotAsk,
    KamailioRefused,
    KamailioUnreadable,
    RequestTooLarge,
)
from kazoo_sup.transports.limits import Limits, OversizedAnswer

PATIENT = 600
BROKEN = (ServerUnreachable, KamailioUnreadable)


@pytest.fixture(autouse=True)
def replies(tmp_path, monkeypatch):
    """Have FIFOs of ours made where only this test looks."""
    place = tmp_path / "replies"
    place.mkdir()
    monkeypatch.setattr(kamailio_fifo, "REPLIES", place)
    monkeypatch.setattr(kamailio_fifo, "_replies", set())
    return place


def ask(server, *arguments, read=PATIENT, **more):
    return kamailio.call(server, "core.version", arguments, connect=PATIENT, read=read, **more)


def open_files():
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add((each.name, each.readlink()))
    return found


@pytest.mark.parametrize("way", WAYS)
class TestEveryWay:
    def test_the_result_comes_back(self, way, tmp_path):
        with FakeKamailio(way, tmp_path, lambda number: [reply(way, number, "5.6")]) as fake:
            assert ask(fake.server, "a", 1) == "5.6"
        [request] = fake.requests
        assert b"core.version" in request

    def test_a_refusal_is_an_error_with_the_servers_words(self, way, tmp_path):
        with (
            FakeKamailio(way, tmp_path, lambda number: [refusal(way, number, 500, "No such htable")]) as fake,
            pytest.raises(KamailioRefused, match=r"refused core\.version: No such htable \(code 500\)") as refused,
        ):
            ask(fake.server)
        assert refused.value.exit_code == 3
        assert not refused.value.no_such_method

    @pytest.mark.parametrize(
        ("code", "message"), [(-32601, "whatever"), (500, "Method Not Found"), (500, "command core.version not found")]
    )
    def test_a_command_that_is_not_there_is_told_from_one_that_fails(self, way, tmp_path, code, message):
        if way == "http" and code < 0:
            code = 500
            message = "Method Not Found"
        with (
            FakeKamailio(way, tmp_path, lambda number: [refusal(way, number, code, message)]) as fake,
            pytest.raises(KamailioRefused, match="no such command") as refused,
        ):
            ask(fake.server)
        assert refused.value.no_such_method

    def test_an_answer_that_ends_too_early_is_an_error(self, way, tmp_path):
        whole = len(reply(way, 1))
        sizes = itertools.count()
        with FakeKamailio(way, tmp_path, lambda number: [reply(way, number)[: next(sizes)] or b" "]) as fake:
            for _ in range(whole - 1):
                with pytest.raises(BROKEN):
                    ask(fake.server)

    def test_rubbish_is_an_error(self, way, tmp_path):
        answers: list[bytes] = []
        with FakeKamailio(way, tmp_path, lambda _number: [answers[-1] or b" "]) as fake:

            @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
            @given(st.binary(max_size=60), st.booleans())
            def check(rubbish, inside):
                answers.append(framed(way, rubbish) if inside else rubbish)
                with pytest.raises((*BROKEN, NotAuthorised, KamailioRefused)):
                    ask(fake.server)

            check()

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"1",
            b"{}",
            b'{"id": 1}',
            b'{"error": 5}',
            b'{"error": {}}',
            b'{"result": 1}',
            b"[" * 100_000,
            b"\xff\xfe",
        ],
    )
    def test_json_that_is_no_json_rpc_is_an_error(self, way, tmp_path, body):
        if way in ("binrpc", "udp") and len(body) > 60_000:
            body = body[:60_000]
        with FakeKamailio(way, tmp_path, lambda _number: [framed(way, body)]) as fake, pytest.raises(BROKEN):
            ask(fake.server)

    def test_a_server_that_says_nothing_is_given_up(self, way, tmp_path):
        with FakeKamailio(way, tmp_path, lambda _number: [HOLD]) as fake, pytest.raises(TimedOut, match="to answer"):
            ask(fake.server, read=0.2)

    def test_nothing_is_left_behind(self, way, tmp_path, replies):
        before = open_files()
        with FakeKamailio(way, tmp_path, lambda number: [reply(way, number)]) as fake:
            ask(fake.server)
            ask(fake.server)
        assert open_files() <= before
        assert list(replies.iterdir()) == []


@pytest.mark.parametrize("way", STREAMS)
class TestStreams:
    def test_it_does_not_matter_where_an_answer_is_split(self, way, tmp_path):
        splits = itertools.count(1)

        def pieces(number):
            whole, at = reply(way, number), next(splits)
            return [whole[:at], whole[at:] or b" "]

        with FakeKamailio(way, tmp_path, pieces) as fake:
            for _ in range(len(reply(way, 2**31 - 1)) - 1):
                assert ask(fake.server) == "fine"

    def test_one_byte_at_a_time_is_an_answer_too(self, way, tmp_path):
        with FakeKamailio(way, tmp_path, lambda number: [bytes((byte,)) for byte in reply(way, number)]) as fake:
            assert ask(fake.server) == "fine"

    def test_an_answer_that_trickles_in_for_ever_is_given_up(self, way, tmp_path):
        start = {"http": b"HTTP/1.1 200 OK\r\n\r\n{", "binrpc": b"\xa1\x0b\xff\xff\xff\0\0\0\x01", "fifo": b"{"}[way]

        def trickle(_number):
            yield start
            while True:
                time.sleep(0.02)
                yield b" "

        with FakeKamailio(way, tmp_path, trickle) as fake, pytest.raises(TimedOut):
            ask(fake.server, read=0.3)

    def test_an_answer_without_end_is_an_error(self, way, tmp_path):
        start = {"http": b"HTTP/1.1 200 OK\r\n\r\n{", "binrpc": b"\xa1\x1f\x7f\xff\xff\xff\0\0\0\x01", "fifo": b"{"}[
            way
        ]
        with (
            FakeKamailio(
                way, tmp_path, lambda _number: itertools.chain([start], itertools.repeat(b" " * 5000))
            ) as fake,
            pytest.raises(
                (KamailioUnreadable, OversizedAnswer), match=r"(claims to have 2147483647 bytes|larger than 0\.1 MB)"
            ),
        ):
            ask(fake.server, limits=Limits(megabytes=0.1))


@pytest.mark.parametrize("way", ["http", "fifo"])
def test_an_answer_to_another_request_is_an_error_where_it_cannot_be_an_older_one(way, tmp_path):
    with (
        FakeKamailio(way, tmp_path, lambda number: [reply(way, number + 1)]) as fake,
        pytest.raises(KamailioUnreadable, match="another request"),
    ):
        ask(fake.server)


@pytest.mark.parametrize("way", ["unix", "udp", "binrpc"])
def test_answers_to_other_requests_are_passed_over(way, tmp_path):
    def late(number):
        return [reply(way, number ^ 8, "late"), reply(way, number)]

    with FakeKamailio(way, tmp_path, late) as fake:
        assert ask(fake.server) == "fine"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "binrpc:{}/no", "unix:{}/no", "fifo:{}/no", "binrpc://127.0.0.1:1", "fifo:{}"]
)
def test_a_server_that_is_not_there_cannot_be_reached(url, tmp_path):
    with pytest.raises(ServerUnreachable) as error:
        ask(Server(url.format(tmp_path)))
    assert error.value.exit_code == 1


class TestDatagrams:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch):
        monkeypatch.setattr(datagram, "_PATIENCE", 0.05)
        monkeypatch.setattr(datagram, "_GRACE", 0.2)

    @pytest.mark.parametrize("way", ["unix", "udp"])
    def test_an_answer_that_the_server_cannot_send_is_told_with_the_way_to_take(self, way, tmp_path):
        lost = []

        def only_the_second(number):
            lost.append(number)
            return [reply(way, number)] if len(lost) > 1 else []

        with (
            FakeKamailio(way, tmp_path, only_the_second) as fake,
            pytest.raises(AnswerTooLarge, match="fifo: on its own host, or over http:"),
        ):
            ask(fake.server)
        assert len(fake.requests) == 2

    def test_an_answer_that_comes_after_all_counts(self, tmp_path, monkeypatch):
        monkeypatch.setattr(datagram, "_GRACE", PATIENT)
        first = []

        def second_first(number):
            first.append(number)
            if len(first) == 1:
                return []
            return [reply("unix", number, "probe"), reply("unix", first[0])]

        with FakeKamailio("unix", tmp_path, second_first) as fake:
            assert ask(fake.server) == "fine"

    def test_an_answer_that_is_cut_is_told(self, tmp_path, monkeypatch):
        monkeypatch.setattr(datagram, "_BUFFER", 100)
        with (
            FakeKamailio("unix", tmp_path, lambda number: [reply("unix", number, "x" * 200)]) as fake,
            pytest.raises(AnswerTooLarge),
        ):
            ask(fake.server)

    def test_a_ctl_socket_is_told(self, tmp_path):
        with FakeKamailio("binrpc", tmp_path, lambda _number: []) as fake:
            path = fake.server.url.removeprefix("binrpc:")
            with pytest.raises(ServerUnreachable, match="binrpc:/path"):
                ask(Server(f"unix:{path}"))

    def test_and_a_datagram_socket_is_no_ctl_socket(self, tmp_path):
        with FakeKamailio("unix", tmp_path, lambda _number: []) as fake:
            path = fake.server.url.removeprefix("unix:")
            with pytest.raises(ServerUnreachable, match="takes datagrams"):
                ask(Server(f"binrpc:{path}"))


@pytest.mark.parametrize(("way", "size"), [("unix", 70_000), ("udp", 70_000), ("fifo", 5_000)])
def test_a_request_that_is_too_long_is_not_sent(way, size, tmp_path):
    with (
        FakeKamailio(way, tmp_path, lambda number: [reply(way, number)]) as fake,
        pytest.raises(RequestTooLarge, match="http:"),
    ):
        ask(fake.server, "x" * size)
    assert not fake.requests


@pytest.mark.parametrize("argument", [2**31, "a\0b", 1e300])
def test_what_does_not_fit_into_binrpc_is_refused_before_it_is_sent(argument, tmp_path):
    with FakeKamailio("binrpc", tmp_path, lambda number: [reply("binrpc", number)]) as fake, pytest.raises(CannotAsk):
        ask(fake.server, argument)
    assert not fake.requests


def test_a_binrpc_answer_over_its_limits_is_told_with_the_way_to_take(tmp_path):
    with (
        FakeKamailio(
            "binrpc", tmp_path, lambda number: [refusal("binrpc", number, 500, "Internal error creating")]
        ) as fake,
        pytest.raises(KamailioRefused, match="limits of BINRPC.*over fifo: for them"),
    ):
        ask(fake.server)


@pytest.mark.parametrize("values", [(), ("text",), (500,)])
def test_a_binrpc_fault_without_a_code_or_words_is_an_error(values, tmp_path):
    with (
        FakeKamailio("binrpc", tmp_path, lambda number: [packet(binrpc.FAULT, number, *values)]) as fake,
        pytest.raises(KamailioUnreadable, match="no code"),
    ):
        ask(fake.server)


class TestHttp:
    def test_credentials_are_sent(self, tmp_path):
        with FakeKamailio("http", tmp_path, lambda number: [reply("http", number)]) as fake:
            ask(fake.server.with_credentials("sup", "secret"))
        assert b"Basic c3VwOnNlY3JldA==" in fake.requests[0]

    @pytest.mark.parametrize("status", [401, 403])
    def test_credentials_that_are_refused_are_told_apart(self, status, tmp_path):
        with (
            FakeKamailio("http", tmp_path, lambda _number: [framed("http", b"no", status)]) as fake,
            pytest.raises(NotAuthorised, match="none given"),
        ):
            ask(fake.server)

    def test_a_page_is_no_answer(self, tmp_path):
        with (
            FakeKamailio("http", tmp_path, lambda _number: [framed("http", b"<html>", 404)]) as fake,
            pytest.raises(KamailioRefused, match="404") as refused,
        ):
            ask(fake.server)
        assert "<html>" not in str(refused.value)


class TestFifo:
    def test_a_file_is_not_written_to(self, tmp_path):
        file = tmp_path / "file"
        file.write_text("mine")
        with pytest.raises(ServerUnreachable, match="not a FIFO"):
            ask(Server(f"fifo:{file}"))
        assert file.read_text() == "mine"

    def test_a_fifo_that_nobody_reads_is_told(self, tmp_path):
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(ServerUnreachable, match="nobody reads"):
            ask(Server(f"fifo:{tmp_path / 'fifo'}"))

    def test_what_a_run_that_is_stopped_would_leave_is_removed(self, tmp_path, replies):
        (replies / "half").touch()
        kamailio_fifo._replies.add(replies / "half")
        kamailio.clean_up()
        assert list(replies.iterdir()) == []


def test_duplicate_names_in_json_are_kept():
    peer = kamailio_jsonrpc.request("x", [], 1)
    assert b'"method": "x"' in peer
    found = kamailio_jsonrpc.result(b'{"result": {"a": 1, "a": 2}, "id": 1}', 1, None)  # type: ignore[arg-type]
    assert found == {"a": [1, 2]}


class TestSeveralAddresses:
    """A server that is reached at more than one address, or in more than one way."""

    def test_what_is_not_taken_at_one_is_sent_to_the_next(self, tmp_path):
        with FakeKamailio("http", tmp_path, lambda number: [reply("http", number)]) as fake:
            server = Server(f"binrpc:{tmp_path}/nobody", others=(Server(f"fifo:{tmp_path}/nobody"), fake.server))
            assert kamailio.call(server, "htable.seti", ["t", "k", 1], connect=PATIENT, read=PATIENT) == "fine"

    def test_a_listing_that_does_not_fit_through_one_is_asked_for_at_the_next(self, tmp_path):
        full = refusal("binrpc", 1, 500, "Internal error creating aor struct")
        with (
            FakeKamailio("binrpc", tmp_path, lambda number: [full[:4] + number.to_bytes(4, "big") + full[8:]]) as small,
            FakeKamailio("fifo", tmp_path, lambda number: [reply("fifo", number, "whole")]) as large,
        ):
            server = Server(small.server.url, others=(large.server,))
            assert kamailio.call(server, "ul.dump", connect=PATIENT, read=PATIENT) == "whole"
            with pytest.raises(KamailioRefused):  # it may have been done
                kamailio.call(server, "htable.seti", ["t", "k", 1], connect=PATIENT, read=PATIENT)
        assert len(large.requests) == 1

    def test_what_changes_something_is_never_sent_twice(self, tmp_path):
        with (
            FakeKamailio("http", tmp_path, lambda _number: [b"HTTP/1.1 200 OK\r\n"]) as broken,
            FakeKamailio("fifo", tmp_path, lambda number: [reply("fifo", number)]) as other,
        ):
            server = Server(broken.server.url, others=(other.server,))
            with pytest.raises(BROKEN):
                kamailio.call(server, "htable.seti", ["t", "k", 1], connect=PATIENT, read=PATIENT)
            assert not other.requests
            assert kamailio.call(server, "htable.get", ["t", "k"], connect=PATIENT, read=PATIENT) == "fine"

    @pytest.mark.parametrize("way", ["udp", "http"])
    def test_every_address_of_a_name_is_tried(self, way, tmp_path, monkeypatch):
        """A name may stand for addresses at which nobody listens."""
        real = socket.getaddrinfo
        closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if way == "udp" else socket.SOCK_STREAM)
        with closed, FakeKamailio(way, tmp_path, lambda number: [reply(way, number)]) as fake:
            closed.bind(("127.0.0.1", 0))  # and does not listen
            there = closed.getsockname()
            if way == "udp":
                closed.close()  # a bound socket would take datagrams

            def both(host, port, *more, **others):
                found = real("127.0.0.1", port, *more, **others)
                return [(*found[0][:4], there), *found]

            monkeypatch.setattr(socket, "getaddrinfo", both)
            assert ask(fake.server) == "fine"


def test_errors_call_a_server_by_its_name(tmp_path):
    with pytest.raises(ServerUnreachable, match=f"^cannot reach Kamailio proxy1 at binrpc:{tmp_path}/none: "):
        ask(Server(f"binrpc:{tmp_path}/none"), called="Kamailio proxy1")


def test_a_long_listing_that_breaks_off_is_told_with_the_way_to_take(tmp_path):
    with (
        FakeKamailio("http", tmp_path, lambda _number: [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"]) as fake,
        pytest.raises(ServerUnreachable, match=r"before its answer was complete; .* fifo:, on its own host"),
    ):
        kamailio.call(fake.server, "ul.dump", connect=PATIENT, read=PATIENT)


def test_a_packet_of_nothing_but_tiny_values_is_refused_before_it_takes_all_memory():
    with pytest.raises(binrpc.BinrpcError, match="more than 10 records"):
        binrpc.values(b"\0" * 11, 10)
    assert binrpc.values(b"\0" * 10, 10) == [0] * 10


@pytest.mark.parametrize("way", ["http", "unix", "fifo"])
def test_an_answer_of_structs_within_structs_is_an_error(way, tmp_path):
    def deep(number):
        answer = f'{{"jsonrpc": "2.0", "id": {number}, "result": {"[" * 400 + "]" * 400}}}'
        return [framed(way, answer.encode())]

    with FakeKamailio(way, tmp_path, deep) as fake, pytest.raises(KamailioUnreadable, match="more than 64 structs"):
        ask(fake.server)
