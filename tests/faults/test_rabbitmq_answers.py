"""Answers of a management API that are cut off, in pieces, too large, rubbish or missing: always an error of ours."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from helpers.byte_server import Answer, ByteServer, Silence
from kazoo_sup.errors import NotAuthorised, NotFound, ServerRefused, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.rabbitmq import PAGE, ManagementAPI, NoManagementAPI, NoSuchPath, RabbitMQUnreadable
from kazoo_sup.transports.server import Server

ITEMS = [{"name": "one"}, {"name": "two"}]


def http(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def answering(*pieces: bytes) -> Answer:
    return lambda _request: pieces


def said(status: str, **answer: Any) -> Answer:
    return answering(http(json.dumps(answer).encode(), status))


def at(server: ByteServer, username: str | None = None, password: str | None = None, **more: Any) -> ManagementAPI:
    there = Server(f"http://127.0.0.1:{server.port}", username, password)
    return ManagementAPI(there, **{"read_timeout": 30, "retry": 0, **more})


WHOLE = http(json.dumps(ITEMS).encode())


def test_every_part_of_an_answer_is_told_from_the_whole():
    for length in range(0, len(WHOLE), 7):
        with ByteServer(answering(WHOLE[:length])) as server, at(server) as api, pytest.raises(SupError):
            api.whole("nodes")


def test_it_does_not_matter_where_an_answer_is_split():
    def by_byte(_request: bytes) -> Iterator[bytes]:
        for each in WHOLE:
            yield bytes([each])

    with ByteServer(by_byte) as server, at(server) as api:
        assert api.whole("nodes") == ITEMS
    for middle in range(1, len(WHOLE), 5):
        with ByteServer(answering(WHOLE[:middle], WHOLE[middle:])) as server, at(server) as api:
            assert api.whole("nodes") == ITEMS


def test_an_answer_without_an_end_is_given_up():
    def for_ever(_request: bytes) -> Iterable[bytes]:
        return itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"[" * 65_536))

    with (
        ByteServer(for_ever) as server,
        ManagementAPI(Server(f"http://127.0.0.1:{server.port}"), limits=Limits(megabytes=1)) as api,
        pytest.raises(ServerRefused, match="larger than 1 MB"),
    ):
        api.whole("nodes")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"[1]", b'["x"]', b"[[", b"[" * 100_000, b"\xff\xfe", b"[{]", b"1" * 10_000, b"[{},null]"],
    ids=lambda body: repr(body[:10]),
)
def test_what_is_no_list_of_objects_is_an_error_of_ours(body: bytes):
    with ByteServer(answering(http(body))) as server, at(server) as api:
        with pytest.raises(RabbitMQUnreadable):
            api.whole("nodes")
        with pytest.raises(RabbitMQUnreadable):
            list(api.pages("queues"))


def test_what_is_no_object_is_an_error_of_ours():
    with (
        ByteServer(answering(WHOLE)) as server,
        at(server) as api,
        pytest.raises(RabbitMQUnreadable, match="an object"),
    ):
        api.item("overview")


def test_rubbish_is_an_error_of_ours():
    rubbish = random.Random(1)
    for beginning in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 \x1b[2J\r\n\r\n"):
        for _ in range(15):
            body = beginning + rubbish.randbytes(200)
            with ByteServer(answering(body)) as server, at(server) as api, pytest.raises(SupError) as failed:
                api.whole("nodes")
            assert "\x1b" not in str(failed.value)


def test_a_server_that_says_nothing_is_given_up():
    def nothing(_request: bytes) -> Iterable[bytes]:
        raise Silence

    with ByteServer(nothing) as server, at(server, read_timeout=0.2) as api, pytest.raises(TimedOut):
        api.delete("connections", "c")


def test_a_refusal_is_an_error_with_the_words_of_the_broker():
    refused = said("401 Unauthorized", error="not_authorised", reason="Not monitor user")
    with ByteServer(refused) as server, at(server) as api, pytest.raises(NotAuthorised, match=": Not monitor user$"):
        api.whole("nodes")
    refused = said("404 Not Found", error="Object Not Found", reason="Not Found")
    with ByteServer(refused) as server, at(server) as api, pytest.raises(NotFound, match="has no queues / q"):
        api.item("queues", "/", "q")
    refused = said("400 Bad Request", error="bad_request", reason="no \x1b[2J")
    with ByteServer(refused) as server, at(server) as api, pytest.raises(ServerRefused) as told:
        api.delete("queues", "/", "q", "contents")
    assert str(told.value).endswith(" no [2J")


def test_a_page_that_is_missing_elsewhere_is_told_from_something_that_the_broker_lacks():
    page = answering(http(b"<h1>Not Found</h1>", "404 Not Found"))
    with ByteServer(page) as server, at(server) as api, pytest.raises(NoManagementAPI, match="GET /api/nodes at 127"):
        api.whole("nodes")
    with (
        ByteServer(answering(http(b"[]"))) as server,
        at(server) as api,
        pytest.raises(RabbitMQUnreadable, match="no node"),
    ):
        api.members()


def test_a_check_that_fails_is_an_answer_and_is_asked_for_once():
    words = {"status": "failed", "reason": "alarms", "alarms": []}
    failed = answering(http(json.dumps(words).encode(), "503 Service Unavailable"))
    with ByteServer(failed) as server, at(server, retry=60) as api:
        assert api.check("health", "checks", "alarms") == words
        assert len(server.requests) == 1
    with ByteServer(said("404 Not Found", error="Object Not Found")) as server, at(server) as api:
        assert api.check("health", "checks", "alarms") is None
    gateway = answering(http(b"<h1>no backend</h1>", "503 Service Unavailable"))
    with ByteServer(gateway) as server, at(server) as api, pytest.raises(ServerRefused):
        api.check("health", "checks", "alarms")


def test_who_is_not_there_is_told():
    with ByteServer(answering()) as server:
        port = server.port
    with (
        ManagementAPI(Server(f"http://127.0.0.1:{port}")) as api,
        pytest.raises(ServerUnreachable, match="connection refused"),
    ):
        api.whole("nodes")


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b"])
def test_a_name_that_would_lead_elsewhere_is_never_asked_for(name: str):
    with ByteServer(answering(WHOLE)) as server, at(server) as api:
        with pytest.raises(NoSuchPath):
            api.delete("queues", "/", name, "contents")
        assert server.requests == []


def test_names_are_escaped():
    with ByteServer(answering(http(b"{}"))) as server, at(server) as api:
        api.item("queues", "/", "a/b?c#d%<é>")
        assert server.requests[0].split()[1] == b"/api/queues/%2F/a%2Fb%3Fc%23d%25%3C%C3%A9%3E"


def paging(*pages: Any) -> Answer:
    """Answer one page after the other, whatever is asked for."""
    left = iter(pages)
    return lambda _request: [next(left)]


def page(*names: str, count: Any = 2) -> bytes:
    return http(json.dumps({"items": [{"name": name} for name in names], "page_count": count}).encode())


def test_pages_are_asked_for_one_after_the_other():
    with ByteServer(paging(page("a", "b"), page("c"))) as server, at(server) as api:
        assert [each["name"] for each in api.pages("queues", columns=("name",))] == ["a", "b", "c"]
        asked = [request.split()[1].decode() for request in server.requests]
        assert asked == [f"/api/queues?page={number}&page_size={PAGE}&columns=name" for number in (1, 2)]


def test_a_list_that_shrinks_meanwhile_ends():
    gone = http(b'{"error": "page_out_of_range", "reason": "Page out of range"}', "400 Bad Request")
    with ByteServer(paging(page("a"), gone)) as server, at(server) as api:
        assert [each["name"] for each in api.pages("queues")] == ["a"]


@pytest.mark.parametrize("count", [None, "many", 0, -1, 10**9])
def test_a_senseless_number_of_pages_comes_to_an_end(count: Any):
    with ByteServer(paging(page("a", count=count), page(count=count))) as server, at(server) as api:
        assert [each["name"] for each in api.pages("queues")] == ["a"]


def test_what_is_not_paged_is_taken_whole():
    with ByteServer(answering(WHOLE)) as server, at(server) as api:
        assert list(api.pages("queues")) == ITEMS


def test_the_password_is_not_shown_when_the_server_sends_it_back():
    refused = said("500 Internal Server Error", error="hunter2")
    with ByteServer(refused) as server, at(server, username="sup", password="hunter2") as api:
        with pytest.raises(SupError) as told:
            api.delete("connections", "c")
        assert "hunter2" not in str(told.value)
