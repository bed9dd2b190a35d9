"""Routing keys of messages, by the patterns of the table `apis`. Source: Kazoo kz_amqp_util, kapi_ modules."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from kazoo_sup.messages.names import routing_word

if TYPE_CHECKING:
    from kazoo_sup.types import Payload

_FIELD = re.compile(r"\{([A-Za-z0-9-]+)([!@<~]?)(?::([^}]*))?\}")


class MissingHeader(Exception):
    """A header that the key holds is not in the message: its name."""


def routing_key(name: str, pattern: str, payload: Payload) -> str:
    """Return the routing key of a message of the API NAME; raises MissingHeader when the message lacks a part of it."""
    if name in _KEY_HEADERS:
        payload = {**payload, **_KEY_HEADERS[name](payload)}
    found = []
    for literal, header, how, otherwise in _key_parts(pattern):
        found.append(literal)
        if not header:
            continue
        value = payload.get(header, otherwise)
        if value is None:
            if how == "~":
                found[-1] = literal.removesuffix(".")
                continue
            raise MissingHeader(header)
        found.append(_key_word(str(value), how))
    return "".join(found)


@cache
def _key_parts(key: str) -> tuple[tuple[str, str, str, str | None], ...]:
    parts: list[tuple[str, str, str, str | None]] = []
    end = 0
    for found in _FIELD.finditer(key):
        parts.append((key[end : found.start()], found[1], found[2], found[3]))
        end = found.end()
    return (*parts, (key[end:], "", "", None))


def _key_word(value: str, how: str) -> str:
    if how == "!":
        return value
    if how == "@":
        value = value.partition("@")[2] or value
    elif how == "<":
        value = value.partition("@")[0]
    elif how == "~":
        value = value.lower()
    return routing_word(value)


def _authn_key(payload: Payload) -> Payload:
    """The realm in lower case; that of To when the other is an address (Kazoo kapi_authn:get_auth_realm/1)."""
    from ipaddress import ip_address

    realm = str(payload.get("Auth-Realm", ""))
    try:
        ip_address(realm)
    except ValueError:
        return {"Auth-Realm": realm.lower()}
    return {"Auth-Realm": str(payload.get("To", "")).partition("@")[2].lower()}


def _user_key(payload: Payload) -> Payload:
    """User and realm are one word of the key (Kazoo kapi_call:publish_query_user_channels_req/4)."""
    usernames = payload.get("Usernames") or [None]
    username, realm = payload.get("Username", usernames[0]), payload.get("Realm")
    return {"Username": "" if username is None and realm is None else f"{username or ''}:{realm or ''}"}


_KEY_HEADERS: dict[str, Callable[[Payload], Payload]] = {
    "authn.req": _authn_key,
    "call.query_user_channels_req": _user_key,
}
