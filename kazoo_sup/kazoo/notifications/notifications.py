"""Notifications: what Kazoo's teletype makes e-mails of. They go to the broker once, or not at all.

Source: Kazoo kapi_notifications, kapps_notify_publisher.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from kazoo_sup import __version__, changes

if TYPE_CHECKING:
    from kazoo_sup.types import Fields
    from kazoo_sup.zone import Zone

EXCHANGE = "notifications"
EXCHANGE_TYPE = "topic"


def publish(zone: Zone, key: str, name: str, facts: Fields) -> bool | None:
    """Publish the notification NAME with routing key `notifications.KEY`; tell whether the broker has taken it.

    None where it was only shown.

    Nothing is kept for later where it has not: a notification may hold a secret, and comes too late anyhow.
    """
    silent = not (zone.run.events and zone.settings.brokers)
    if changes.if_made(zone, lambda: silent, shown=lambda: False):
        return False
    return changes.act(zone, f"publish notifications.{key}", lambda: _sent(zone, key, name, facts))


def _sent(zone: Zone, key: str, name: str, facts: Fields) -> bool:
    from kazoo_sup.transports.amqp import Message

    payload = {
        **facts,
        "Event-Category": "notification",
        "Event-Name": name,
        "App-Name": "sup",
        "App-Version": __version__,
        "Node": zone.own_node,
        "Msg-ID": os.urandom(16).hex(),
    }
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    publisher = zone.connections.publisher(lambda _messages, _reason: None)
    publisher.send([Message(EXCHANGE, EXCHANGE_TYPE, f"notifications.{key}", body)])
    return publisher.close().reason is None
