"""The HTTP below CouchDB: what is repeated and what is not, which coordinator is asked, and what the user is told."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import gzip
import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
import traceback

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import (
    HAPROXY_503,
    Answer,
    Handler,
    answer,
    breaks_off,
    breaks_off_cleanly,
    hangs_up,
    resets,
    says,
    says_in_chunks,
    stores_then_stalls,
)
from helpers.real_servers import free_port, until
from kazoo_sup.errors import (
    Delivered,
    NotAuthorised,
    ServerRefused,
    ServerUnreachable,
    SettingsError,
    SupError,
    TimedOut,
)
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts, connections
from kazoo_sup.transports.limits import Limits, OversizedAnswer
from kazoo_sup.transports.net import Tls
from kazoo_sup.transports.server import Server

DOCUMENT = {"_id": "doc", "name": "Zoë"}
PATIENT = Timeouts()
UNENCRYPTED = Tls()
IMPATIENT = Timeouts(connect=0.3, read=0.3, retry=0)
ONCE = Timeouts(retry=0)


@pytest.fixture
def server(server):
    server.store("db", DOCUMENT)
    return server


@pytest.fixture
def connect():
    """Connect to servers, or URLs, and close at the end."""
    opened = []

    def connect(*servers, timeouts=PATIENT, tls=UNENCRYPTED, **credentials):
        urls = [server if isinstance(server, str) else server.url for server in servers]
        couchdb = CouchDB([Server(url, **credentials) for url in urls], timeouts=timeouts, tls=tls, workers=2)
        opened.append(couchdb)
        return couchdb

    yield connect
    for couchdb in opened:
        couchdb.close()


@pytest.fixture
def dead_url():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def address(server):
    return server.url.partition("://")[2]


class TestRepeats:
    @pytest.mark.parametrize(
        "fault",
        [
            says(429),
            says(
                500,
                b'{"error":"timeout","reason":"The request could not be processed in a reasonable amount of time."}',
            ),
            says(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
            says(503, HAPROXY_503),
            says(504),
            says(412, b'{"error":"nodedown","reason":"progress not possible"}'),
            hangs_up,
            resets,
            breaks_off,
            breaks_off_cleanly,
        ],
    )
    def test_a_read_is_repeated_after_a_passing_failure(self, server, connect, fault):
        server.fails(fault, fault)
        assert connect(server).get("db", "doc")["name"] == "Zoë"
        assert len(server.requests) == 3

    def test_a_read_is_repeated_after_a_time_out(self, server, connect):
        server.fails(stores_then_stalls)
        assert connect(server, timeouts=Timeouts(read=2)).get("db", "doc")["name"] == "Zoë"

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("db/_all_docs", {"rows": []}),
            ("db/_find", {"docs": []}),
            ("db/_bulk_get", {"results": []}),
            ("db/_design/d/_view/v", {"rows": []}),
            ("_dbs_info", []),
        ],
    )
    def test_a_post_that_only_reads_is_repeated(self, server, connect, path, found):
        server.fails(hangs_up, lambda handler, _: handler.send(answer(200, found)))
        assert connect(server).request("POST", path, json={"keys": []}) == found

    @pytest.mark.parametrize("fault", [says(500), says(502), says(504), hangs_up, resets, breaks_off])
    @pytest.mark.parametrize(("method", "path"), [("POST", "db/_bulk_docs"), ("PUT", "new"), ("DELETE", "db")])
    def test_a_write_without_an_answer_is_not_repeated(self, server, connect, fault, method, path):
        server.fails(fault)
        with pytest.raises((ServerUnreachable, ServerRefused)) as raised:
            connect(server).request(method, path, json={"docs": []})
        assert raised.value.delivered is Delivered.MAYBE
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_write_that_was_refused_is_repeated(self, server, connect, status):
        server.fails(says(status))
        assert connect(server).create("new") is True
        assert len(server.sent("PUT")) == 2

    @pytest.mark.parametrize("status", [400, 405, 409, 415])
    def test_a_definite_refusal_is_not_repeated(self, server, connect, status):
        server.fails(says(status))
        with pytest.raises(ServerRefused) as raised:
            connect(server).get("db", "doc")
        assert raised.value.delivered is not Delivered.MAYBE
        assert len(server.requests) == 1

    @pytest.mark.parametrize("wish", [lambda: "1", lambda: email.utils.formatdate(time.time() + 2, usegmt=True)])
    def test_retry_after_is_waited_for(self, server, connect, wish):
        server.fails(says(429, Retry_After=wish()))
        started = time.monotonic()
        connect(server, timeouts=Timeouts(retry=0.5)).info()
        assert time.monotonic() - started > 0.5  # without the header, the first pause would be at most 0.15 s

    @pytest.mark.parametrize("wish", ["3600", "inf", "soon"])
    def test_a_retry_after_that_is_too_long_or_no_time_does_not_hang(self, server, connect, wish):
        server.fails(says(503, Retry_After=wish))
        couchdb = connect(server)
        if wish == "3600":
            with pytest.raises(ServerRefused):
                couchdb.info()
        else:
            assert couchdb.info()

    def test_repeats_come_to_an_end(self, server, connect):
        server.fails(*[says(503)] * 20)
        with pytest.raises(ServerRefused):
            connect(server, timeouts=Timeouts(retry=3)).info()
        assert 2 <= len(server.requests) <= 8

    def test_nothing_is_repeated_without_patience(self, server, connect):
        server.fails(says(503))
        with pytest.raises(ServerRefused):
            connect(server, timeouts=Timeouts(retry=0)).info()
        assert len(server.requests) == 1

    def test_a_refused_connection_is_tried_again_for_every_verb(self, connect, monkeypatch):
        port = free_port()
        with contextlib.ExitStack() as stack:

            def comes_up(_seconds):
                stack.enter_context(CouchDBServer(port=port))

            monkeypatch.setattr("kazoo_sup.transports.http.repeats.time.sleep", comes_up)
            couchdb = connect(f"http://127.0.0.1:{port}")
            assert couchdb.create("new") is True


class TestFailover:
    def test_the_next_coordinator_is_asked_at_once_and_remembered(self, server, connect):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            couchdb = connect(f"http://127.0.0.1:{port}", server, timeouts=Timeouts(retry=0))
            assert couchdb.create("new") is True
        with CouchDBServer(port=port) as back_again:
            assert couchdb.get("db", "doc")
            assert not back_again.requests

    def test_a_failing_coordinator_is_left_for_the_next(self, server, connect):
        with CouchDBServer() as poor:
            poor.fails(says(503, HAPROXY_503))
            couchdb = connect(poor, server)
            assert couchdb.get("db", "doc")
            assert couchdb.get("db", "doc")
            assert (len(poor.requests), len(server.requests)) == (1, 2)

    def test_with_none_reached_the_error_names_all(self, connect, dead_url):
        with pytest.raises(ServerUnreachable) as raised:
            connect(dead_url, "http://localhost:1", timeouts=Timeouts(retry=0.3)).info()
        address = dead_url.partition("://")[2]
        assert str(raised.value) == f"cannot reach CouchDB at {address}, localhost:1: connection refused"

    def test_each_coordinator_gets_its_own_credentials_and_path(self, server, connect, dead_url):
        server.databases["couch"] = {}
        endpoints = [Server(f"{dead_url}/x", "ann", "1"), Server(f"{server.url}/couch/", "bob", "2")]
        couchdb = CouchDB(endpoints)
        assert couchdb.get("db", "doc") is None
        couchdb.close()
        (request,) = server.requests
        assert request.path == "/couch/db/doc"
        assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"bob:2"


class TestUnreachable:
    def test_connection_refused(self, connect, dead_url):
        with pytest.raises(ServerUnreachable, match=r"^cannot reach CouchDB at 127\.0\.0\.1:\d+: connection refused$"):
            connect(dead_url, timeouts=ONCE).info()

    @pytest.mark.parametrize(
        ("code", "reason"),
        [(socket.EAI_NONAME, "no such host"), (socket.EAI_AGAIN, "the name server does not answer")],
    )
    def test_a_name_that_is_not_known(self, connect, monkeypatch, code, reason):
        def getaddrinfo(*_, **__):
            raise socket.gaierror(code, "as the resolver says")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(ServerUnreachable, match=rf"^cannot reach CouchDB at couch\.example\.com:5984: {reason}$"):
            connect("http://couch.example.com:5984", timeouts=ONCE).info()

    def test_no_answer_to_the_connection(self, connect):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            waiting = [socket.socket() for _ in range(3)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            with pytest.raises(ServerUnreachable, match=r"no connection within \d+(\.\d)? s$") as error:
                connect(f"http://127.0.0.1:{port}", timeouts=IMPATIENT).info()
            assert f"within {error.value.seconds:g} s" in str(error.value)
            for each in waiting:
                each.close()

    def test_a_silent_server_times_out(self, server, connect):
        server.fails(stores_then_stalls)
        with pytest.raises(TimedOut) as raised:
            connect(server, timeouts=IMPATIENT).get("db", "doc")
        took = raised.value.seconds
        expected = f"timed out after {took:g} s waiting for CouchDB at {address(server)} to answer GET /db/doc"
        assert (str(raised.value), took >= IMPATIENT.read) == (expected, True)

    def test_a_silence_in_the_middle_of_an_answer_times_out(self, server, connect):
        def stalls_midway(handler, _):
            handler.wfile.write(b'HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":')
            server.stopped.wait(5)

        server.fails(stalls_midway)
        with pytest.raises(TimedOut):
            connect(server, timeouts=IMPATIENT).get("db", "doc")

    @pytest.mark.parametrize("piece", [b" ", b"[], " * 3000])
    def test_an_answer_without_end_is_given_up(self, server, piece):
        """Whether it comes byte by byte or as fast as it can."""

        def endless(handler, _):
            handler.wfile.write(b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\n\r\n[")
            while not server.stopped.wait(0.02 if len(piece) == 1 else 0):
                handler.wfile.write(piece)

        server.fails(endless)
        limits = Limits(megabytes=1, seconds=1 if len(piece) == 1 else 60)
        couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(retry=0), limits=limits)
        with pytest.raises(TimedOut if len(piece) == 1 else OversizedAnswer) as raised:
            couchdb.info()
        couchdb.close()
        assert "CouchDB" in str(raised.value)

    def test_an_attachment_may_be_larger_than_an_answer_but_not_stall(self, server):
        limits = Limits(megabytes=0.1, seconds=60)
        with contextlib.closing(CouchDB([Server(server.url)], timeouts=PATIENT, limits=limits)) as couchdb:
            server.fails(says(200, b"x" * 1_000_000, Content_Type="audio/mp3"))
            with couchdb.get_attachment("db", "doc", "a.mp3") as content:
                assert content.read() == b"x" * 1_000_000

            def trickles(handler, _):
                handler.wfile.write(b"HTTP/1.1 200 x\r\nContent-Type: audio/mp3\r\nContent-Length: 999999\r\n\r\n")
                while not server.stopped.wait(0.02):
                    handler.wfile.write(b"x")

            server.fails(trickles)
        limits = Limits(seconds=1)
        with contextlib.closing(CouchDB([Server(server.url)], timeouts=PATIENT, limits=limits)) as couchdb:
            content = couchdb.get_attachment("db", "doc", "a.mp3")
            with content, pytest.raises(TimedOut):
                content.read()

    def test_a_silence_is_not_waited_out_twice(self, server, connect):
        server.fails(stores_then_stalls, stores_then_stalls)
        with pytest.raises(TimedOut):
            connect(server, timeouts=Timeouts(read=0.5, retry=0.4)).get("db", "doc")
        until(lambda: server.requests, "the request")
        assert len(server.requests) == 1

    def test_json_that_is_nested_too_deeply(self, server, connect):
        server.fails(says(200, b"[" * 100_000 + b"]" * 100_000, Content_Type="application/json"))
        with pytest.raises(ServerRefused, match="nested too deeply"):
            connect(server, timeouts=ONCE).info()

    def test_a_large_body_may_take_longer_to_send_than_connecting_may(self, server, connect, monkeypatch):
        """The server begins to read after the connect timeout, with more on its way than sockets buffer."""
        parse = Handler.parse_request

        def parse_late(handler):
            time.sleep(0.6)
            return parse(handler)

        monkeypatch.setattr(Handler, "parse_request", parse_late)
        couchdb = connect(server, timeouts=Timeouts(connect=0.2, retry=0))
        assert couchdb.save("db", [{"_id": "large", "text": "x" * 20_000_000}])[0].error is None
        assert len(server.sent("POST")) == 1

    def test_an_address_that_is_none(self, connect):
        with pytest.raises(ServerUnreachable):
            connect("http://a..b:5984", timeouts=ONCE).info()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with cert.pem, for localhost and signed by itself, and its key.pem."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem"]
    subprocess.run([*make, "-out", "cert.pem", *name], cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


class TestTls:
    @pytest.fixture
    def encrypted(self, files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files / "cert.pem", files / "key.pem")
        with CouchDBServer(tls=context) as server:
            server.url = server.url.replace("127.0.0.1", "localhost")
            yield server

    def test_an_own_authority_is_trusted_when_named(self, encrypted, connect, files):
        assert connect(encrypted, tls=Tls(ca_file=files / "cert.pem")).info()

    def test_an_unknown_authority_is_not_trusted(self, encrypted, connect):
        with pytest.raises(ServerUnreachable, match="TLS: certificate verify failed: self"):
            connect(encrypted).info()

    def test_a_certificate_for_another_host_is_not_accepted(self, encrypted, connect, files):
        encrypted.url = encrypted.url.replace("localhost", "127.0.0.1")
        with pytest.raises(ServerUnreachable, match="TLS: certificate verify failed: IP address mismatch"):
            connect(encrypted, tls=Tls(ca_file=files / "cert.pem")).info()

    def test_verification_can_be_switched_off_without_warnings(self, encrypted, connect):
        assert connect(encrypted, tls=Tls(verify=False)).info()

    def test_a_server_that_asks_for_our_certificate_gets_it(self, files, connect):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files / "cert.pem", files / "key.pem")
        context.load_verify_locations(files / "cert.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        ours = {"cert_file": files / "cert.pem", "key_file": files / "key.pem"}
        with CouchDBServer(tls=context) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            assert connect(url, tls=Tls(ca_file=files / "cert.pem", **ours)).info()
            with pytest.raises(ServerUnreachable):
                connect(url, tls=Tls(ca_file=files / "cert.pem"), timeouts=ONCE).info()

    def test_https_to_a_port_without_tls(self, server, connect):
        with pytest.raises(ServerUnreachable, match=r"TLS: (wrong version number|record layer failure)$"):
            connect(server.url.replace("http:", "https:"), timeouts=ONCE).info()

    def test_a_missing_file_is_named(self, connect, tmp_path):
        with pytest.raises(SettingsError, match=r"no-such-ca.pem: there is no such file"):
            connect("https://localhost:1", tls=Tls(ca_file=tmp_path / "no-such-ca.pem"))


class TestCredentials:
    @pytest.mark.parametrize("password", ["p@ss:w/rd", "héslo-ключ", "", "100%"])
    def test_any_password_arrives_as_utf8(self, server, connect, password):
        connect(server, username="zoë", password=password).info()
        token = server.requests[0].headers["Authorization"].removeprefix("Basic ")
        assert base64.b64decode(token).decode() == f"zoë:{password}"

    def test_none_are_sent_without_a_user_name(self, server, connect):
        connect(server).info()
        assert "Authorization" not in server.requests[0].headers

    def test_netrc_is_not_read(self, server, connect, tmp_path, monkeypatch):
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        connect(server).info()
        assert "Authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("fault", [says(401), says(500), says(302, Location="http://127.0.0.1:1/x"), hangs_up])
    def test_a_password_is_in_no_message_repr_or_traceback(self, server, connect, fault):
        server.fails(fault)
        couchdb = connect(server, timeouts=IMPATIENT, username="ann", password="s3cr3t")
        with pytest.raises(SupError) as raised:
            couchdb.get("db", "doc")
        words = "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))
        words += repr(Server(server.url, "ann", "s3cr3t")) + repr(couchdb) + repr(couchdb._session._places)
        assert "s3cr3t" not in words
        assert base64.b64encode(b"ann:s3cr3t").decode() not in words

    def test_credentials_in_the_address_are_turned_away_unseen(self):
        with pytest.raises(SettingsError) as raised:
            CouchDB([Server("http://ann:s3cr3t@127.0.0.1:5984")])
        assert "s3cr3t" not in str(raised.value)

    @pytest.mark.parametrize(("status", "with_reason"), [(401, True), (403, True), (401, False)])
    def test_refused_credentials(self, server, connect, status, with_reason):
        body = b'{"error":"unauthorized","reason":"Name or password is incorrect."}' if with_reason else b""
        server.fails(says(status, body, Content_Type="application/json"))
        with pytest.raises(NotAuthorised) as raised:
            connect(server, username="ann").info()
        reason = ": Name or password is incorrect" if with_reason else ""
        assert str(raised.value) == f"CouchDB at {address(server)} refused the credentials{reason}"

    def test_missing_credentials_are_called_missing(self, server, connect):
        server.fails(says(401, b'{"error":"unauthorized","reason":"You are not a server admin."}'))
        with pytest.raises(NotAuthorised, match=r"refused the credentials, none given: You are not a server admin$"):
            connect(server).info()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirection_is_reported_and_never_followed(self, server, connect, status):
        with CouchDBServer() as other:
            server.fails(says(status, Location=f"{other.url.replace('://', '://x:s3cr3t@')}/db/doc?token=1"))
            with pytest.raises(ServerRefused) as raised:
                connect(server, username="ann", password="x").get("db", "doc")
            assert not other.requests
        expected = (
            f"CouchDB answered {status} to GET /db/doc: it redirects to {other.url}/db/doc, which is not followed"
        )
        assert str(raised.value) == expected


class TestErrorAnswers:
    def refusal(self, server, connect, *faults):
        server.fails(*faults)
        with pytest.raises(ServerRefused) as raised:
            connect(server, timeouts=IMPATIENT).get("db", "doc")
        return raised.value.reason

    def test_couchdb_says_what_is_wrong(self, server, connect):
        body = b'{"error":"query_parse_error","reason":"Invalid value for integer: x."}\n'
        reason = self.refusal(server, connect, says(400, body, Content_Type="application/json"))
        assert reason == "query_parse_error: Invalid value for integer: x"

    def test_haproxy_has_no_server(self, server, connect):
        assert self.refusal(server, connect, says(503, HAPROXY_503)) == "HAProxy has no CouchDB server up"

    def test_another_html_page_is_read_for_its_words(self, server, connect):
        head = b"<html><head><title>Oops</title><style>b {}</style></head>"
        page = head + b"<body><h1>Sorry</h1>\n<p>Not today.</p></body></html>"
        assert self.refusal(server, connect, says(418, page, Content_Type="text/html")) == "Sorry Not today"

    def test_an_error_in_chunks_longer_than_a_buffer(self, server, connect):
        body = json.dumps({"error": "bad", "reason": "very " * 3000}).encode()
        reason = self.refusal(server, connect, says_in_chunks(400, body, "application/json"))
        assert reason.startswith("bad: very very")
        assert len(reason) < 400

    def test_an_error_without_a_body(self, server, connect):
        assert self.refusal(server, connect, says(504)) == "gateway timeout"

    def test_an_error_with_no_string_for_a_reason(self, server, connect):
        assert self.refusal(server, connect, says(500, b'{"error":{"a":1},"reason":null}')) == '{"a": 1}'

    def test_an_error_with_control_characters_and_bad_utf8(self, server, connect):
        assert self.refusal(server, connect, says(500, b"\x1b[31mred\xff\n")) == "[31mred\ufffd"

    def test_an_error_that_breaks_off(self, server, connect):
        def fault(handler, _):
            handler.wfile.write(b"HTTP/1.1 400 x\r\nContent-Length: 50\r\n\r\n{")
            handler.close_connection = True

        assert self.refusal(server, connect, fault) == "bad request"

    def test_an_answer_that_is_no_json(self, server, connect):
        page = says(200, b"<html><body>Welcome to nginx!</body></html>", Content_Type="text/html")
        assert self.refusal(server, connect, page) == "that is not an answer of CouchDB: Welcome to nginx!"
        assert len(server.requests) == 1

    def test_json_that_breaks_off(self, server, connect):
        assert self.refusal(server, connect, breaks_off_cleanly) == "its answer breaks off"

    def test_a_foreign_404_page_is_no_proof_that_a_document_is_absent(self, server, connect):
        page = says(404, b"<html><body><h1>404 Not Found</h1></body></html>", Content_Type="text/html")
        assert self.refusal(server, connect, page) == "404 Not Found"
        server.fails(page, to="HEAD")
        with pytest.raises(ServerRefused):
            connect(server).exists("db")


class TestRequests:
    def test_json_is_sent_compact_and_in_utf8(self, server, connect):
        connect(server).save("db", [{"_id": "new", "name": "Zoë", "list": [1, 2]}])
        (request,) = server.sent("POST")
        assert request.body == '{"docs":[{"_id":"new","name":"Zoë","list":[1,2]}]}'.encode()
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Accept"] == "application/json"
        assert int(request.headers["Content-Length"]) == len(request.body)

    def test_half_a_surrogate_pair_is_sent_as_it_came(self, server, connect):
        connect(server).save("db", [{"_id": "new", "name": json.loads('"\\ud83d"')}])
        assert rb'"\ud83d"' in server.sent("POST")[0].body

    def test_compressed_answers_are_understood(self, server, connect):
        def compressed(handler, carry_out):
            done = carry_out()
            headers = done.headers | {"Content-Encoding": "gzip"}
            handler.send(Answer(done.status, gzip.compress(done.body), headers))

        server.fails(compressed)
        assert connect(server).get("db", "doc")["name"] == "Zoë"
        assert "gzip" in server.requests[0].headers["Accept-Encoding"]

    @pytest.mark.parametrize(
        ("database", "identifier", "path"),
        [
            ("account/ab/cd/ef01", "a doc", "/account%2Fab%2Fcd%2Fef01/a%20doc"),
            ("numbers/+1415", "+14155550100", "/numbers%2F%2B1415/%2B14155550100"),
            ("a%2Fb", "100%", "/a%252Fb/100%25"),
            ("x@y", "en-us/vm-enter_pin", "/x%40y/en-us%2Fvm-enter_pin"),
            ("db", "_design/users", "/db/_design/users"),
            ("db", "ключ?#", "/db/%D0%BA%D0%BB%D1%8E%D1%87%3F%23"),
        ],
    )
    def test_names_are_escaped_once(self, server, connect, database, identifier, path):
        connect(server).get(database, identifier)
        assert server.requests[0].path == path

    def test_connections_are_kept_and_used_again(self, server, connect):
        couchdb = connect(server)
        for _ in range(20):
            couchdb.get("db", "doc")
        server.fails(says(404, b'{"error":"not_found","reason":"missing"}'), says(400, HAPROXY_503))
        assert couchdb.get("db", "doc") is None
        with pytest.raises(ServerRefused):
            couchdb.get("db", "doc")
        couchdb.get("db", "doc")
        assert len(server.connections) == 1

    def test_a_connection_that_the_server_closed_while_idle_does_no_harm(self, server, connect):
        couchdb = connect(server)
        server.fails(lambda handler, carry_out: (handler.send(carry_out()), hangs_up(handler, carry_out)))
        couchdb.info()
        until(lambda: server.connections[0].fileno() < 0, "the connection to be closed")
        assert couchdb.save("db", [{"_id": "new"}])[0].error is None
        assert [request.method for request in server.requests] == ["GET", "POST"]

    def test_one_that_was_idle_for_long_is_not_used_again(self, server, connect, monkeypatch):
        """A firewall on the way may have forgotten it, and then what is sent is lost without a word."""
        couchdb = connect(server)
        couchdb.info()
        couchdb.info()
        assert len(server.connections) == 1
        monkeypatch.setattr(connections, "LONGEST_IDLE", 0.0)
        assert couchdb.save("db", [{"_id": "new"}])[0].error is None
        assert len(server.connections) == 2

    def test_ipv6(self, connect):
        try:
            server = CouchDBServer(host="::1")
        except OSError:
            pytest.skip("needs an IPv6 loopback address")
        with server:
            assert connect(server).info()
            server.fails(says(401))
            with pytest.raises(NotAuthorised, match=rf"CouchDB at \[::1\]:{server.server_port} refused"):
                connect(server).info()

    def test_a_proxy_of_the_environment_is_used_but_not_for_loopback(self, server, connect, monkeypatch, dead_url):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", dead_url)
        assert connect(server).info()
        monkeypatch.setenv("http_proxy", server.url)
        server.fails(lambda handler, _: handler.send(answer(200, {"via": "proxy"})))
        assert connect("http://couch.example.com:5984").info() == {"via": "proxy"}
        assert server.requests[-1].path == "http://couch.example.com:5984/"

    def test_a_proxy_that_is_down_is_called_so(self, connect, monkeypatch, dead_url):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", dead_url)
        with pytest.raises(
            ServerUnreachable, match=r"couch.example.com:5984: the proxy of the environment: connection refused$"
        ):
            connect("http://couch.example.com:5984", timeouts=ONCE).info()

    @pytest.mark.parametrize("url", ["", "couch:5984", "ftp://couch", "http://", "http://couch:port", "http://[::1"])
    def test_an_unusable_address_is_a_matter_of_settings(self, url):
        with pytest.raises(SettingsError):
            CouchDB([Server(url)])

    def test_no_address_is_a_matter_of_settings(self):
        with pytest.raises(SettingsError, match="no address is configured"):
            CouchDB([])


class TestImport:
    def run(self, *lines):
        script = "\n".join(("import sys, types", *lines))
        done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=600)
        assert (done.stdout, done.stderr) == ("[]\n", "")

    def test_it_leaves_out_what_one_request_does_not_need(self):
        self.run(
            "import kazoo_sup.transports.couchdb",
            "needless = ('pkg_resources', 'concurrent.futures', 'couchdb.multipart')",
            "print([name for name in needless if name in sys.modules])",
        )

    def test_a_pkg_resources_imported_before_stays(self):
        self.run(
            "sys.modules['pkg_resources'] = ours = types.ModuleType('pkg_resources')",
            "import kazoo_sup.transports.couchdb",
            "print([] if sys.modules['pkg_resources'] is ours else 'gone')",
        )
