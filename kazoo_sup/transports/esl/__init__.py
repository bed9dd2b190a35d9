"""FreeSWITCH's event socket, inbound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.esl.connection import PASSWORD, PORT, Endpoint, EventSocket, Reply
    from kazoo_sup.transports.esl.events import follow
    from kazoo_sup.transports.esl.frames import Event

__all__ = [
    "PASSWORD",
    "PORT",
    "Endpoint",
    "Event",
    "EventSocket",
    "Reply",
    "follow",
]

_HOMES = {
    "Endpoint": "connection",
    "Event": "frames",
    "EventSocket": "connection",
    "PASSWORD": "connection",
    "PORT": "connection",
    "Reply": "connection",
    "follow": "events",
}

__getattr__ = facade(__name__, _HOMES)
