"""A RabbitMQ whose memory alarm is set, so that it takes no message from anybody until it has room again.

It does not read from whoever publishes meanwhile, so what was not confirmed may arrive once the alarm ends.
"""

from __future__ import annotations

import json

import pytest
import requests

from helpers.bus_listener import Listener
from helpers.kazoo_nodes import SHARED, KazooNode
from helpers.real_servers import AMPLE_SECONDS, until

pytestmark = pytest.mark.integration

SUMMARY = ("-n", "ecallmgr", "ecallmgr_maintenance", "channel_summary", "--wait", "2")
WATERMARK = "set_vm_memory_high_watermark"


@pytest.fixture
def alarm(broker):
    """Give a function that sets the alarm, and one that takes it back; after the test it is not set."""

    def is_set(wanted):
        (node,) = requests.get(f"{broker.api_url}/api/nodes", timeout=600).json()
        return node.get("mem_alarm") is wanted  # a broker that has just begun says nothing yet

    def start():
        broker.control(WATERMARK, "absolute", "1")
        until(lambda: is_set(True), "the alarm")

    def end():
        broker.control(WATERMARK, "0.8")
        until(lambda: is_set(False), "the end of the alarm")

    yield start, end
    end()


@pytest.fixture
def saving(at, broker, tmp_path):
    """Give `sup` with the seeded CouchDB, our broker, and some seconds for whatever it waits for."""
    file = tmp_path / "sup.yaml"
    timeouts = f"{{connect: {AMPLE_SECONDS}, read: {AMPLE_SECONDS}}}"
    file.write_text(f"zones: {{local: {{timeouts: {timeouts}}}}}\n", encoding="utf-8")
    file.chmod(0o600)
    env = {"SUP_AMQP_URL": broker.url, "SUP_CONFIG": str(file)}
    return lambda *words: at(*words, env=env)


@pytest.fixture
def listening(broker):
    listener = Listener(broker.url)
    yield listener
    listener.close()


def waiting(run):
    return [(row["event"], row["id"]) for row in json.loads(run("-f", "json", "outbox", "list").stdout)["rows"]]


def test_no_question_gets_through_and_that_is_told(saving, broker, alarm):
    silent = {("callevt", "call.status_req.#", "query_channels_req"): lambda request: None}
    with KazooNode(broker.url, "ecallmgr@one", silent, shared=SHARED) as node:
        alarm[0]()
        done = saving(*SUMMARY)
        assert (done.code, done.stdout) == (4, "")
        assert "low on memory" in done.stderr
        assert "Traceback" not in done.stderr
        assert node.heard == []


def test_what_is_only_published_is_refused_in_time(saving, alarm):
    alarm[0]()
    done = saving("amqp", "publish", "registration.sync")
    assert (done.code, done.stdout) == (4, "")
    assert "publishing is blocked: low on memory" in done.stderr


def test_of_what_is_saved_meanwhile_every_event_waits_and_goes_out_later(saving, alarm, listening):
    start, end = alarm
    start()
    done = saving("ecallmgr_maintenance", "enable_authz")
    assert (done.code, done.stdout.splitlines()[-1]) == (0, "ok")
    assert "1 change event could not be published" in done.stderr
    assert "low on memory" in done.stderr
    (kept,) = waiting(saving)
    flushed = saving("outbox", "flush")
    assert flushed.code != 0
    assert waiting(saving) == [kept]
    end()
    assert saving("outbox", "flush").code == 0
    assert waiting(saving) == []
    assert kept == ("doc_edited", "ecallmgr")
    told = [each.key.split(".") for each in listening.heard() if each.key.startswith("doc_")]
    # What was on its way when the broker was not read from arrives late too: an event too many does no harm.
    assert {(action, database, name) for action, database, _, name in told} == {
        ("doc_edited", "system_config", "ecallmgr")
    }
