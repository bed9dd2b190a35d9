from __future__ import annotations

import threading

import pytest
from pika import frame, spec

from helpers.fake_amqp_broker import FakeBroker, Hangup
from helpers.real_servers import free_port
from kazoo_sup.errors import SettingsError, TimedOut
from kazoo_sup.settings import ZoneSettings
from kazoo_sup.transports.amqp import (
    Binding,
    BrokerLost,
    BrokerUnreachable,
    Conversation,
    Delivery,
    Message,
    PublishRefused,
)
from kazoo_sup.zone import Connections, NoBroker

ANSWERS = Binding("targeted", "direct")


def talk(broker: FakeBroker, *, timeout: float = 60.0, bindings=(ANSWERS,)) -> Conversation:
    return Conversation([broker.uri], bindings, name="sup@ops", timeout=timeout)


def test_a_zone_without_a_broker_is_told_how_to_name_one():
    zone = Connections(ZoneSettings(name="east", brokers=()), name="sup@ops")
    with pytest.raises(NoBroker, match=r"zone east has no broker; .* zones: \{east: \{amqp: amqp://"):
        zone.conversation((ANSWERS,))


def messages(count: int) -> list[Message]:
    return [Message("switch", "topic", f"switch.{number}", b"{}") for number in range(count)]


def delivered(tag: int, body: bytes, consumer: str) -> bytes:
    """Return the frames of one message that the broker delivers."""
    method = spec.Basic.Deliver(consumer_tag=consumer, delivery_tag=tag, exchange="targeted", routing_key="q")
    properties = spec.BasicProperties(content_type="application/json")
    return b"".join(
        (
            frame.Method(1, method).marshal(),
            frame.Header(1, len(body), properties).marshal(),
            frame.Body(1, body).marshal(),
        )
    )


def returned(key: str) -> bytes:
    method = spec.Basic.Return(312, "NO_ROUTE", "switch", key)
    return frame.Method(1, method).marshal() + frame.Header(1, 0, spec.BasicProperties()).marshal()


def test_it_has_a_queue_of_its_own_bound_under_its_own_name():
    with FakeBroker() as broker, talk(broker) as conversation:
        assert conversation.queue.startswith("sup@ops-")
        assert broker.queue == conversation.queue
        assert [(each.exchange, each.type) for each in broker.declared] == [("targeted", "direct")]


def test_two_conversations_never_share_a_queue():
    with FakeBroker() as broker:
        assert talk(broker).queue != talk(broker).queue


def test_publishing_waits_for_the_confirms_in_whatever_order_they_come():
    acks = {1: [], 2: [spec.Basic.Ack(2)], 3: [spec.Basic.Ack(1, multiple=True), spec.Basic.Ack(3)]}
    with FakeBroker(on_publish=lambda tag: acks[tag]) as broker, talk(broker) as conversation:
        assert conversation.publish(messages(3)) == []
        assert [each.routing_key for each in broker.published] == ["switch.0", "switch.1", "switch.2"]
    assert broker.client_said_goodbye


def test_what_reaches_no_queue_is_told():
    def answer(tag):
        return [returned("switch.1"), spec.Basic.Ack(tag)] if tag == 2 else [spec.Basic.Ack(tag)]

    with FakeBroker(on_publish=answer) as broker, talk(broker) as conversation:
        assert conversation.publish(messages(3), mandatory=True) == ["switch.1"]
        assert all(each.mandatory for each in broker.published)
        assert conversation.publish(messages(1)) == []


def test_a_message_that_the_broker_refuses_is_an_error():
    broker = FakeBroker(on_publish=lambda tag: [spec.Basic.Nack(tag)])
    with broker, talk(broker) as conversation, pytest.raises(PublishRefused, match=r"switch\.0"):
        conversation.publish(messages(1))


def test_a_key_that_amqp_has_no_room_for_is_refused_before_anything_is_sent():
    with FakeBroker() as broker, talk(broker) as conversation:
        with pytest.raises(PublishRefused, match="longer than 255 bytes"):
            conversation.publish([*messages(1), Message("switch", "topic", "k" * 256, b"{}")])
        assert broker.published == []


def test_what_arrives_is_received_in_order():
    def answer(tag):
        consumer = next(each.consumer_tag for each in broker.consumed)
        return [spec.Basic.Ack(tag), *(delivered(number, b'{"n":%d}' % number, consumer) for number in (1, 2))]

    with FakeBroker(on_publish=answer) as broker, talk(broker) as conversation:
        conversation.publish(messages(1))
        first, second = conversation.receive(5), conversation.receive(5)
        assert first == Delivery("targeted", "q", b'{"n":1}', "application/json", None)
        assert second is not None
        assert second.body == b'{"n":2}'
        assert conversation.receive(0) is None


@pytest.mark.parametrize(("known", "consumers"), [(3, 3), (None, 0)])
def test_a_queue_s_consumers_are_counted_and_one_that_is_not_there_has_none(known, consumers):
    with FakeBroker(consumers=known) as broker, talk(broker) as conversation:
        assert conversation.consumers("fs_nodes_shared_listener") == consumers
        assert conversation.publish(messages(1)) == []


def test_a_blocked_broker_is_told_from_a_silent_one():
    blocked = [spec.Connection.Blocked("low on memory")]
    for answer, reason in ((blocked, "publishing is blocked: low on memory"), ([], "nothing confirmed")):
        with FakeBroker(on_publish=lambda tag, answer=answer: answer) as broker:
            conversation = talk(broker, timeout=3)
            with pytest.raises(TimedOut, match=reason), conversation:
                conversation.publish(messages(1))


def hang_up(_tag):
    raise Hangup


def test_a_broker_that_goes_away_between_question_and_answer_is_lost():
    broker = FakeBroker(on_publish=hang_up)
    with broker, pytest.raises(BrokerLost, match="connection lost"), talk(broker) as conversation:
        conversation.publish(messages(1))


def test_whoever_waits_for_an_answer_hears_that_the_broker_has_gone():
    with FakeBroker() as broker, talk(broker) as conversation:
        threading.Timer(0.2, broker.__exit__).start()
        with pytest.raises(BrokerLost):
            conversation.receive(30)


def test_a_channel_that_the_broker_closes_says_why():
    close = spec.Channel.Close(406, "PRECONDITION_FAILED - inequivalent arg 'type'", 40, 10)
    declared = []

    def answer():
        declared.append(1)
        return [close] if len(declared) > 1 else []

    broker = FakeBroker(on_declare=answer)
    with broker, pytest.raises(BrokerLost, match="PRECONDITION_FAILED"), talk(broker) as conversation:
        conversation.publish(messages(1))


def test_brokers_that_cannot_be_reached_are_told_with_their_reasons():
    gone = f"amqp://127.0.0.1:{free_port()}"
    with FakeBroker(silent=True) as silent:
        for uris, reason in (([gone], "connection refused"), ([silent.uri], "no answer"), ([gone, silent.uri], "; ")):
            with pytest.raises(BrokerUnreachable, match=reason), Conversation(uris, [], name="x", timeout=2):
                pass


def test_a_zone_without_a_broker_is_told():
    with pytest.raises(SettingsError):
        Conversation([], [], name="x")
