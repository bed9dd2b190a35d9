"""AMQP 0-9-1 over pika: a fast publisher, and conversations with a queue of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.amqp.conversation import (
        Binding,
        BrokerLost,
        BrokerUnreachable,
        Conversation,
        Delivery,
        PublishRefused,
    )
    from kazoo_sup.transports.amqp.publisher import Message, Publisher, PublishResult, why_impossible

__all__ = [
    "Binding",
    "BrokerLost",
    "BrokerUnreachable",
    "Conversation",
    "Delivery",
    "Message",
    "PublishRefused",
    "PublishResult",
    "Publisher",
    "why_impossible",
]

_HOMES = {
    "Binding": "conversation",
    "BrokerLost": "conversation",
    "BrokerUnreachable": "conversation",
    "Conversation": "conversation",
    "Delivery": "conversation",
    "Message": "publisher",
    "PublishRefused": "conversation",
    "PublishResult": "publisher",
    "Publisher": "publisher",
    "why_impossible": "publisher",
}

__getattr__ = facade(__name__, _HOMES)
