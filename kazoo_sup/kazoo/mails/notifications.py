"""Notifications: what Kazoo's teletype makes e-mails of. They go to the broker once, or not at all.

Source: Kazoo kapi_notifications, kapps_notify_publisher.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup import __version__

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

EXCHANGE = "notifications"
EXCHANGE_TYPE = "topic"


def publish(zone: Zone, key: str, name: str, facts: Mapping[str, Any]) -> bool:
    """Publish the notification NAME with routing key `notifications.KEY`; tell whether the broker has taken it.

    Nothing is kept for later where it has not: a notification may hold a secret, and comes too late anyhow.
    """
    if zone.run.dry_run or not zone.run.events or not zone.settings.brokers:
        return False
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
    publisher = zone.publisher(lambda _messages, _reason: None)
    publisher.send([Message(EXCHANGE, EXCHANGE_TYPE, f"notifications.{key}", body)])
    return publisher.close().reason is None
