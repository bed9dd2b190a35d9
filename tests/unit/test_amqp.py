from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import frame, spec
from pika.callback import CallbackManager
from pika.channel import Channel
from pika.connection import Connection

from helpers.fake_amqp_broker import FakeBroker, Hangup
from helpers.real_servers import free_port, until
from kazoo_sup.errors import SettingsError
from kazoo_sup.transports.amqp import Message, Publisher, PublishResult
from kazoo_sup.transports.amqp import publisher as publishing
from kazoo_sup.transports.amqp.publisher import Tls


class Failures:
    """Keeps what a publisher reports as failed."""

    def __init__(self):
        self.messages = []
        self.reasons = []

    def __call__(self, messages, reason):
        self.messages += messages
        self.reasons.append(reason)


def message(number: int, exchange: str = "configuration", body: bytes | None = None) -> Message:
    text = b'{"n":%d}' % number if body is None else body
    return Message(exchange, "topic", f"doc_edited.accounts.account.{number}", text)


def messages(count: int) -> list[Message]:
    return [message(number) for number in range(count)]


@pytest.fixture
def failures() -> Failures:
    return Failures()


def test_every_message_arrives_in_order_and_is_confirmed(failures):
    with FakeBroker() as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        for start in range(0, 3000, 700):
            publisher.send(messages(3000)[start : start + 700])
        result = publisher.close()
    assert result == PublishResult(confirmed=3000, failed=0, reason=None)
    assert broker.bodies == [each.body for each in messages(3000)]
    assert [each.routing_key for each in broker.published] == [each.routing_key for each in messages(3000)]
    assert broker.client_said_goodbye
    assert failures.messages == []


def test_a_message_has_a_content_type_and_a_timestamp_in_microseconds_and_nothing_else(failures):
    with FakeBroker() as broker, Publisher([broker.uri], on_failed=failures) as publisher:
        before = time.time_ns() // 1000
        publisher.send(messages(1))
        publisher.close()
        after = time.time_ns() // 1000
    assert not broker.published[0].mandatory
    properties = {name: value for name, value in vars(broker.properties[0]).items() if value is not None}
    assert before <= properties.pop("timestamp") <= after
    assert properties == {"content_type": "application/json"}


def test_an_exchange_is_declared_once_as_kazoo_declares_it(failures):
    with FakeBroker() as broker, Publisher([broker.uri], on_failed=failures) as publisher:
        publisher.send([message(1), message(2), Message("nodes", "fanout", "", b"{}"), message(3)])
        publisher.send([message(4)])
        publisher.close()
    assert [(each.exchange, each.type) for each in broker.declared] == [("configuration", "topic"), ("nodes", "fanout")]
    assert not any(each.durable or each.auto_delete or each.internal or each.passive for each in broker.declared)


@given(
    exchange=st.text(st.characters(codec="utf-8"), max_size=63),
    key=st.text(st.characters(codec="utf-8"), max_size=63),
    body=st.binary(max_size=300),
    largest=st.integers(1, 100),
)
def test_frames_are_what_pika_decodes(exchange, key, body, largest):
    data = publishing._frames(Message(exchange, "topic", key, body), 7, 1_700_000_000_123_456, largest)
    decoded = []
    while data:
        used, each = frame.decode_frame(data)
        decoded.append(each)
        data = data[used:]
    publish, header, *parts = decoded
    assert {each.channel_number for each in decoded} == {7}
    assert (publish.method.exchange, publish.method.routing_key) == (exchange, key)
    assert not publish.method.mandatory
    assert not publish.method.immediate
    assert header.body_size == len(body)
    assert header.properties == spec.BasicProperties("application/json", timestamp=1_700_000_000_123_456)
    assert b"".join(part.fragment for part in parts) == body
    assert all(len(part.fragment) <= largest for part in parts)


def test_a_long_body_is_cut_into_frames_as_long_as_the_broker_takes(failures):
    with FakeBroker(frame_max=4096) as broker, Publisher([broker.uri], on_failed=failures) as publisher:
        publisher.send([message(0, body=b"x" * 10_000), message(1)])
        assert publisher.close().confirmed == 2
    assert broker.bodies == [b"x" * 10_000, b'{"n":1}']
    assert broker.body_frames == 4


def test_confirms_for_several_messages_and_out_of_order_settle_each_once(failures):
    answers = {
        3: [spec.Basic.Ack(2)],
        5: [spec.Basic.Ack(5), spec.Basic.Ack(4, multiple=True)],
        8: [spec.Basic.Ack(7), spec.Basic.Ack(0, multiple=True)],
    }
    with FakeBroker(on_publish=lambda tag: answers.get(tag, [])) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(8))
        assert publisher.close() == PublishResult(confirmed=8, failed=0, reason=None)


def test_messages_that_the_broker_refuses_are_reported_once_each(failures):
    answers = {2: [spec.Basic.Nack(2)], 4: [spec.Basic.Ack(4)], 5: [spec.Basic.Nack(5, multiple=True)]}
    with FakeBroker(on_publish=lambda tag: answers.get(tag, [])) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(5))
        result = publisher.close()
    reason = f"127.0.0.1:{broker.port}: the broker refused the message"
    assert result == PublishResult(confirmed=1, failed=4, reason=reason)
    assert failures.messages == [messages(5)[number] for number in (1, 0, 2, 4)]
    assert set(failures.reasons) == {reason}


def test_no_more_than_the_window_is_unconfirmed_at_the_broker(failures):
    acked = 0
    most = 0

    def on_publish(tag):
        nonlocal acked, most
        most = max(most, tag - acked)
        if tag % 100:
            return []
        acked = tag
        return [spec.Basic.Ack(tag, multiple=True)]

    with FakeBroker(on_publish=on_publish) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, window=100)
        publisher.send(messages(1000))
        assert publisher.close().confirmed == 1000
    assert most == 100


def test_send_waits_while_the_window_is_full_and_fails_what_a_mute_broker_does_not_confirm(failures):
    with FakeBroker(on_publish=lambda _: []) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, window=100, timeout=2)
        publisher.send(messages(100))
        assert failures.messages == []
        publisher.send([message(100)])
        assert failures.messages == messages(101)
        assert publisher.close().reason == f"127.0.0.1:{broker.port}: nothing confirmed for 2 s"
    assert len(broker.bodies) == 100


def test_an_absent_broker_fails_everything(failures):
    port = free_port()
    publisher = Publisher([f"amqp://127.0.0.1:{port}"], on_failed=failures)
    publisher.send(messages(5))
    assert publisher.close() == PublishResult(0, 5, f"127.0.0.1:{port}: connection refused")
    assert failures.messages == messages(5)


def test_a_broker_that_could_not_be_used_is_not_tried_again(failures):
    with FakeBroker(refuses_login=True) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, window=1)
        publisher.send(messages(2))
        assert failures.messages == messages(2)
        publisher.send([message(2)])
        assert failures.messages == messages(3)
        assert publisher.close().failed == 3
    assert broker.connections == 1
    assert broker.bodies == []


def test_the_first_broker_that_answers_is_used(failures):
    with FakeBroker() as second, FakeBroker() as third:
        uris = [f"amqp://127.0.0.1:{free_port()}", second.uri, third.uri]
        with Publisher(uris, on_failed=failures) as publisher:
            publisher.send(messages(3))
            assert publisher.close().confirmed == 3
    assert (second.connections, third.connections) == (1, 0)


def test_a_broker_that_says_nothing_gives_way_to_the_next(failures):
    with FakeBroker(silent=True) as mute, FakeBroker() as broker:
        publisher = Publisher([mute.uri, broker.uri], on_failed=failures, timeout=4)
        publisher.send(messages(2))
        assert publisher.close().confirmed == 2


def test_brokers_that_all_say_nothing_fail_everything_within_the_timeout(failures):
    with FakeBroker(silent=True) as first, FakeBroker(silent=True) as second:
        publisher = Publisher([first.uri, second.uri], on_failed=failures, timeout=2)
        publisher.send(messages(2))
        result = publisher.close()
    assert (result.confirmed, result.failed) == (0, 2)
    assert f"127.0.0.1:{first.port}: no answer" in result.reason
    assert f"127.0.0.1:{second.port}: no answer" in result.reason


def test_a_blocked_broker_fails_everything_and_says_why_it_is_blocked(failures):
    with FakeBroker(on_publish=lambda _: [spec.Connection.Blocked("low on memory")]) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, timeout=2)
        publisher.send(messages(1))
        reason = publisher.close().reason
    assert reason == f"127.0.0.1:{broker.port}: publishing blocked for 2 s: low on memory"
    assert failures.messages == messages(1)


def test_a_broker_that_blocks_and_unblocks_confirms_in_the_end(failures):
    answers = {1: [spec.Connection.Blocked("low on disk")], 2: [spec.Connection.Unblocked(), spec.Basic.Ack(2, True)]}
    with FakeBroker(on_publish=answers.get) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(2))
        assert publisher.close() == PublishResult(2, 0, None)


def test_a_channel_closed_by_the_broker_fails_what_is_unconfirmed_with_the_brokers_words(failures):
    text = "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'configuration'"
    with FakeBroker(on_declare=lambda: [spec.Channel.Close(406, text, 40, 10)]) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(3))
        assert publisher.close() == PublishResult(0, 3, f"127.0.0.1:{broker.port}: {text}")
    assert failures.messages == messages(3)
    assert broker.client_said_goodbye


def test_a_lost_connection_fails_what_is_unconfirmed_and_all_that_follows(failures):
    def on_publish(tag):
        if tag == 3:
            raise Hangup
        return [spec.Basic.Ack(tag)]

    with FakeBroker(on_publish=on_publish) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, window=4)
        publisher.send(messages(5))
        publisher.send([message(5)])
        assert publisher.close() == PublishResult(2, 4, f"127.0.0.1:{broker.port}: connection lost")
    assert failures.messages == messages(6)[2:]


def settle_down():
    """Wait until no connection to a broker is left."""
    until(lambda: all(each.name != "amqp" for each in threading.enumerate()), "the connection to be lost")


def test_a_connection_that_is_lost_while_nothing_is_under_way_is_made_anew(failures):
    forgotten = spec.Connection.Close(320, "CONNECTION_FORCED - missed heartbeats", 0, 0)
    with FakeBroker(on_publish=lambda _: [spec.Basic.Ack(1), forgotten]) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        for number in range(3):
            publisher.send([message(number)])
            settle_down()
        assert publisher.close() == PublishResult(3, 0, None)
        publisher.send([message(3)])
    assert failures.messages == [message(3)]
    assert (broker.connections, len(broker.declared)) == (3, 3)
    assert broker.bodies == [each.body for each in messages(3)]


def test_one_that_cannot_be_made_anew_is_not_tried_again(failures):
    with FakeBroker(on_publish=lambda tag: [spec.Basic.Ack(tag), spec.Connection.Close(320, "gone", 0, 0)]) as broker:
        publisher = Publisher([broker.uri], on_failed=failures, window=1)
        publisher.send([message(0)])
        settle_down()
    for number in (1, 2):
        publisher.send([message(number)])
        settle_down()
    assert publisher.close() == PublishResult(1, 2, f"127.0.0.1:{broker.port}: connection refused")
    assert failures.messages == messages(3)[1:]


def test_a_broker_that_shuts_down_is_quoted(failures):
    with FakeBroker(on_publish=lambda _: [spec.Connection.Close(320, "CONNECTION_FORCED - shutdown", 0, 0)]) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(1))
        assert publisher.close().reason == f"127.0.0.1:{broker.port}: CONNECTION_FORCED - shutdown"


def test_refused_credentials_are_told_without_them(failures):
    with FakeBroker(refuses_login=True) as broker:
        publisher = Publisher([f"amqp://kazoo:s3cret@127.0.0.1:{broker.port}"], on_failed=failures)
        publisher.send(messages(1))
        assert publisher.close().reason == f"127.0.0.1:{broker.port}: the broker refused the credentials"
    assert broker.login == b"\0kazoo\0s3cret"


def test_credentials_and_virtual_host_may_be_percent_encoded(failures):
    with FakeBroker() as broker:
        uri = f"amqp://ka%40zoo:s%2F3%3Acret@127.0.0.1:{broker.port}/zone%2Fone?heartbeat=5"
        with Publisher([uri], on_failed=failures) as publisher:
            publisher.send(messages(1))
    assert (broker.login, broker.vhost) == (b"\0ka@zoo\0s/3:cret", "zone/one")


@pytest.mark.parametrize(
    "uri",
    [
        "amqp://kazoo:s3cret",
        "amqp://kazoo:s3/cret@example.com",
        "amqp://kazoo:s3cret@example.com:port",
        "amqp://kazoo:s3cret@example.com?heartbeat=often",
        "http://kazoo:s3cret@example.com",
        "s3cret@example.com",
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_it(failures, uri):
    with pytest.raises(SettingsError) as raised:
        Publisher([uri], on_failed=failures)
    assert "s3" not in "".join(traceback.format_exception(raised.value))


def test_at_least_one_address_is_needed(failures):
    with pytest.raises(SettingsError, match="no broker's address"):
        Publisher([], on_failed=failures)


def test_names_that_amqp_has_no_room_for_fail_alone(failures):
    good = messages(3)
    long = Message("configuration", "topic", "é" * 128, b"{}")
    surrogate = Message("configuration", "topic", "a\ud800b", b"{}")
    with FakeBroker() as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send([good[0], long, good[1], surrogate, good[2]])
        result = publisher.close()
    assert (result.confirmed, result.failed) == (3, 2)
    assert failures.messages == [long, surrogate]
    assert ["longer than 255 bytes" in failures.reasons[0], "not Unicode" in failures.reasons[1]] == [True, True]
    assert broker.bodies == [each.body for each in good]


def test_an_exception_in_the_with_block_still_settles_what_was_sent(failures):
    with FakeBroker() as broker:
        with contextlib.suppress(KeyError), Publisher([broker.uri], on_failed=failures) as publisher:
            publisher.send(messages(10))
            raise KeyError
        assert publisher.close() == PublishResult(10, 0, None)
    assert len(broker.bodies) == 10


def test_what_is_sent_after_close_fails(failures):
    with FakeBroker() as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.close()
        publisher.send(messages(1))
        assert publisher.close() == PublishResult(0, 1, "the publisher was closed")
    assert failures.messages == messages(1)
    assert broker.connections == 0


def test_an_interrupted_close_fails_what_is_unconfirmed(failures):
    with FakeBroker(on_publish=lambda _: []) as broker:
        publisher = Publisher([broker.uri], on_failed=failures)
        publisher.send(messages(2))

        def interrupted(timeout):
            raise KeyboardInterrupt

        publisher._changed.wait = interrupted
        with pytest.raises(KeyboardInterrupt):
            publisher.close()
    assert failures.messages == messages(2)
    assert failures.reasons == ["the publisher was closed"]


class Wire(Connection):
    """A connection of pika's that is open, as far as publishing goes, and keeps what it would send."""

    def __init__(self, frame_max):
        self.params, self.callbacks = SimpleNamespace(frame_max=frame_max), CallbackManager()
        self._body_max_length = self._get_body_frame_max_length()
        self.bytes_sent = self.frames_sent = 0
        self.sent = b""

    def _adapter_emit_data(self, data):
        self.sent += data


Wire.__abstractmethods__ = frozenset()  # the rest of an adapter is not asked for


@given(
    exchange=st.text(st.characters(codec="utf-8"), max_size=63),
    key=st.text(st.characters(codec="utf-8"), max_size=63),
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=3),
    frame_max=st.integers(20, 200),
)
def test_the_fast_way_and_pikas_public_way_send_the_same_bytes(exchange, key, bodies, frame_max):
    sent = []
    for is_fast in (True, False):
        wire = Wire(frame_max)
        channel = Channel(wire, 7, lambda _: None)
        channel._set_state(Channel.OPEN)
        if not is_fast:
            channel = SimpleNamespace(connection=None, basic_publish=channel.basic_publish)
        with patch.object(publishing.time, "time_ns", return_value=1_700_000_000_123_456_789):
            publishing._write(channel, [Message(exchange, "topic", key, body) for body in bodies])
        sent.append(wire.sent)
    assert sent[0] == sent[1] != b""


def test_without_pikas_private_method_messages_are_published_the_public_way():
    published = []
    channel = SimpleNamespace(connection=None, basic_publish=lambda *arguments: published.append(arguments))
    publishing._write(channel, messages(2))
    assert [each[:3] for each in published] == [
        ("configuration", "doc_edited.accounts.account.0", b'{"n":0}'),
        ("configuration", "doc_edited.accounts.account.1", b'{"n":1}'),
    ]
    assert published[0][3].content_type == "application/json"


def make_certificates(directory):
    """Write an authority's certificate, and a key and certificate for 127.0.0.1."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    openssl(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA", "-addext", "keyUsage=keyCertSign")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"]
    signed += ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "authorityKeyIdentifier=keyid"]
    openssl(*new, *signed, "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=127.0.0.1")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")
def test_amqps_checks_the_broker_against_the_ca_file_and_shows_a_client_certificate(failures, tmp_path):
    make_certificates(tmp_path)
    ca, cert, key = (str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    server.load_verify_locations(ca)
    server.verify_mode = ssl.CERT_REQUIRED
    with FakeBroker(tls=server) as broker:
        uri = f"amqps://127.0.0.1:{broker.port}"
        with Publisher([uri], on_failed=failures, tls=Tls(ca, cert, key)) as publisher:
            publisher.send(messages(2000))
            assert publisher.close() == PublishResult(2000, 0, None)
        with Publisher([uri], on_failed=failures) as publisher:
            publisher.send(messages(1))
            assert "certificate verify failed" in publisher.close().reason
    assert broker.bodies == [each.body for each in messages(2000)]


def test_a_ca_file_that_is_missing_is_the_reason(failures, tmp_path):
    with Publisher(["amqps://127.0.0.1"], on_failed=failures, tls=Tls(ca_file=tmp_path / "no.pem")) as publisher:
        publisher.send(messages(1))
        assert publisher.close().reason == "127.0.0.1:5671: TLS files: no such file or directory"


def test_importing_the_module_does_not_import_pika():
    found = "import sys; from kazoo_sup.transports.amqp import Conversation, Publisher"
    code = f"{found}; sys.exit('pika' in sys.modules or 'ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pika_writes_nothing_to_standard_error():
    code = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from kazoo_sup.transports.amqp.publisher import Message, Publisher\n"
        f"with Publisher(['amqp://127.0.0.1:{free_port()}'], on_failed=lambda *_: None) as publisher:\n"
        "    publisher.send([Message('nodes', 'fanout', '', b'{}')])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stderr == b""
