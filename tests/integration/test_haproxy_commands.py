"""The module haproxy with a real HAProxy, over its unix and its TCP socket."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from helpers.real_servers import START_SECONDS, HAProxy, NotInstalled, until

pytestmark = pytest.mark.integration


class Welcome(BaseHTTPRequestHandler):
    """Answers as the welcome page of a CouchDB does, as far as HAProxy cares."""

    protocol_version = "HTTP/1.1"

    released = threading.Event()

    def do_GET(self):
        if self.path == "/slow":
            self.released.wait(START_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args): ...  # noqa: A002 - as in http.server


class Backend(ThreadingHTTPServer):
    """A server that keeps to itself what goes wrong when its clients leave."""

    def handle_error(self, request, client_address): ...


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """An HAProxy in front of a server that says 200 to everything."""
    with Backend(("127.0.0.1", 0), Welcome) as backend:
        threading.Thread(target=backend.serve_forever).start()
        try:
            proxy = HAProxy(tmp_path_factory.mktemp("haproxy"), f"http://127.0.0.1:{backend.server_address[1]}")
        except NotInstalled as missing:
            backend.shutdown()
            pytest.fail(str(missing))
        yield proxy
        proxy.stop()
        backend.shutdown()


@pytest.fixture
def proxy(started):
    """The HAProxy with every server ready."""
    for server in ("couchdb/one", "pair/db1", "pair/db2"):
        started.order(f"set server {server} state ready")
    for server, weight in (("db1", 1), ("db2", 50)):
        started.order(f"set server pair/{server} weight {weight}")
    return started


@pytest.fixture(params=["unix", "tcp"])
def lb(request, proxy):
    """The address of a stats socket with all rights."""
    return f"unix:{proxy.admin_socket}" if request.param == "unix" else proxy.admin_address


@pytest.fixture
def haproxy_sup(sup, proxy, tmp_path):
    """`sup haproxy` with three HAProxies in its settings: all of them are the same."""
    settings = tmp_path / "sup.yaml"
    sockets = {"lb1": f"unix:{proxy.admin_socket}", "lb2": f"tcp://{proxy.admin_address}"}
    named = "".join(f"      {name}: {url}\n" for name, url in sockets.items())
    settings.write_text(f"zones:\n  local:\n    haproxy:\n{named}", encoding="utf-8")

    def run(*words, **more):
        return sup("--config", str(settings), "haproxy", *words, **more)

    return run


@pytest.fixture
def rows(haproxy_sup):
    """The rows of a listing."""

    def listed(*words):
        done = haproxy_sup(*words, "--format", "json")
        assert (done.code, done.stderr) == (0, "")
        return json.loads(done.stdout)["rows"]

    return listed


@pytest.fixture
def state(rows, proxy):
    """The status and the weight of a server of the backend pair."""

    def found(server):
        (row,) = [row for row in rows("servers", "pair", f"unix:{proxy.admin_socket}") if row["server"] == server]
        return row["status"], row["weight"]

    return found


def test_one_that_hangs_keeps_no_other_from_an_order(sup, proxy, tmp_path):
    settings = tmp_path / "sup.yaml"
    with socket.create_server(("127.0.0.1", 0)) as hung:
        named = {"well": f"unix:{proxy.admin_socket}", "stuck": f"tcp://127.0.0.1:{hung.getsockname()[1]}"}
        settings.write_text(json.dumps({"zones": {"local": {"haproxy": named}}}), encoding="utf-8")
        done = sup("--config", str(settings), "-t", "20", "haproxy", "drain", "pair", "db1", "all")
    assert (done.code, done.stdout) == (5, "well: pair/db1: no check, weight 1 -> DRAIN, weight 1\n")
    assert "waiting for stuck" in done.stderr


def test_proxies_servers_and_counters_are_listed(rows, lb, proxy):
    assert proxy.status() == 200
    backend = next(row for row in rows("status", lb) if row["proxy"] == "pair")
    assert (backend["kind"], backend["status"], backend["servers"]) == ("backend", "UP", "2/2")
    assert [(row["server"], row["weight"]) for row in rows("servers", "pair", lb)] == [("db1", 1), ("db2", 50)]
    assert {row["server"] for row in rows("servers", lb)} == {"one", "db1", "db2"}
    counted = {row["server"]: row for row in rows("counters", lb) if row["proxy"] == "couchdb"}
    assert counted["one"]["sessions"] > 0
    assert counted["FRONTEND"]["requests"] > 0


def test_all_means_every_haproxy(rows):
    assert {row["haproxy"] for row in rows("status")} == {"lb1", "lb2"}
    assert {row["haproxy"] for row in rows("status", "all")} == {"lb1", "lb2"}
    assert {row["haproxy"] for row in rows("servers", "lb2")} == {"lb2"}


def test_info_tells_the_version(rows, lb):
    facts = {row["name"]: row["value"] for row in rows("info", lb)}
    assert facts["Name"] == "HAProxy"
    assert facts["Version"]


def test_counters_are_cleared(haproxy_sup, rows, lb, proxy):
    proxy.status()
    assert haproxy_sup("clear_counters", lb, "--totals", "--dry-run").code == 0
    assert any(row["bytes_in"] for row in rows("counters", lb))
    assert haproxy_sup("clear_counters", lb, "--totals").code == 0
    assert not any(row["bytes_in"] for row in rows("counters", lb))


def test_a_session_is_shown_with_its_frontend(rows, lb, proxy):
    address = urlsplit(proxy.url)
    Welcome.released.clear()
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        own = f"127.0.0.1:{client.getsockname()[1]}"
        assert until(
            lambda: [row for row in rows("sessions", lb) if (row["source"], row["frontend"]) == (own, "couchdb")],
            "the session to be shown",
        )
        Welcome.released.set()


def test_a_request_that_is_none_is_shown_without_its_password(rows, lb, proxy):
    address = urlsplit(proxy.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization : Basic c2VjcmV0\r\n\r\n")
        assert b" 400 " in client.recv(1000)
    (row,) = rows("errors", lb)
    assert (row["proxy"], row["kind"], row["line"]) == ("couchdb", "request", "Authorization : ****")


def test_a_server_is_taken_out_and_put_back(haproxy_sup, state, lb):
    for word, status in (("drain", "DRAIN"), ("ready", "no check"), ("maintenance", "MAINT"), ("ready", "no check")):
        done = haproxy_sup(word, "pair", "db1", lb)
        assert (done.code, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "ok"
        assert state("db1")[0] == status
    assert haproxy_sup("weight", "pair", "db2", "20", lb).code == 0
    assert state("db2")[1] == 20


def test_a_host_is_taken_out_everywhere_and_put_back(haproxy_sup, rows, proxy, lb):
    def states():
        return [row["status"] for row in rows("servers", lb) if row["address"].startswith("127.0.0.1:")]

    done = haproxy_sup("maintenance", "127.0.0.1", lb)
    assert done.code == 3
    assert "last server that is up out of backend couchdb" in done.stderr
    assert states() == ["no check", "no check"]
    assert haproxy_sup("maintenance", "127.0.0.1", lb, "--yes").code == 0
    assert states() == ["MAINT", "MAINT"]
    assert haproxy_sup("production", "127.0.0.1", lb).code == 0
    assert states() == ["no check", "no check"]


def test_two_names_are_backend_and_server_and_all_is_every_backend(haproxy_sup, state):
    assert haproxy_sup("maintenance", "pair", "db2", "lb1").code == 0
    assert state("db2")[0] == "MAINT"
    assert haproxy_sup("production", "db2", "all").code == 0
    assert haproxy_sup("maintenance", "all", "db2", "lb2").code == 0
    assert state("db2")[0] == "MAINT"
    assert haproxy_sup("maintenance", "pair", "db1").code == 1  # there are two HAProxies


def test_the_last_server_up_is_asked_about(haproxy_sup, state, lb):
    assert haproxy_sup("drain", "pair", "db1", lb).code == 0
    for words in (("drain", "pair", "db2"), ("maintenance", "pair", "db2"), ("weight", "pair", "db2", "0")):
        done = haproxy_sup(*words, lb)
        assert done.code == 3
        assert "take the last server that is up out of backend pair" in done.stderr
        assert state("db2") == ("no check", 50)
    assert "would set pair/db2 to drain" in haproxy_sup("drain", "pair", "db2", lb, "--dry-run").stdout
    assert state("db2") == ("no check", 50)
    assert haproxy_sup("drain", "pair", "db2", lb, tty=True, input="n\n").code == 3
    assert state("db2")[0] == "no check"
    assert haproxy_sup("drain", "pair", "db2", lb, tty=True, input="y\n").code == 0
    assert state("db2")[0] == "DRAIN"
    assert haproxy_sup("drain", "pair", "db2", lb).code == 0  # it is out already


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("drain", "pair", "db3"), 3, "has a server 'db3' in a backend 'pair'; there is db1, db2"),
        (("drain", "nowhere", "db1"), 3, "its backends are couchdb, pair"),
        (("drain", "pair;show info", "db1"), 1, "BACKEND: "),
        (("maintenance", "pair", "db1 state"), 1, "SERVER: "),
        (("weight", "pair", "db1", "300"), 1, "WEIGHT: "),
        (("production", "192.0.2.1"), 3, "has a server '192.0.2.1'"),
    ],
)
def test_what_is_not_there_is_told(haproxy_sup, lb, words, code, reason):
    done = haproxy_sup(*words, lb)
    assert (done.code, done.stdout) == (code, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_socket_without_rights_refuses(haproxy_sup, proxy):
    there = f"unix:{proxy.user_socket}"
    assert haproxy_sup("status", there).code == 0
    for words in (("drain", "pair", "db1"), ("clear_counters",), ("sessions",), ("errors",)):
        done = haproxy_sup(*words, there)
        assert done.code == 3
        assert "level admin" in done.stderr


def test_a_haproxy_that_is_away_does_not_hide_the_others(sup, proxy, tmp_path):
    settings = tmp_path / "sup.yaml"
    settings.write_text(
        f"zones:\n  local:\n    haproxy:\n      gone: unix:{tmp_path}/none\n      here: unix:{proxy.admin_socket}\n",
        encoding="utf-8",
    )
    for words in (("status",), ("info",), ("drain", "pair", "db1", "all")):
        done = sup("--config", str(settings), "haproxy", *words)
        assert done.code == 5
        assert "here" in done.stdout
        assert "no such file" in done.stderr


def test_a_server_that_is_put_to_work_without_weight_is_not_said_to_work(haproxy_sup, lb):
    assert haproxy_sup("weight", "pair", "db2", "0", lb).code == 0
    done = haproxy_sup("production", "db2", lb)
    assert done.code == 2
    assert "ok\n" not in done.stdout
    assert "pair/db2 of" in done.stderr
    assert "gets no new sessions: its weight is 0, see sup haproxy weight pair db2" in done.stderr
    assert "gets no new sessions" in haproxy_sup("ready", "pair", "db2", lb, "--dry-run").stderr
    assert haproxy_sup("weight", "pair", "db2", "50", lb).code == 0
    assert haproxy_sup("production", "db2", lb).code == 0


def test_a_backend_that_is_not_there_is_no_empty_one(haproxy_sup):
    done = haproxy_sup("servers", "nope", "all")
    assert (done.code, done.stdout) == (3, "")
    assert "no HAProxy that was asked has a backend 'nope'; there is " in done.stderr


def test_a_drain_waits_for_the_last_session(haproxy_sup, proxy, lb):
    Welcome.released.clear()
    where = urlsplit(proxy.url)
    with socket.create_connection((where.hostname, where.port)) as client:
        client.sendall(b"GET /slow HTTP/1.0\r\n\r\n")

        def sessions():
            rows = json.loads(haproxy_sup("servers", "couchdb", lb, "-f", "json").stdout)["rows"]
            return sum(row["sessions"] for row in rows if row["server"] == "one")

        until(lambda: sessions() == 1, "the session to be counted")
        early = haproxy_sup("drain", "couchdb", "one", lb, "--wait", "--yes", "-t", "2")
        assert early.code == 4
        assert "timed out" in early.stderr
        Welcome.released.set()
        assert client.recv(1)
    done = haproxy_sup("drain", "couchdb", "one", lb, "--wait", "--yes")
    assert (done.code, sessions()) == (0, 0)
