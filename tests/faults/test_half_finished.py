"""Runs that are cut off: killed, interrupted, left by a server. A second run completes, and no node is left behind.

What matters most: every document that was saved has its event with the broker or in the outbox.
"""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
import requests

from helpers.bus_listener import Listener
from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

FIRST, QUANTITY = 2_223_000_000, 20_000
GENERATE = ("kazoo_number_manager_maintenance", "generate_numbers", "managed", ACCOUNT, str(FIRST), str(QUANTITY))
NUMBERS = {f"+{number}" for number in range(FIRST, FIRST + QUANTITY)}
SECONDS = 600


class Queue(Listener):
    """Hears of every number that was created."""

    def __init__(self, url):
        super().__init__(url, key="doc_created.numbers%2Fmanaged.#")
        self._numbers = set()

    def collect(self):
        """Return the numbers heard of since the queue was made."""
        self._numbers.update(json.loads(each.body)["ID"] for each in self.heard())
        return self._numbers


@pytest.fixture
def queue(broker):
    queue = Queue(broker.url)
    yield queue
    queue.close()


@pytest.fixture
def proxy(cluster):
    """Give a proxy before CouchDB that makes the work slow enough to be cut off."""
    with TcpProxy.before(cluster) as proxy:
        yield proxy


@pytest.fixture
def start(environment, cluster, broker):
    """Give a function that starts the long run in the background."""
    running = []

    def start(**env):
        servers = {"SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": broker.url, **env}
        process = subprocess.Popen(
            [SUP, *GENERATE],
            env={**environment, **servers},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def saved(cluster):
    """Give a function that returns the numbers that are stored."""

    def saved():
        answer = requests.get(f"{cluster}/numbers%2Fmanaged/_all_docs", timeout=SECONDS).json()
        return {row["id"] for row in answer.get("rows", []) if row["id"].startswith("+")}

    return saved


@pytest.fixture
def at_broker(at, broker):
    def run(*words):
        return at(*words, env={"SUP_AMQP_URL": broker.url})

    return run


def outbox(run):
    rows = json.loads(run("-f", "json", "outbox", "list").stdout)["rows"]
    return {row["id"] for row in rows}


def finish(at_broker, queue, saved):
    """Run it again, undisturbed, and check that all is there and has been announced."""
    done = at_broker("-f", "json", *GENERATE)
    assert done.code == 0, done.stderr
    assert sum(json.loads(done.stdout)["counts"].values()) == QUANTITY
    assert saved() == NUMBERS
    assert outbox(at_broker) == set()
    assert queue.collect() == NUMBERS


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        (signal.SIGINT, 130, "sup: interrupted\n"),
        (signal.SIGTERM, 143, "sup: terminated\n"),
        (signal.SIGHUP, 143, "sup: terminated\n"),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_cut_off_by_a_signal(start, cluster, saved, queue, at_broker, proxy, how, code, sentence):
    proxy.freeze_after(1_000_000)
    process = start(SUP_COUCHDB_URL=proxy.url(cluster))
    until(lambda: len(saved()) > 2000, "numbers to be saved")
    until(lambda: proxy.frozen, "the run to be stuck")
    process.send_signal(how)
    proxy.thaw()
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert err.endswith(sentence)
    known = saved()
    assert 2000 < len(known) < QUANTITY
    assert known <= queue.collect() | outbox(at_broker)
    finish(at_broker, queue, saved)


def test_couchdb_goes_away_in_mid_run(start, cluster, saved, queue, at_broker, proxy):
    proxy.cut_after(1_000_000)
    process = start(SUP_COUCHDB_URL=proxy.url(cluster), SUP_CONNECT_TIMEOUT="5")
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (5, "")
    assert "documents were saved before that" in err
    assert "Traceback" not in err
    known = saved()
    assert 0 < len(known) < QUANTITY
    assert known <= queue.collect() | outbox(at_broker)
    finish(at_broker, queue, saved)


def test_the_broker_goes_away_in_mid_run(start, saved, queue, at_broker, broker):
    with TcpProxy.before(broker.url) as proxy:
        proxy.cut_after(2_000_000)
        process = start(SUP_AMQP_URL=proxy.url(broker.url))
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, "ok\n")
    assert "change events could not be published" in err
    assert saved() == NUMBERS
    assert queue.collect() | outbox(at_broker) == NUMBERS
    finish(at_broker, queue, saved)


def test_two_runs_at_once_make_each_number_once(start, saved):
    first, second = start(), start()
    for process in (first, second):
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (0, "ok\n"), err
    assert saved() == NUMBERS
