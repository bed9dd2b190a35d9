"""Many ecallmgr nodes in one process, for collect.py to ask: they share out a number of channels and registrations.

Usage: python responders.py NODES ENTRIES, with the broker's address in SUP_AMQP_URL. Says "ready" once it listens.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pika

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

GREGORIAN_EPOCH = 62_167_219_200
MARK = "@MSG-ID@"


def channels(node: int, count: int) -> dict[str, Any]:
    """Return what a node answers to the question for channels."""
    told = {
        f"call-{node}-{number}@192.0.2.1": {
            "Media-Node": f"freeswitch@fs{node}.example.com",
            "Call-Direction": "inbound",
            "Destination": f"1{number:010}",
            "Account-ID": f"{number:032x}",
        }
        for number in range(count)
    }
    return {"Event-Category": "call_event", "Event-Name": "query_channels_resp", "Channels": told}


def registrations(node: int, count: int) -> dict[str, Any]:
    """Return what a node answers to the question for registrations."""
    now = int(time.time()) + GREGORIAN_EPOCH
    told = [
        {
            "Username": f"user{number}",
            "Realm": f"realm{node}.example.com",
            "Contact": f"sip:user{number}@192.0.2.7:{number % 60000};transport=udp",
            "Call-ID": f"{number:032x}",
            "Proxy-Path": "sip:198.51.100.1:5060",
            "Proxy-IP": "198.51.100.1",
            "Proxy-Port": 5060,
            "Proxy-Protocol": "udp",
            "Expires": 360,
            "Event-Timestamp": now,
        }
        for number in range(count)
    ]
    return {"Event-Category": "directory", "Event-Name": "reg_query_resp", "Fields": told}


def main() -> None:
    """Answer until the process is ended."""
    nodes, entries = map(int, sys.argv[1:])
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["SUP_AMQP_URL"]))
    channel = connection.channel()
    for exchange in ("callevt", "registrar", "switch", "nodes", "targeted"):
        kind = {"nodes": "fanout", "targeted": "direct"}.get(exchange, "topic")
        channel.exchange_declare(exchange, kind)
    channel.queue_declare("fs_nodes_shared_listener", auto_delete=True)
    for node in range(nodes):
        own = {"App-Name": "ecallmgr", "App-Version": "4.0.0", "Node": f"ecallmgr@host{node}", "Msg-ID": MARK}
        answers = {
            name: json.dumps({**own, **make(node, entries // nodes)}).encode()
            for name, make in (("query_channels_req", channels), ("reg_query", registrations))
        }
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "callevt", "call.status_req.#")
        channel.queue_bind(queue, "registrar", "registration.query.#")
        channel.basic_consume(queue, partial(answer, answers), auto_ack=True)
        channel.basic_consume("fs_nodes_shared_listener", lambda *_: None, auto_ack=True)
    print("ready", flush=True)
    channel.start_consuming()


def answer(
    answers: dict[str, bytes], channel: BlockingChannel, _method: object, _properties: object, body: bytes
) -> None:
    """Answer one question."""
    request = json.loads(body)
    said = answers[request["Event-Name"]].replace(MARK.encode(), request["Msg-ID"].encode(), 1)
    properties = pika.BasicProperties(content_type="application/json")
    channel.basic_publish("targeted", request["Server-ID"], said, properties)


if __name__ == "__main__":
    main()
