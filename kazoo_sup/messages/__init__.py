"""The messages of Kazoo's bus: one table of them (`apis`), and building, checking and reading a message by it.

`names` beside it says what databases and routing keys are called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.messages.building import (
        DEFAULTS,
        EXCHANGE_TYPES,
        TARGETED,
        Api,
        BadMessage,
        Built,
        NeverSent,
        Undecodable,
        UnknownApi,
        all_names,
        build,
        check,
        decode,
        find,
        named,
        read_header,
    )

__all__ = [
    "DEFAULTS",
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


def __getattr__(name: str) -> object:
    """Import the table and its readers only when one of them is asked for (PEP 562): `names` is read in every run."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module("kazoo_sup.messages.building"), name)
