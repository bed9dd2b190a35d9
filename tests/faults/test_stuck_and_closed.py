"""Long runs whose surroundings fail in other ways: a server that hangs, a reader that leaves, a disk that is full.

As in test_half_finished: no saved document is left unheard of, no traceback is shown, and a second run completes.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from helpers.bus_listener import Listener
from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

FIRST, QUANTITY = 2_223_000_000, 5_000
GENERATE = ("kazoo_number_manager_maintenance", "generate_numbers", "managed", ACCOUNT, str(FIRST), str(QUANTITY))
NUMBERS = {f"+{number}" for number in range(FIRST, FIRST + QUANTITY)}
SECONDS = 600
SLOW = 0.05


class World:
    """A CouchDB and a broker, each behind a proxy, what they know, and runs of the program between them."""

    def __init__(self, environment, couchdb_url, amqp_url):
        self._couchdb_url = couchdb_url
        self._listener = Listener(amqp_url, key="doc_created.numbers%2Fmanaged.#")
        self._heard = set()
        self._running = []
        self.couchdb = TcpProxy.before(couchdb_url)
        self.broker = TcpProxy.before(amqp_url)
        self.environment = {
            **environment,
            "SUP_COUCHDB_URL": self.couchdb.url(couchdb_url),
            "SUP_AMQP_URL": self.broker.url(amqp_url),
        }
        self._direct = {**environment, "SUP_COUCHDB_URL": couchdb_url, "SUP_AMQP_URL": amqp_url}

    def start(self, *options, command=GENERATE, **more):
        """Start a run in the background, through the proxies."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        process = subprocess.Popen([SUP, *options, *command], env=self.environment, text=True, **given)
        self._running.append(process)
        return process

    def run(self, *words):
        """Run to the end, past the proxies."""
        done = subprocess.run([SUP, *words], env=self._direct, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done

    def saved(self):
        answer = requests.get(f"{self._couchdb_url}/numbers%2Fmanaged/_all_docs", timeout=SECONDS).json()
        return {row["id"] for row in answer.get("rows", []) if row["id"].startswith("+")}

    def saves(self, count):
        """Wait until more than so many numbers are saved."""
        until(lambda: len(self.saved()) > count, "numbers to be saved")

    def heard(self):
        """Return the numbers of which an event came to the broker's queue, or waits in the outbox."""
        self._heard.update(json.loads(each.body)["ID"] for each in self._listener.heard())
        rows = json.loads(self.run("-f", "json", "outbox", "list").stdout)["rows"]
        return self._heard | {row["id"] for row in rows if row["id"].startswith("+")}

    def complete(self):
        """Check what a cut-off run left, run it again undisturbed, and check that then nothing is missing."""
        assert self.saved() <= self.heard()
        done = self.run(*GENERATE)
        assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
        assert self.saved() == self.heard() == NUMBERS
        assert json.loads(self.run("-f", "json", "outbox", "list").stdout)["rows"] == []

    def close(self):
        for process in self._running:
            process.kill()
            process.communicate()
        self.couchdb.close()
        self.broker.close()
        self._listener.close()


@pytest.fixture
def world(environment, cluster, broker):
    world = World(environment, cluster, broker.url)
    yield world
    world.close()


class TestStuckServers:
    def test_a_deadline_ends_a_slow_run(self, world):
        world.couchdb.delay(SLOW * 10)
        process = world.start("-t", "2")
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (4, "")
        assert err.splitlines()[-1].startswith("sup: timed out after 2 s")
        world.couchdb.delay(0)
        world.complete()

    @pytest.mark.parametrize(
        ("how", "code", "sentence"),
        [(None, 4, "sup: timed out after 3 s"), (signal.SIGINT, 130, "sup: interrupted")],
        ids=["deadline", "Ctrl-C"],
    )
    def test_a_couchdb_that_hangs_in_mid_run_does_not_hold_it(self, world, how, code, sentence):
        world.environment["SUP_READ_TIMEOUT"] = "600"
        world.couchdb.freeze_after(400_000)
        process = world.start(*(() if how else ("-t", "3")))
        if how:
            world.saves(500)
            until(lambda: world.couchdb.frozen, "the run to be stuck")
            process.send_signal(how)
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (code, "")
        assert err.splitlines()[-1].startswith(sentence)
        world.couchdb.thaw()
        world.complete()

    def test_a_broker_that_hangs_in_mid_run_costs_no_more_than_its_time_out(self, world):
        world.environment["SUP_CONNECT_TIMEOUT"] = "5"
        world.broker.freeze_after(300_000)
        process = world.start()
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (0, "ok\n")
        assert "change events could not be published" in err
        assert err.count("\n") == 1
        assert world.saved() == NUMBERS <= world.heard()
        world.complete()

    def test_a_flush_that_is_killed_loses_no_event(self, world):
        self.fill_the_outbox(world)
        world.broker.delay(SLOW)
        process = world.start(command=("outbox", "flush"))
        time.sleep(1)
        process.kill()
        process.communicate()
        assert world.heard() == NUMBERS
        world.complete()

    def test_a_flush_that_the_broker_leaves_keeps_the_rest(self, world):
        self.fill_the_outbox(world)
        world.broker.cut_after(300_000)
        process = world.start("-f", "json", command=("outbox", "flush"))
        out, err = process.communicate(timeout=SECONDS)
        envelope = json.loads(out)
        assert process.returncode == envelope["exit_code"]
        assert process.returncode in {3, 5}  # whether any confirm came before the end is the broker's affair
        assert envelope["counts"]["published"] + envelope["counts"]["failed"] == QUANTITY + 1  # that of the database
        assert "Traceback" not in err
        assert world.heard() == NUMBERS
        world.complete()

    def fill_the_outbox(self, world):
        url, world.environment["SUP_AMQP_URL"] = world.environment["SUP_AMQP_URL"], ""
        process = world.start("-q")
        assert process.communicate(timeout=SECONDS) == ("ok\n", "")
        world.environment["SUP_AMQP_URL"] = url
        assert world.saved() == NUMBERS


class TestHAProxy:
    def test_no_couchdb_behind_it_in_mid_run_is_told_and_a_second_run_completes(self, world, haproxy):
        with TcpProxy.before(haproxy.url) as proxy:
            proxy.do_after(400_000, haproxy.backend_down)
            world.environment["SUP_COUCHDB_URL"] = proxy.url(haproxy.url)
            process = world.start()
            out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (5, "")
        assert set() < world.saved() < NUMBERS
        assert "503" in err
        assert "<" not in err
        assert "the same command does the rest" in err.splitlines()[-1]
        world.complete()

    def test_no_couchdb_behind_it_for_a_moment_is_waited_out(self, world, haproxy):
        world.environment["SUP_COUCHDB_URL"] = haproxy.url
        haproxy.backend_down()
        process = world.start()
        time.sleep(1)
        haproxy.backend_up()
        assert process.communicate(timeout=SECONDS) == ("ok\n", "")
        assert world.saved() == NUMBERS


class TestClosedPipes:
    def test_a_reader_of_reports_that_leaves_in_mid_run(self, world):
        words = " ".join((SUP, "-f", "json", *GENERATE))
        script = f"set -o pipefail; {words} | head -1"
        done = subprocess.run(
            ["bash", "-c", script], env=world.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert (done.returncode, done.stdout) == (141, "{\n")
        assert "Traceback" not in done.stderr
        world.complete()

    def test_the_envelope_of_a_run_that_was_cut_off_is_whole(self, world):
        world.couchdb.freeze_after(400_000)
        process = world.start("-f", "json")
        world.saves(500)
        until(lambda: world.couchdb.frozen, "the run to be stuck")
        process.send_signal(signal.SIGINT)
        world.couchdb.thaw()
        out, err = process.communicate(timeout=SECONDS)
        envelope = json.loads(out)
        assert process.returncode == envelope["exit_code"] == 130
        assert (envelope["status"], envelope["errors"][0]["id"]) == ("error", "Interrupted")
        assert err.endswith("sup: interrupted\n")
        assert {change["id"] for change in envelope["changes"] if change["id"].startswith("+")} <= world.saved()
        world.complete()


class TestFullDisk:
    def test_where_no_event_can_be_kept_nothing_more_is_saved(self, world):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

        process = world.start(preexec_fn=small_files)
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode in (1, 3, 5)
        assert out == ""
        assert "Traceback" not in err
        assert "defect" not in err
        assert "SUP_STATE_DIR" in err
        assert world.saved() != NUMBERS
        world.complete()

    def test_a_directory_that_cannot_be_made_is_told_before_anything_is_saved(self, world, tmp_path):
        (tmp_path / "file").touch()
        world.environment["SUP_STATE_DIR"] = str(Path(tmp_path, "file", "below"))
        process = world.start()
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (1, "")
        assert "SUP_STATE_DIR" in err
        assert world.saved() == set()
