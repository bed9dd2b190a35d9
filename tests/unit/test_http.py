"""HTTP to any server: what is repeated, what is not, how much is read, and what errors say."""

from __future__ import annotations

import gzip
import time

import pytest
from couch_fault_server import Answer, CouchFaultServer, breaks_off, hangs_up, resets, says, stores_then_stalls

from kazoo_sup.errors import NotAuthorised, ServerRefused, ServerUnreachable, SettingsError, SupError, TimedOut
from kazoo_sup.transports import http
from kazoo_sup.transports.http import HTTP, Timeouts

QUICK = Timeouts(connect=1, read=0.3, whole=1, retry=2)


class Echo(CouchFaultServer):
    def respond(self, request):
        return Answer(200, request.body or b"hello", {"X-Path": request.path})


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("kazoo_sup.transports.http_repeats.FIRST_PAUSE", 0.001)
    with Echo() as server:
        yield server


@pytest.fixture
def connect(server):
    opened = []

    def connect(url=None, timeouts=QUICK, **more):
        opened.append(HTTP(url or f"{server.url}/base/", server="the carrier", timeouts=timeouts, **more))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def test_what_is_sent_and_what_comes_back(server, connect):
    client = connect(headers={"User-Agent": "x"}, login=("ann", "pässword"))
    answer = client.request("POST", "/a", query={"q": "+1 2"}, body=b"body", headers={"Accept": "text/x"})
    assert (answer.status, answer.body, answer.headers["x-path"]) == (200, b"body", "/base/a?q=%2B1+2")
    (request,) = server.requests
    assert (request.headers["User-Agent"], request.headers["Accept"]) == ("x", "text/x")
    assert request.headers["Authorization"] == "Basic YW5uOnDDpHNzd29yZA=="


@pytest.mark.parametrize("fault", [resets, hangs_up, breaks_off, says(500), says(502), says(503), says(429)])
def test_what_only_reads_is_repeated(server, connect, fault):
    server.fails(fault)
    assert connect().request("GET").body == b"hello"
    server.fails(fault)
    assert connect().request("POST", only_reads=True).body == b"hello"


@pytest.mark.parametrize("fault", [resets, hangs_up, breaks_off, says(500), says(502), says(503), stores_then_stalls])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_may_have_been_done_is_not_repeated_and_says_so(server, connect, fault, method):
    server.fails(fault)
    with pytest.raises(SupError) as lost:
        connect().request(method, body=b"x")
    assert lost.value.facts["lost"] is True
    assert len(server.requests) == 1


def test_too_many_requests_is_repeated_when_the_server_says(server, connect, monkeypatch):
    slept = []
    monkeypatch.setattr("kazoo_sup.transports.http_repeats.time.sleep", slept.append)
    server.fails(says(429, Retry_After="7"))
    assert connect().request("POST", body=b"x").body == b"x"
    assert slept == [7.0]
    server.fails(says(429, b"later", Retry_After="60"))
    with pytest.raises(ServerRefused, match="429 to POST /base: later") as refused:
        connect().request("POST", body=b"x")
    assert "lost" not in refused.value.facts


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (says(401, b"who?"), NotAuthorised),
        (says(403), NotAuthorised),
        (says(404, b"<title>x</title><p>not here</p>"), ServerRefused),
        (says(302, Location="http://ann:s3cret@192.0.2.1/x?t=1"), ServerRefused),
    ],
)
def test_refusals_are_final(server, connect, fault, error):
    server.fails(fault)
    with pytest.raises(error) as refused:
        connect().request("GET")
    assert len(server.requests) == 1
    assert "s3cret" not in str(refused.value)
    assert "lost" not in refused.value.facts


def test_the_content_of_a_refusal_is_kept_and_secrets_are_not_shown(server, connect):
    server.fails(says(400, b"bad key s3cret"))
    with pytest.raises(ServerRefused, match=r"bad key \*\*\*") as refused:
        connect(secrets=["s3cret"]).request("GET")
    assert refused.value.facts["content"] == b"bad key s3cret"


def test_answers_that_are_too_large_or_too_slow(server, connect, monkeypatch):
    monkeypatch.setattr(http, "LARGEST", 1000)
    server.fails(says(200, gzip.compress(b"0" * 100_000), Content_Encoding="gzip"))
    with pytest.raises(ServerRefused, match="larger than 1000 bytes"):
        connect().request("GET")

    def drips(handler, carry_out):
        handler.wfile.write(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    server.fails(drips)
    with pytest.raises(TimedOut):
        connect(timeouts=Timeouts(read=0.3, whole=0.4, retry=0)).request("GET")


def test_nobody_there(connect):
    with pytest.raises(ServerUnreachable, match="cannot reach the carrier at 127.0.0.1:1: connection refused") as error:
        connect("http://127.0.0.1:1", timeouts=Timeouts(retry=0)).request("POST", body=b"x")
    assert "lost" not in error.value.facts


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://ann:s3cret@x", "http://x:y"])
def test_urls_that_are_none(connect, url):
    with pytest.raises(SettingsError) as refused:
        HTTP(url, server="the carrier")
    assert "s3cret" not in str(refused.value)


def test_who_can_read_along(connect):
    assert not connect().is_open_to_listeners
    assert not connect("https://example.com").is_open_to_listeners
    assert connect("http://example.com").is_open_to_listeners


def test_every_exchange_is_told_of_without_its_content(server, connect):
    told = []
    server.fails(says(500, b"s3cret"))
    connect(tell=told.append, secrets=["s3cret"]).request("GET", "/a", query={"token": "s3cret"})
    assert [sentence.partition(" (")[0] for sentence in told] == [
        "GET /base/a: the carrier answered 500 to GET /base/a: ****",
        "GET /base/a: 200, 5 bytes",
    ]
