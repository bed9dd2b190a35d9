"""Questions on the bus whose broker goes away, hangs, blocks or is left alone, and readers that leave."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack

import pika
import pytest
from pika import spec

from helpers.fake_amqp_broker import FakeBroker
from helpers.kazoo_nodes import SHARED, KazooNode, advertised, channel, ecallmgr
from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy

pytestmark = pytest.mark.integration

SUMMARY = ("-n", "ecallmgr", "ecallmgr_maintenance", "channel_summary")
SECONDS = 600


@pytest.fixture
def proxy(broker):
    with TcpProxy.before(broker.url) as proxy:
        yield proxy


@pytest.fixture
def through(environment, proxy):
    """Give a function that starts `sup` with the broker behind the proxy."""
    with ExitStack() as stack:

        def start(*words):
            address = {"SUP_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{proxy.port}"}
            process = subprocess.Popen(
                [SUP, *words],
                env={**environment, **address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def ended(process):
    """Return how a run ended: its code and what it wrote."""
    written, said = process.communicate(timeout=SECONDS)
    assert "Traceback" not in said
    return process.returncode, written, said


@pytest.fixture
def thoughtful(broker):
    """A node that hears the question and never answers."""
    silent = {("callevt", "call.status_req.#", "query_channels_req"): lambda request: None}
    with KazooNode(broker.url, "ecallmgr@one", silent, shared=SHARED, advert=advertised("ecallmgr")) as node:
        yield node


def test_a_broker_that_vanishes_between_question_and_answer_is_told_at_once(through, proxy, thoughtful):
    process = through(*SUMMARY, "--wait", "100")
    until(lambda: thoughtful.heard, "the question")
    proxy.cut()
    code, written, said = ended(process)
    assert (code, written) == (3, "")
    assert "lost the AMQP broker" in said


def test_a_broker_that_hangs_between_question_and_answer_is_waited_for_as_long_as_for_an_answer(
    through, proxy, thoughtful
):
    process = through(*SUMMARY, "--wait", "3")
    until(lambda: thoughtful.heard, "the question")
    proxy.freeze()
    code, written, said = ended(process)
    assert (code, written) == (4, "")
    assert "no answer to call.query_channels_req within 3 s" in said


def test_a_broker_that_hangs_from_the_start_is_given_up(through, proxy):
    proxy.freeze()
    code, written, said = ended(through(*SUMMARY))
    assert (code, written) == (1, "")
    assert "cannot reach the AMQP broker" in said
    assert "no answer" in said


def test_an_interrupted_question_ends_cleanly_and_leaves_no_queue(through, broker, thoughtful):
    process = through(*SUMMARY, "--wait", "100")
    until(lambda: thoughtful.heard, "the question")
    queue = thoughtful.heard[0]["Server-ID"]
    process.send_signal(signal.SIGINT)
    code, written, said = ended(process)
    assert (code, written, said) == (130, "", "sup: interrupted\n")

    def gone():
        with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
            try:
                connection.channel().queue_declare(queue, passive=True)
            except pika.exceptions.ChannelClosedByBroker as closed:
                return closed.reply_code == 404
        return False

    until(gone, "the queue to be gone")


def test_a_deadline_ends_a_question(through, thoughtful):
    code, written, said = ended(through("-t", "1", *SUMMARY, "--wait", "100"))
    assert (code, written) == (4, "")
    assert "timed out after 1 s" in said


def test_a_watch_that_is_stopped_has_shown_what_came_by(through, broker):
    process = through("amqp", "watch", "nodes", "--json-lines")
    with KazooNode(broker.url, "kazoo_apps@one", advert=advertised("callflow")):
        assert "kazoo_apps@one" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143


def test_a_reader_that_leaves_ends_a_long_table_quietly(environment, broker):
    many = [channel(f"c{number}") for number in range(5000)]
    with ecallmgr(broker.url, "ecallmgr@one", channels=many):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{SUP} -q {' '.join(SUMMARY)} | head -n 4; exit 0"],
            env={**environment, "SUP_AMQP_URL": broker.url},
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
    assert done.stdout.count("\n") == 4
    assert done.stderr == ""


def test_a_broker_low_on_memory_takes_no_question_and_that_is_told(sup):
    blocked = [spec.Connection.Blocked("low on memory")]
    with FakeBroker(on_publish=lambda tag: blocked, consumers=1) as broker:
        done = sup("amqp", "publish", "registration.sync", env={"SUP_AMQP_URL": broker.uri})
    assert (done.code, done.stdout) == (4, "")
    assert "publishing is blocked: low on memory" in done.stderr


def test_an_event_of_a_changed_acl_is_kept_while_the_broker_takes_nothing(at):
    blocked = [spec.Connection.Blocked("low on memory")]
    with FakeBroker(on_publish=lambda tag: blocked, consumers=0) as broker:
        words = ("ecallmgr_maintenance", "allow_sbc", "sbc1", "192.0.2.1", "true")
        done = at(*words, env={"SUP_AMQP_URL": broker.uri})
    assert done.stdout == "updating authoritative ACLs sbc1(192.0.2.1/32) to allow traffic\n"
    assert "1 change event could not be published" in done.stderr
    assert at("outbox", "list").stdout.count("doc_edited") + at("outbox", "list").stdout.count("doc_created") == 1


def test_names_of_the_cluster_are_never_used(sup, broker):
    silent = {("callevt", "call.status_req.#", "query_channels_req"): lambda request: None}
    with KazooNode(broker.url, "ecallmgr@one", silent, shared=SHARED, advert=advertised("ecallmgr")) as node:
        sup(*SUMMARY, "--wait", "1", env={"SUP_AMQP_URL": broker.url})
        until(lambda: node.heard, "the question")
    assert [each["Node"].partition("@")[0] for each in node.heard] == ["sup"]
