"""Messages of Kazoo's bus: building one and checking one, by the table of `apis`.

A message is a JSON object. What `sup` sends names its own node and application, never those of a node of the cluster,
and never advertises a node: every node of the cluster would count on it.
Source: Kazoo kz_api:prepare_api_payload/2, kz_api:validate/4, kz_api.hrl, kz_amqp_util.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import __version__
from kazoo_sup.errors import SupError, UsageError
from kazoo_sup.messages.apis import ROWS
from kazoo_sup.messages.keys import MissingHeader, routing_key
from kazoo_sup.messages.rows import EXCHANGE_TYPES, TARGETED, Row
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Json, Payload

__all__ = [
    "EXCHANGE_TYPES",
    "TARGETED",
    "Api",
    "BadMessage",
    "Built",
    "NeverSent",
    "Undecodable",
    "UnknownApi",
    "all_names",
    "build",
    "check",
    "decode",
    "find",
    "named",
    "read_header",
]

APP_NAME = "sup"

DEFAULTS = ("App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID")
"""Headers that every message must have (kz_api.hrl, DEFAULT_HEADERS)."""

_DEFAULTS = frozenset(DEFAULTS)
_OURS = frozenset({*DEFAULTS, "Node", "Server-ID"})
"""Headers that are not the caller's to give."""

_OPTIONAL_DEFAULTS = frozenset(
    {
        "Access-Group",
        "Defer-Response",
        "Destination-Server",
        "Geo-Location",
        "System-Log-ID",
        "Account-ID",
        "Call-ID",
        "Server-Queue-ID",
        "Raw-Headers",
        "Request-From-PID",
        "Reply-To-PID",
        "AMQP-Broker",
        "AMQP-Broker-Zone",
    }
)

_TEXTS = frozenset(
    {
        "Event-Category",
        "Event-Name",
        "App-Name",
        "App-Version",
        "Msg-ID",
        "Server-ID",
        "Raw-Headers",
        "Destination-Server",
        "Geo-Location",
        "Access-Group",
        "Tenant-ID",
        "AMQP-Broker",
        "AMQP-Broker-Zone",
    }
)
"""Headers that are text wherever they are (kz_api.hrl, DEFAULT_TYPES)."""

_TYPES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "boolean": ("true or false", lambda value: value in (True, False, "true", "false") and not _is_number(value)),
    "integer": ("a whole number", is_integer),
    "list": ("a list", lambda value: isinstance(value, list)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "apps": ("a list or an object", lambda value: isinstance(value, list | dict)),
    "limit": (
        'a number of seconds or "infinity"',
        lambda value: value == "infinity" or (is_integer(value) and value >= 0),
    ),
}

_MWI = ("presence.mwi_update", "presence.mwi_unsolicited_update")

_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class BadMessage(UsageError):
    """{api}: {reason}"""

    api: str
    reason: str


class UnknownApi(UsageError):
    """there is no message {name!r}{hint}"""

    remedy = "sup amqp apis lists all of them"

    name: str
    hint: str


class NeverSent(UsageError):
    """{api} is not for sup to send: {reason}"""

    api: str
    reason: str


class Undecodable(SupError):
    """a message on {exchange} is not one of Kazoo's: {reason}"""

    exchange: str
    reason: str


class Header(NamedTuple):
    """What an API says of one header; `values` is empty where any will do."""

    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """One kind of message. Each group of `required` must have one of its headers in the message."""

    name: str
    exchange: str
    key: str
    category: str
    event: str
    required: tuple[tuple[str, ...], ...]
    headers: Mapping[str, Header]
    answers: tuple[str, ...]
    checked: tuple[tuple[str, Header], ...]
    """The headers with something to check beside being there."""
    given: frozenset[str]
    """The headers that a caller may give."""

    @property
    def exchange_type(self) -> str:
        """How the exchange is declared."""
        return EXCHANGE_TYPES[self.exchange]

    @property
    def is_answer(self) -> bool:
        """Whether it goes to the queue of whoever asked."""
        return self.exchange == TARGETED


class Built(NamedTuple):
    """A message that has been checked."""

    api: Api
    routing_key: str
    payload: Payload

    @property
    def body(self) -> bytes:
        """The message as it travels."""
        return _to_json(self.payload).encode()


@cache
def find(name: str) -> Api:
    """Return the API called NAME ("switch.notify"); raises UnknownApi."""
    row = _rows().get(name)
    if row is None:
        from kazoo_sup.errors import did_you_mean

        raise UnknownApi(name=name, hint=did_you_mean(name, _rows()))
    category, event = row.event.split()
    headers: dict[str, Header] = {}
    required = _read_column(row.required, headers)
    _read_column(row.optional, headers)
    return Api(
        name=row.name,
        exchange=row.exchange,
        key=row.key,
        category=category,
        event=event,
        required=required,
        headers=headers,
        answers=tuple(row.answers.split()),
        checked=tuple((name, header) for name, header in headers.items() if header.type or header.values),
        given=_OPTIONAL_DEFAULTS | headers.keys(),
    )


def all_names() -> list[str]:
    """Return the names of all APIs, sorted."""
    return sorted(_rows())


def named(category: object, event: object) -> Api | None:
    """Return the API whose messages are called so, or None; of several with the same name, the first."""
    row = _by_event().get(f"{category} {event}")
    return find(row) if row else None


def build(name: str, headers: Fields, *, node: str, queue: str | None = None) -> Built:
    """Build a message of the API called NAME from its HEADERS; answers to it are to go to QUEUE.

    Headers that are None or empty text are left out. NODE is the name under which `sup` speaks. Raises UnknownApi,
    NeverSent for what `sup` only listens to, BadMessage for headers that are missing, unknown or of a wrong kind.
    """
    api = find(name)
    if api.is_answer or api.name == "nodes.advertise":
        reason = "it is an answer" if api.is_answer else "every node would count on a node that does not exist"
        raise NeverSent(api=name, reason=reason)
    payload = _without_empty(headers)
    if not payload.keys() <= api.given:
        for header in payload.keys() - api.given:
            reason = f"{header} is not for the caller to give" if header in _OURS else f"it has no header {header}"
            raise BadMessage(api=name, reason=reason)
    payload["Event-Category"] = api.category
    payload["Event-Name"] = api.event
    payload["App-Name"] = APP_NAME
    payload["App-Version"] = __version__
    payload["Node"] = node
    payload["Msg-ID"] = os.urandom(16).hex()
    if queue is not None:
        payload["Server-ID"] = queue
    check(api, payload)
    if name not in _MWI:
        return Built(api, _routing_key(api, payload), payload)
    if "@" not in str(payload["To"]):
        raise BadMessage(api=name, reason="To must be user@realm")
    return Built(api, _routing_key(api, payload), _extended(payload))


def check(api: Api, payload: Payload) -> None:
    """Check a message of ours or somebody else's; raises BadMessage with the first thing that is wrong.

    Headers that the API does not know are passed over, as Kazoo's receivers do.
    """
    if not payload.keys() >= _DEFAULTS:
        missing = next(header for header in DEFAULTS if header not in payload)
        raise BadMessage(api=api.name, reason=f"{missing} is missing")
    if payload["Event-Category"] != api.category or payload["Event-Name"] != api.event:
        raise BadMessage(api=api.name, reason=f"it is called {payload['Event-Category']} {payload['Event-Name']}")
    for group in api.required:
        if not any(header in payload for header in group):
            raise BadMessage(api=api.name, reason=f"{' or '.join(group)} is missing")
    for header in payload.keys() & _TEXTS:
        if not isinstance(payload[header], str):
            raise BadMessage(api=api.name, reason=f"{header} must be text")
    for header, (kind, values) in api.checked:
        if header not in payload:
            continue
        value = payload[header]
        if kind and not _TYPES[kind][1](value):
            raise BadMessage(api=api.name, reason=f"{header} must be {_TYPES[kind][0]}")
        if values and value not in values:
            raise BadMessage(api=api.name, reason=f"{header} must be one of {', '.join(values)}")


def decode(exchange: str, body: bytes, content_type: str | None, content_encoding: str | None = None) -> Payload:
    """Return the object that a message's body holds; raises Undecodable for anything else."""
    if content_type != "application/json":
        raise Undecodable(exchange=exchange, reason=f"its content type is {content_type or 'missing'}")
    try:
        if content_encoding == "gzip":
            import gzip

            body = gzip.decompress(body)
        payload = json.loads(body)
    except (ValueError, OSError, EOFError, RecursionError) as error:
        raise Undecodable(exchange=exchange, reason=str(error)) from error
    if not isinstance(payload, dict):
        raise Undecodable(exchange=exchange, reason="it is not an object")
    return payload


def read_header(api: Api, header: str, text: str) -> Json:
    """Read a header's value from the command line: as its type says, else as JSON for a list or object, else as text.

    Raises BadMessage when it cannot be read so.
    """
    kind = api.headers[header].type if header in api.headers else ""
    if kind in ("", "text") and not (kind == "" and text[:1] in ("[", "{")):
        return text
    if kind == "limit" and text == "infinity":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        expected = _TYPES[kind][0] if kind else "JSON"
        raise BadMessage(api=api.name, reason=f"{header} must be {expected}, not {text!r}") from error


def _routing_key(api: Api, payload: Payload) -> str:
    try:
        return routing_key(api.name, api.key, payload)
    except MissingHeader as missing:
        raise BadMessage(api=api.name, reason=f"{missing} is missing") from missing


@cache
def _rows() -> dict[str, Row]:
    return {row.name: row for row in ROWS}


@cache
def _by_event() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in ROWS:
        found.setdefault(row.event, row.name)
    return found


def _read_column(text: str, headers: dict[str, Header]) -> tuple[tuple[str, ...], ...]:
    """Return the names in a column of the table, in their groups, and note what it says of each."""
    groups = []
    for word in text.split():
        start, _, values = word.partition("=")
        names, _, kind = start.partition(":")
        groups.append(tuple(names.split("|")))
        for name in groups[-1]:
            headers[name] = Header(kind, tuple(values.split("|")) if values else ())
    return tuple(groups)


def _extended(payload: Payload) -> Payload:
    """Return the form in which Kazoo sends what is waiting in a mailbox (kapi_presence:mwi_extended_update/1)."""
    import hashlib

    to = payload["To"]
    user, _, realm = to.partition("@")
    return {
        "From": f"sip:{to}",
        "From-User": user,
        "From-Realm": realm,
        "To-User": user,
        "To-Realm": realm,
        "Message-Account": f"sip:{to}",
        "Messages-Waiting": "yes" if payload["Messages-New"] else "no",
        "Messages-Urgent": 0,
        "Messages-Urgent-Saved": 0,
        "Presence-ID": to,
        **payload,
        "To": f"sip:{to}",
        "Call-ID": hashlib.md5(to.encode(), usedforsecurity=False).hexdigest(),
    }


def _without_empty(headers: Fields) -> Payload:
    """Leave out what is None or empty text, at all levels (Kazoo kz_api:remove_empty_values/1)."""
    return {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in headers.items()
        if value is not None and value != ""
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
