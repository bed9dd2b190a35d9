"""HTTP to any server: what is repeated, what is not, how much is read, and what errors say."""

from __future__ import annotations

import gzip
import time
import tracemalloc

import pytest

from helpers.fault_server import Answer, FaultServer, breaks_off, hangs_up, resets, says, stores_then_stalls
from helpers.real_servers import until
from kazoo_sup.errors import (
    Delivered,
    NotAuthorised,
    ServerRefused,
    ServerUnreachable,
    SettingsError,
    SupError,
    TimedOut,
)
from kazoo_sup.transports import net
from kazoo_sup.transports.http import HTTP, Place, Timeouts
from kazoo_sup.transports.http.connections import verification
from kazoo_sup.transports.limits import Limits, OversizedAnswer
from kazoo_sup.transports.net import Tls

PATIENT = Timeouts(retry=20)
BRIEF = Timeouts(read=0.3, whole=0.3, retry=0)


class Echo(FaultServer):
    def respond(self, request):
        return Answer(200, request.body or b"hello", {"X-Path": request.path})


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))
    with Echo() as server:
        yield server


@pytest.fixture
def connect(server):
    opened = []

    def connect(url=None, timeouts=PATIENT, login=None, **more):
        place = Place(url or f"{server.url}/base/", "the carrier", login)
        opened.append(HTTP(place, timeouts=timeouts, **more))
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
        connect(timeouts=BRIEF if fault is stores_then_stalls else PATIENT).request(method, body=b"x")
    assert lost.value.delivered is Delivered.MAYBE
    until(lambda: server.requests, "the request")
    assert len(server.requests) == 1


def test_too_many_requests_is_repeated_when_the_server_says(server, connect, monkeypatch):
    slept = []
    monkeypatch.setattr("kazoo_sup.transports.http.repeats.time.sleep", slept.append)
    server.fails(says(429, Retry_After="7"))
    assert connect().request("POST", body=b"x").body == b"x"
    assert slept == [7.0]
    server.fails(says(429, b"later", Retry_After="60"))
    with pytest.raises(ServerRefused, match="429 to POST /base: later") as refused:
        connect().request("POST", body=b"x")
    assert refused.value.delivered is Delivered.YES


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
    assert refused.value.delivered is Delivered.YES


def test_the_content_of_a_refusal_is_kept_and_secrets_are_not_shown(server, connect):
    server.fails(says(400, b"bad key s3cret"))
    with pytest.raises(ServerRefused, match=r"bad key \*\*\*") as refused:
        connect(secrets=["s3cret"]).request("GET")
    assert refused.value.content == b"bad key s3cret"


@pytest.mark.parametrize(
    "body",
    [
        *(b"x" * length + b" Bearer abcdefgh<i>/jkl is no key" for length in range(275, 300, 3)),
        b"the key abcdefgh<i>/jkl is none",
        b'<p class="abcdefgh<i>/jkl">no</p>',
    ],
)
def test_nothing_is_left_of_a_secret_where_what_was_said_is_cut(server, connect, body):
    server.fails(says(400, body))
    with pytest.raises(ServerRefused) as refused:
        connect(secrets=["abcdefgh<i>/jkl"]).request("GET")
    assert not any(piece in str(refused.value) for piece in ("abc", "jkl"))


@pytest.mark.parametrize("wrap", [bytes, gzip.compress])
@pytest.mark.parametrize("body", [b"0" * 1_000_000, b"[]," * 20_000], ids=["large", "brackets"])
def test_answers_that_are_too_large(server, connect, wrap, body):
    headers = {"Content_Encoding": "gzip"} if wrap is gzip.compress else {}
    server.fails(says(200, wrap(body), **headers))
    with pytest.raises(OversizedAnswer, match=r"larger than 0\.1 MB, the setting limits\.megabytes"):
        connect(limits=Limits(megabytes=0.1)).request("GET")


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_would_fill_the_memory_does_not(server, connect, status):
    """A few kilobytes that are many megabytes once they are unpacked: the process stays as small as it was."""
    bomb = gzip.compress(gzip.compress(bytes(60_000_000), 1), 9)
    layers = {"Content_Encoding": "gzip"}
    server.fails(says(status, gzip.compress(bytes(60_000_000), 1), **layers))
    tracemalloc.start()
    with pytest.raises(SupError):
        connect(timeouts=Timeouts(retry=0), limits=Limits(megabytes=2)).request("GET")
    server.fails(says(status, bomb, Content_Encoding="gzip, gzip"))
    with pytest.raises(SupError):
        connect(timeouts=Timeouts(retry=0), limits=Limits(megabytes=2)).request("GET")
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "gzip, gzip"])
def test_content_that_is_not_compressed_as_announced(server, connect, coding):
    server.fails(says(200, b"plain", Content_Encoding=coding))
    with pytest.raises(ServerUnreachable, match="not compressed as announced"):
        connect(timeouts=Timeouts(retry=0)).request("GET")


@pytest.mark.parametrize("broken", [lambda body: body[:-9], lambda body: body[:20]])
def test_compressed_content_that_breaks_off(server, connect, broken):
    server.fails(says(200, broken(gzip.compress(bytes(range(256)) * 40)), Content_Encoding="gzip"))
    with pytest.raises(ServerUnreachable, match="not compressed as announced"):
        connect(timeouts=Timeouts(retry=0)).request("GET")


def test_compressed_content_in_several_streams_and_an_empty_one(server, connect):
    server.fails(says(200, gzip.compress(b"a" * 200_000) + gzip.compress(b"b"), Content_Encoding="gzip"))
    assert connect().request("GET").body == b"a" * 200_000 + b"b"
    server.fails(says(200, b"", Content_Encoding="gzip"))
    assert connect().request("GET").body == b""
    server.fails(says(200, b"plain", Content_Encoding="UTF-8"), says(200, b"plain", Content_Encoding="identity"))
    assert connect().request("GET").body == connect().request("GET").body == b"plain"


@pytest.mark.parametrize("dripping", ["status", "headers", "body", "continue"])
def test_an_answer_that_never_ends_is_given_up_at_its_time(server, connect, dripping):
    """However often something comes: the time of the whole answer passes."""

    def drips(handler, carry_out):
        start = {
            "status": b"HTTP/1.1 ",
            "headers": b"HTTP/1.1 200 x\r\n",
            "body": b"HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n",
            "continue": b"",
        }[dripping]
        piece = {"headers": b"X: y\r\n", "continue": b"HTTP/1.1 100 Continue\r\n\r\n"}.get(dripping, b"x")
        handler.wfile.write(start)
        while not server.stopped.wait(0.05):
            handler.wfile.write(piece)

    server.fails(drips)
    with pytest.raises(TimedOut, match="waiting for the carrier at"):
        connect(timeouts=Timeouts(read=60, whole=0.5, retry=0)).request("GET")


def test_a_slow_answer_is_complete_when_there_is_time(server, connect):
    def drips(handler, carry_out):
        handler.wfile.write(b"HTTP/1.1 200 x\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    server.fails(drips)
    assert connect(timeouts=Timeouts(read=60, whole=60)).request("GET").body == b"x" * 10


def test_nobody_there(connect):
    with pytest.raises(ServerUnreachable, match="cannot reach the carrier at 127.0.0.1:1: connection refused") as error:
        connect("http://127.0.0.1:1", timeouts=Timeouts(retry=0)).request("POST", body=b"x")
    assert error.value.delivered is Delivered.NO


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://ann:s3cret@x", "http://x:y"])
def test_urls_that_are_none(connect, url):
    with pytest.raises(SettingsError) as refused:
        Place(url, "the carrier")
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


def test_a_certificate_of_ours_may_hold_its_key_itself(tmp_path):
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    assert verification(Tls(cert_file=cert))[1] == str(cert)
    assert verification(Tls(cert_file=cert, key_file=key))[1] == (str(cert), str(key))
    with pytest.raises(SettingsError, match="nosuch.pem: there is no such file"):
        verification(Tls(cert_file=tmp_path / "nosuch.pem"))
