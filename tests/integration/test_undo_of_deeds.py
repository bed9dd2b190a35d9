"""What was done to a real Kamailio and a real HAProxy is taken back, and made again, by sup undo and sup redo."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers import real_servers

pytestmark = pytest.mark.integration


class Welcome(BaseHTTPRequestHandler):
    """Says that it is there."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args): ...  # noqa: A002 - as in http.server


@pytest.fixture(scope="module")
def kamailio(tmp_path_factory):
    proxy = real_servers.Kamailio(tmp_path_factory.mktemp("kamailio"))
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def haproxy(tmp_path_factory):
    """An HAProxy in front of a server that says 200 to everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Welcome) as backend:
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        proxy = real_servers.HAProxy(
            tmp_path_factory.mktemp("haproxy"), f"http://127.0.0.1:{backend.server_address[1]}"
        )
        yield proxy
        proxy.stop()
        backend.shutdown()


@pytest.fixture
def done(sup, tmp_path, kamailio, haproxy):
    """Run a command that must succeed, and return what it says; every run of a test has one journal."""
    zone = {"kamailio": {"proxy": kamailio.urls["ctl"]}, "haproxy": {"lb": f"unix:{haproxy.admin_socket}"}}
    settings = tmp_path / "sup.yaml"
    settings.write_text(json.dumps({"state_dir": str(tmp_path / "state"), "zones": {"local": zone}}), encoding="utf-8")

    def done(*words):
        finished = done.finished(*words)
        assert finished.code == 0, finished.stderr
        return finished.stdout

    done.finished = lambda *words: sup("--config", str(settings), *words)
    return done


@pytest.fixture
def rows(done):
    return lambda *words: json.loads(done(*words, "-f", "json"))["rows"]


def walked(done, state, before, after):
    """Undo, redo and undo once more; each time the state is what it shall be."""
    assert state() == after
    done("undo", "-y")
    assert state() == before
    done("redo", "-y")
    assert state() == after
    done("undo", "-y")
    assert state() == before


@pytest.fixture
def refused(sup, done, tmp_path):
    """Run a command that must be refused, and return what it says of that."""

    def refused(*words):
        finished = sup("--config", str(tmp_path / "sup.yaml"), *words)
        assert (finished.code, finished.stdout) == (1, "")
        return finished.stderr

    return refused


@pytest.fixture
def planned(done, refused, tmp_path):
    """Plan a command, show the plan, have it done once, and undo that; each time the state is what it shall be."""

    def planned(state, after, *words):
        before = state()
        plan = tmp_path / "plan"
        assert f"1 change in {plan}" in done_saying(*words, "--plan", str(plan))
        shown = done("apply", str(plan), "--show")
        assert state() == before
        done("apply", str(plan), "-y")
        assert state() == after
        assert "was carried out at" in refused("apply", str(plan))
        done("undo", "-y")
        assert state() == before
        return shown

    def done_saying(*words):
        finished = done.finished(*words)
        assert finished.code == 0
        return finished.stderr

    return planned


def test_deeds_are_planned_and_then_done(done, rows, planned, refused, tmp_path):
    def dispatcher():
        return [row["state"] for row in rows("kamailio", "dispatcher", "list")]

    def banned():
        return {row["address"] for row in rows("kamailio", "banned")}

    def weights():
        return {row["server"]: row["weight"] for row in rows("haproxy", "servers", "pair")}

    state = dispatcher()
    words = ("kamailio", "dispatcher", "set_state", "1", "127.0.0.2:11000", "disabled")
    planned(dispatcher, [state[0], "disabled", *state[2:]], *words)
    (tmp_path / "plan").unlink()
    shown = planned(banned, {"192.0.2.9"}, "kamailio", "ban", "192.0.2.9")
    assert "would block 192.0.2.9 at proxy" in shown
    (tmp_path / "plan").unlink()
    planned(weights, {**weights(), "db2": 20}, "haproxy", "weight", "pair", "db2", "20")


def test_a_plan_of_deeds_is_refused_where_something_is_another_now(done, rows, refused, haproxy, tmp_path):
    plan = tmp_path / "plan"
    done("haproxy", "weight", "pair", "db2", "20", "--plan", str(plan))
    haproxy.order("set server pair/db2 weight 30")
    said = refused("apply", str(plan), "-y")
    assert "what sup haproxy weight pair db2 20 would do now is not what was planned: now it would set pair/db2" in said
    assert {row["server"]: row["weight"] for row in rows("haproxy", "servers", "pair")}["db2"] == 30
    haproxy.order("set server pair/db2 weight 50")
    done("apply", str(plan), "-y")
    haproxy.order("set server pair/db2 weight 50")


def test_what_only_reads_leaves_no_plan(refused, tmp_path):
    said = refused("kamailio", "banned", "--plan", str(tmp_path / "plan"))
    assert "no plan was written: the command would change nothing that a plan could hold" in said


def test_the_state_of_a_dispatcher_destination(done, rows):
    def state():
        return [row["state"] for row in rows("kamailio", "dispatcher", "list")]

    before = state()
    done("kamailio", "dispatcher", "set_state", "1", "127.0.0.2:11000", "disabled")
    walked(done, state, before, [before[0], "disabled", *before[2:]])


def test_an_entry_of_a_hash_table(done, rows):
    def banned():
        return {(row["table"], row["address"], row["port"]) for row in rows("kamailio", "banned")}

    done("kamailio", "ban", "192.0.2.7")
    walked(done, banned, set(), {("block", "192.0.2.7", None)})
    done("kamailio", "ban", "192.0.2.8")
    done("kamailio", "unban", "192.0.2.8")
    walked(done, banned, {("block", "192.0.2.8", None)}, set())


def test_the_weight_of_a_server(done, rows):
    def weights():
        return {row["server"]: row["weight"] for row in rows("haproxy", "servers", "pair")}

    before = weights()
    done("haproxy", "weight", "pair", "db2", "20")
    walked(done, weights, before, {**before, "db2": 20})


@pytest.mark.parametrize(("deed", "status"), [("drain", "DRAIN"), ("maintenance", "MAINT")])
def test_a_server_that_is_taken_out(done, rows, deed, status):
    def states():
        return {row["server"]: row["status"] for row in rows("haproxy", "servers", "pair")}

    before = states()
    done("haproxy", deed, "pair", "db1")
    walked(done, states, before, {**before, "db1": status})


def test_a_server_without_weight_comes_back_without_one_and_is_told_of(done, rows, haproxy):
    def state():
        return [(row["status"], row["weight"]) for row in rows("haproxy", "servers", "pair") if row["server"] == "db2"]

    haproxy.order("set server pair/db2 weight 0")
    before = state()
    done("haproxy", "drain", "pair", "db2")
    taken_back = done.finished("undo", "-y")
    assert (taken_back.code, state()) == (0, before)
    assert taken_back.stdout.endswith("1 deeds taken back\n")
    assert "pair/db2 of lb gets no new sessions: its weight is 0" in taken_back.stderr
    assert "holds no run of this cluster that is not undone already" in done.finished("undo", "-y").stderr
    haproxy.order("set server pair/db2 weight 50")


def test_what_somebody_did_since_is_left_alone(done, rows, haproxy, kamailio):
    def weights():
        return {row["server"]: row["weight"] for row in rows("haproxy", "servers", "pair")}

    before = weights()
    done("haproxy", "weight", "pair", "db2", "20")
    haproxy.order("set server pair/db2 weight 30")
    for words in (("undo", "--dry-run"), ("undo", "-y")):
        left = done.finished(*words)
        assert (left.code, weights()["db2"]) == (5, 30)
        said = "set pair/db2 of lb to weight 20: it was 50, the run left 20, and now it is 30; it is left alone"
        assert said in left.stderr
    done("undo", "-y", "--force")
    assert weights() == before
    done("kamailio", "ban", "192.0.2.17")
    done("kamailio", "htable", "set", "block", "192.0.2.17", "0", "--no-journal")
    left = done.finished("undo", "-y")
    assert (left.code, "it was not there, the run left 1, and now it is 0" in left.stderr) == (5, True)
    done("kamailio", "htable", "delete", "block", "192.0.2.17", "--no-journal")
    assert done("undo", "-y", "--force").endswith(": 1 unchanged\n")


def test_a_destination_that_is_added(done, rows):
    def added():
        found = rows("kamailio", "dispatcher", "list")
        return [(row["priority"], row["attributes"]) for row in found if ":11009" in row["destination"]]

    done("kamailio", "dispatcher", "add", "1", "sip:127.0.0.1:11009", "--priority", "3", "--attributes", "duid=x")
    walked(done, added, [], [(3, "duid=x")])
    done("kamailio", "dispatcher", "add", "1", "sip:127.0.0.1:11009")
    done("kamailio", "dispatcher", "remove", "1", "sip:127.0.0.1:11009", "--no-journal")
    assert done("undo", "-y").endswith(": 1 unchanged\n")


def test_a_server_that_is_down_comes_back_as_somebody_had_set_it(done, rows, haproxy):
    def states():
        return {row["server"]: row["status"] for row in rows("haproxy", "servers", "pair")}

    haproxy.order("set server pair/db2 state drain")
    haproxy.order("set server pair/db2 health down")
    try:
        assert states()["db2"] == "DOWN"
        done("haproxy", "maintenance", "pair", "db2")
        assert states()["db2"] == "MAINT"
        done("undo", "-y")
        haproxy.order("set server pair/db2 health up")
        assert states()["db2"] == "DRAIN"
    finally:
        haproxy.order("set server pair/db2 health up")
        haproxy.order("set server pair/db2 state ready")


def test_what_each_did_is_told_with_the_values_before_and_after(done, rows):
    done("haproxy", "weight", "pair", "db2", "20")
    [run] = rows("history", "list")
    [deed] = rows("history", "show", run["run"])
    assert (deed["before"], deed["after"]) == ("50", "20")
    done("undo", "-y")
