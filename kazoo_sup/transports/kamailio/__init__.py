"""Kamailio's RPC commands, over each way that they can be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.kamailio.rpc import READING, Value, call, clean_up, each, shaped

__all__ = [
    "READING",
    "Value",
    "call",
    "clean_up",
    "each",
    "shaped",
]

_HOMES = {
    "READING": "rpc",
    "Value": "rpc",
    "call": "rpc",
    "clean_up": "rpc",
    "each": "rpc",
    "shaped": "rpc",
}

__getattr__ = facade(__name__, _HOMES)
