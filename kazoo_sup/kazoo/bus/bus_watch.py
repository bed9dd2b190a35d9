"""Looking at the bus, and speaking on it by hand: which messages to see, and how they are shown and read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import messages
from kazoo_sup.changes import masking
from kazoo_sup.errors import UsageError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.documents import as_object
from kazoo_sup.messages import BadMessage, Undecodable

if TYPE_CHECKING:
    from kazoo_sup.transports.amqp import Binding, Delivery
    from kazoo_sup.types import Payload
    from kazoo_sup.zone import Zone

_KEEP = 10_000
"""Messages that wait for somebody who looks away: the broker drops older ones."""


class UnknownExchange(UsageError):
    """Kazoo has no exchange {name!r}{hint}"""

    remedy = "sup amqp apis lists the messages with their exchanges"

    name: str
    hint: str


class NeedsKey(UsageError):
    """the exchange {name} delivers by exact keys: say which one"""

    remedy = "say which key, with --key"

    name: str


class BadHeader(UsageError):
    """{text!r} {wrong}"""

    text: str
    wrong: str = "is not Name=value"


class Wanted(NamedTuple):
    """Which messages to show; what is empty asks for nothing."""

    category: str
    event: str
    having: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that came by: `problem` says what is wrong with it, and what it holds is then as it came, if at all."""

    time: str
    exchange: str
    routing_key: str
    api: str | None
    payload: Payload | str
    problem: str | None


def bindings(exchange: str | None, key: str | None) -> list[Binding]:
    """Return what to bind to; without an EXCHANGE to all that tell by patterns. Raises UnknownExchange, NeedsKey."""
    from kazoo_sup.transports.amqp import Binding

    if exchange is None:
        return [Binding(name, kind, "#") for name, kind in messages.EXCHANGE_TYPES.items() if kind != "direct"]
    kind = messages.EXCHANGE_TYPES.get(exchange)
    if kind is None:
        from kazoo_sup.errors import did_you_mean

        raise UnknownExchange(name=exchange, hint=did_you_mean(exchange, messages.EXCHANGE_TYPES))
    if kind == "direct" and key is None:
        raise NeedsKey(name=exchange)
    return [Binding(exchange, kind, "#" if key is None else key)]


def follow(zone: Zone, bound: Sequence[Binding], wanted: Wanted) -> Iterator[Seen]:
    """Yield the messages that are WANTED as they come by, without passwords."""
    for delivery in bus.watch(zone, bound, keep=_KEEP):
        seen = look(delivery)
        facts = as_object(seen.payload)
        if (
            wanted.category in ("", facts.get("Event-Category"))
            and wanted.event in ("", facts.get("Event-Name"))
            and wanted.having in f"{seen.routing_key} {_text(seen.payload)}"
        ):
            yield seen


def look(delivery: Delivery) -> Seen:
    """Return a message as it is shown: decoded and checked."""
    when = datetime.now().astimezone().isoformat(timespec="milliseconds")
    api: str | None = None
    problem: str | None = None
    payload: Payload | str
    try:
        payload = messages.decode(delivery.exchange, delivery.body, delivery.content_type, delivery.content_encoding)
        if found := messages.named(payload.get("Event-Category"), payload.get("Event-Name")):
            api = found.name
            messages.check(found, payload)
        payload = masking.of_document(payload)
    except BadMessage as error:
        problem, payload = str(error), masking.of_document(payload)
    except Undecodable as error:
        problem, payload = str(error), delivery.body.decode("utf-8", "backslashreplace")
    return Seen(when, delivery.exchange, delivery.routing_key, api, payload, problem)


def as_line(seen: Seen) -> str:
    """Return a message on one line for people."""
    problem = f" ({seen.problem})" if seen.problem else ""
    return f"{seen.time} {seen.exchange} {seen.routing_key}{problem} {_text(seen.payload)}"


def as_json(seen: Seen) -> str:
    """Return a message as one JSON object on one line."""
    return json.dumps(asdict(seen), ensure_ascii=False)


def read_headers(api: str, words: Sequence[str]) -> Payload:
    """Read headers written Name=value by the kinds that the API gives them; raises BadHeader, BadMessage."""
    known = messages.find(api)
    found: Payload = {}
    for word in words:
        name, sign, written = word.partition("=")
        if not sign or not name:
            raise BadHeader(text=word)
        value = messages.read_header(known, name, written)
        if found.setdefault(name, value) != value:
            raise BadHeader(text=name, wrong="is there twice, with two values")
    return found


def _text(payload: Payload | str) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
