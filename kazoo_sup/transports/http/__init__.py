"""HTTP over requests, as all servers that speak it are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.http.client import HTTP
    from kazoo_sup.transports.http.transport import Answer, Place, Request, Timeouts, Transport

__all__ = [
    "HTTP",
    "Answer",
    "Place",
    "Request",
    "Timeouts",
    "Transport",
]

_HOMES = {
    "Answer": "transport",
    "HTTP": "client",
    "Place": "transport",
    "Request": "transport",
    "Timeouts": "transport",
    "Transport": "transport",
}

__getattr__ = facade(__name__, _HOMES)
