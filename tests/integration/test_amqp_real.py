from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest

from helpers.bus_listener import Listener
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.transports.amqp import Message, Publisher, PublishResult

BODY = b'{"ID":"%08d","Type":"account","Event-Category":"configuration","Event-Name":"doc_edited"' + b" " * 260 + b"}"

pytestmark = pytest.mark.integration


class Consumer(Listener):
    """An exchange of its own with a queue bound to it, seen through pika alone."""

    def __init__(self, url):
        self.url = url
        self.exchange = f"sup_test_{uuid.uuid4().hex}"
        super().__init__(url, self.exchange)

    def messages(self, count: int) -> list[Message]:
        return [
            Message(self.exchange, "topic", f"doc_edited.accounts.account.{number}", BODY % number)
            for number in range(count)
        ]

    def received(self) -> list[bytes]:
        """Everything that the broker has taken so far."""
        bodies = []
        for each in self.heard():
            assert each.properties.content_type == "application/json"
            bodies.append(each.body)
        self.channel.cancel()
        return bodies

    def close(self) -> None:
        self.channel.exchange_delete(self.exchange)
        super().close()


@pytest.fixture
def consumer(amqp_url):
    consumer = Consumer(amqp_url)
    yield consumer
    consumer.close()


@pytest.fixture
def proxy(amqp_url):
    with TcpProxy.before(amqp_url) as proxy:
        yield proxy


@pytest.fixture
def through(amqp_url, proxy):
    """Give the broker's address through the proxy."""
    parts = urlsplit(amqp_url)
    return amqp_url.replace(
        parts.netloc, f"{parts.username or 'guest'}:{parts.password or 'guest'}@127.0.0.1:{proxy.port}"
    )


@pytest.fixture
def failed():
    return []


def publish(uri, messages, failed, **options) -> PublishResult:
    """Publish in batches; `failed` receives (message, reason) pairs."""

    def on_failed(some, reason):
        failed.extend((message, reason) for message in some)

    with Publisher([uri], on_failed=on_failed, **options) as publisher:
        for start in range(0, len(messages), 300):
            publisher.send(messages[start : start + 300])
        return publisher.close()


def assert_all_accounted_for(messages, result, failed, received):
    """Check that each message was confirmed or has failed, that what was confirmed has arrived, and nothing twice."""
    assert result.confirmed + result.failed == len(messages)
    assert result.failed == len(failed) == len({message.body for message, _ in failed})
    confirmed = {message.body for message in messages} - {message.body for message, _ in failed}
    assert len(confirmed) == result.confirmed
    assert confirmed <= set(received)
    assert received == sorted(set(received))


def test_what_is_confirmed_is_what_the_queue_received_in_order(consumer, failed):
    messages = consumer.messages(20_000)
    assert publish(consumer.url, messages, failed) == PublishResult(20_000, 0, None)
    assert consumer.received() == [message.body for message in messages]
    assert failed == []


def test_messages_that_reach_no_queue_are_confirmed(consumer, failed):
    exchange = f"{consumer.exchange}_unbound"
    messages = [Message(exchange, "direct", "nobody", b"{}")] * 1000
    assert publish(consumer.url, messages, failed) == PublishResult(1000, 0, None)
    consumer.channel.exchange_delete(exchange)


def test_bodies_longer_than_a_frame_arrive_whole(consumer, failed):
    messages = [Message(consumer.exchange, "topic", "long", bytes([65 + number]) * 300_000) for number in range(5)]
    assert publish(consumer.url, messages, failed).confirmed == 5
    assert consumer.received() == [message.body for message in messages]


def test_a_slow_line_only_takes_longer(consumer, proxy, failed, through):
    proxy.delay(0.02)
    messages = consumer.messages(2000)
    assert publish(through, messages, failed, window=1000).confirmed == 2000
    assert consumer.received() == [message.body for message in messages]


@pytest.mark.parametrize("octets", [2_000, 300_000, 3_000_000])
def test_a_connection_cut_in_mid_run_loses_nothing_unnoticed(consumer, proxy, failed, octets, through):
    proxy.cut_after(octets)
    messages = consumer.messages(20_000)
    result = publish(through, messages, failed)
    assert result.failed > 0
    assert result.confirmed > 0 or octets < 3_000_000  # which is more than a window full
    assert result.reason == f"127.0.0.1:{proxy.port}: connection lost"
    assert_all_accounted_for(messages, result, failed, consumer.received())


@pytest.mark.parametrize("octets", [100, 1_000_000])
def test_a_connection_that_freezes_in_mid_run_fails_after_the_timeout(consumer, proxy, failed, octets, through):
    proxy.freeze_after(octets)
    messages = consumer.messages(20_000)
    result = publish(through, messages, failed, timeout=0.7)
    assert result.failed > 0
    assert "for 0.7 s" in result.reason
    proxy.thaw()
    assert_all_accounted_for(messages, result, failed, consumer.received())


def test_a_connection_that_thaws_in_time_loses_nothing(consumer, proxy, failed, through):
    messages = consumer.messages(5000)
    with Publisher([through], on_failed=lambda *args: failed.append(args)) as publisher:
        publisher.send(messages[:2500])
        proxy.freeze()
        publisher.send(messages[2500:])
        proxy.thaw()
        assert publisher.close() == PublishResult(5000, 0, None)
    assert consumer.received() == [message.body for message in messages]


def test_an_exchange_of_another_type_fails_with_the_brokers_words(consumer, failed):
    messages = [Message(consumer.exchange, "direct", "key", b"{}")] * 10
    result = publish(consumer.url, messages, failed)
    assert (result.confirmed, result.failed) == (0, 10)
    assert "PRECONDITION_FAILED" in result.reason
    assert consumer.exchange in result.reason
    assert consumer.received() == []


def test_a_wrong_password_is_told_without_it(consumer, failed):
    parts = urlsplit(consumer.url)
    address = f"{parts.hostname}:{parts.port or 5672}"
    result = publish(f"amqp://guest:n0tTheOne@{address}", consumer.messages(3), failed)
    assert result == PublishResult(0, 3, f"{address}: the broker refused the credentials")


def test_a_virtual_host_that_does_not_exist_is_named(consumer, failed):
    uri = f"amqp://{urlsplit(consumer.url).netloc}/no%2Fsuch"
    result = publish(uri, consumer.messages(3), failed)
    assert result.failed == 3
    assert result.reason.endswith("the broker refused access to the virtual host no/such")
