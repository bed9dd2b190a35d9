"""Nodes of a cluster for tests: they listen on a real broker, answer what they are asked, and advertise themselves.

They are written from the protocol alone, with pika and nothing of the program's.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Self

import pika
import pika.exceptions

from helpers.real_servers import START_SECONDS

GREGORIAN_EPOCH = 62_167_219_200
SHARED = {"fs_nodes_shared_listener": ("switch", "switch.fs_xml_flush")}
"""The queue that all ecallmgr nodes consume."""

TYPES = {"nodes": "fanout", "targeted": "direct"}

Answer = Callable[[dict[str, Any]], Any]
"""What a node says to a request: a payload, a list of them, bytes to send as they are, or None for nothing."""


def gregorian() -> int:
    """Return the time as Kazoo counts it."""
    return int(time.time()) + GREGORIAN_EPOCH


class KazooNode:
    """A node called NAME that answers by ANSWERS, keyed by (exchange, routing key to bind, event name).

    `heard` is every message that came, `delay` how many seconds it thinks before it answers. With `shared` it consumes
    the queues of those names, as one of several; `advert` is what it advertises, every `every` seconds.
    """

    def __init__(
        self,
        url: str,
        name: str,
        answers: Mapping[tuple[str, str, str], Answer] | None = None,
        *,
        shared: Mapping[str, tuple[str, str]] | None = None,
        advert: Mapping[str, Any] | None = None,
        every: float = 0.2,
        delay: float = 0,
    ) -> None:
        self.name = name
        self.heard: list[dict[str, Any]] = []
        self._url = url
        self._answers = answers or {}
        self._shared = shared or {}
        self._advert = advert
        self._every = every
        self._delay = delay
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def said(self, event: str) -> list[dict[str, Any]]:
        """Return the messages called EVENT that came."""
        return [each for each in self.heard if each.get("Event-Name") == event]

    def _run(self) -> None:
        # The broker may be stopped by a test.
        with (
            contextlib.suppress(pika.exceptions.AMQPError),
            pika.BlockingConnection(pika.URLParameters(self._url)) as connection,
        ):
            channel = connection.channel()
            queue = f"{self.name}-{uuid.uuid4().hex}"
            channel.queue_declare(queue, exclusive=True, auto_delete=True)
            for exchange, key, _ in self._answers:
                channel.exchange_declare(exchange, TYPES.get(exchange, "topic"))
                channel.queue_bind(queue, exchange, key)
            channel.basic_consume(queue, self._on_message, auto_ack=True)
            for shared, (exchange, key) in self._shared.items():
                channel.exchange_declare(exchange, TYPES.get(exchange, "topic"))
                channel.queue_declare(shared, auto_delete=True)
                channel.queue_bind(shared, exchange, key)
                channel.basic_consume(shared, self._on_message, auto_ack=True)
            channel.exchange_declare("nodes", "fanout")
            channel.exchange_declare("targeted", "direct")
            due = 0.0
            while not self._ending.is_set():
                if self._advert is not None and time.monotonic() >= due:
                    due = time.monotonic() + self._every
                    self._publish(
                        channel, "nodes", "", {**self._advert, **self._named("nodes", "advertise", "kz_nodes")}
                    )
                connection.process_data_events(0.02)
                self._ready.set()

    def _on_message(self, channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        payload = json.loads(body)
        self.heard.append({**payload, "exchange": method.exchange, "key": method.routing_key})
        for (exchange, _, event), answer in self._answers.items():
            if (exchange, event) == (method.exchange, payload["Event-Name"]):
                time.sleep(self._delay)
                said = answer(payload)
                for each in said if isinstance(said, list) else [] if said is None else [said]:
                    self._reply(channel, payload, each)

    def _reply(self, channel: Any, request: dict[str, Any], answer: Any) -> None:
        if isinstance(answer, dict):
            named = self._named(request["Event-Category"], "", "ecallmgr")
            answer = {**named, **answer, "Msg-ID": answer.get("Msg-ID", request["Msg-ID"])}
        self._publish(channel, "targeted", request["Server-ID"], answer)

    def _named(self, category: str, event: str, app: str) -> dict[str, Any]:
        return {
            "App-Name": app,
            "App-Version": "4.0.0",
            "Event-Category": category,
            "Event-Name": event,
            "Node": self.name,
            "Msg-ID": uuid.uuid4().hex,
        }

    def _publish(self, channel: Any, exchange: str, key: str, payload: Any) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        channel.basic_publish(exchange, key, body, pika.BasicProperties(content_type="application/json"))


class Telling(KazooNode):
    """A node that publishes to EXCHANGE, under a key of its own, whenever a message with the key HEARS comes."""

    def __init__(self, url: str, name: str, exchange: str, hears: str, says: str, answer: Answer) -> None:
        super().__init__(url, name, {(exchange, hears, "any"): answer})
        self._says = says

    def _on_message(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        super()._on_message(channel, method, properties, body)
        answer = next(iter(self._answers.values()))
        self._publish(channel, method.exchange, self._says, answer(json.loads(body)))


def advertised(*apps: str, up: int = 75, **more: Any) -> dict[str, Any]:
    """Return what a node that runs APPS for UP seconds advertises."""
    return {
        "Expires": 5000,
        "WhApps": {app: {"Startup": gregorian() - up, "Roles": []} for app in apps},
        "Version": "4.3.0 - 25",
        "Zone": "local",
        "Used-Memory": 77_300_576,
        "Processes": 1160,
        "Ports": 0,
        "Channels": 0,
        "Conferences": 0,
        "Registrations": 0,
        **more,
    }


def channel(uuid: str, **more: Any) -> dict[str, Any]:
    """Return a channel as an ecallmgr tells of it in an account's channels."""
    return {
        "uuid": uuid,
        "node": "freeswitch@fs1",
        "direction": "inbound",
        "destination": "1002",
        "account_id": "a" * 32,
        "answered": True,
        "handling_locally": False,
        "timestamp": gregorian() - 60,
        "elapsed_s": 60,
        **more,
    }


_TITLES = {
    "uuid": "Call-ID",
    "node": "Media-Node",
    "direction": "Call-Direction",
    "destination": "Destination",
    "account_id": "Account-ID",
    "timestamp": "Timestamp",
}


def registration(username: str, realm: str, **more: Any) -> dict[str, Any]:
    """Return a registration as an ecallmgr tells of it."""
    now = gregorian()
    return {
        "Username": username,
        "Realm": realm,
        "Contact": f"sip:{username}@192.0.2.7:5060;transport=udp",
        "Call-ID": f"call-{username}",
        "Proxy-Path": "sip:198.51.100.1:5060",
        "Proxy-Protocol": "udp",
        "Expires": 360,
        "Event-Timestamp": now,
        "Last-Registration": now,
        **more,
    }


def ecallmgr(
    url: str,
    name: str,
    *,
    channels: list[dict[str, Any]] | None = None,
    registrations: list[dict[str, Any]] | None = None,
    conferences: Mapping[str, Mapping[str, Any]] | None = None,
    servers: tuple[str, ...] = (),
    advertises: bool = True,
    **more: Any,
) -> KazooNode:
    """Return an ecallmgr that has these in its memory. A conference has its account, UUID and participants."""
    has_channels, registered, rooms = channels or [], registrations or [], conferences or {}

    def by_call_id(request: dict[str, Any]) -> dict[str, Any]:
        fields = request.get("Fields", [])
        told = {}
        for each in has_channels:
            titled = {title: each[key] for key, title in _TITLES.items() if key in each}
            told[each["uuid"]] = {key: value for key, value in titled.items() if fields == "all" or key in fields}
        return {"Event-Name": "query_channels_resp", "Channels": told}

    def of_account(request: dict[str, Any]) -> dict[str, Any]:
        wanted = request["Account-ID"]
        told = [each for each in has_channels if wanted in ("all", each.get("account_id"))]
        return {"Event-Name": "query_account_channels_resp", "Channels": told}

    def registered_as(request: dict[str, Any]) -> dict[str, Any]:
        fields, realm, username = request.get("Fields"), request["Realm"], request.get("Username")
        found = [
            each for each in registered if realm in ("all", each["Realm"]) and username in (None, each["Username"])
        ]
        if not found:
            return {"Event-Name": "reg_query_error", "Registrar-Age": 1}
        told = [{key: each.get(key) for key in fields} if fields else each for each in found]
        return {"Event-Name": "reg_query_resp", "Fields": told}

    def searched(request: dict[str, Any]) -> dict[str, Any]:
        if "Conference-ID" in request:
            room = rooms.get(request["Conference-ID"])
            if room is None:
                return {"Event-Name": "error", "Error-Message": "not found", "Request": request}
            facts = {key: value for key, value in room.items() if key != "account"}
            return {"Event-Name": "search_resp", "Conference-ID": request["Conference-ID"], **facts}
        told = {
            room_name: {
                "UUID": room["UUID"],
                "Run-Time": 77,
                "Start-Time": gregorian() - 77,
                "Switch-Hostname": "fs1",
                "Participant-Count": len(room["Participants"]),
            }
            for room_name, room in rooms.items()
            if room["account"] == request["Account-ID"]
        }
        return {"Event-Name": "search_resp", "Account-ID": request["Account-ID"], "Conferences": told}

    answers: dict[tuple[str, str, str], Answer] = {
        ("callevt", "call.status_req.#", "query_channels_req"): by_call_id,
        ("callevt", "call.status_req.#", "query_account_channels_req"): of_account,
        ("registrar", "registration.#", "reg_query"): registered_as,
        ("conference", "conference.discovery", "search_req"): searched,
        ("switch", "switch.#", "reload_acls"): lambda request: None,
    }
    media = {server: {"Startup": gregorian() - 475, "Version": "1.8.7  64bit"} for server in servers}
    advert = advertised("ecallmgr", **({"Media-Servers": media} if media else {}))
    return KazooNode(
        url,
        name,
        answers,
        shared=SHARED,
        advert=advert if advertises else None,
        **more,
    )
