"""The messages of Kazoo's bus: one table of them (`apis`), and building, checking and reading a message by it.

`names` beside it says what databases and routing keys are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

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

__getattr__ = facade(__name__, dict.fromkeys(__all__, "building"))
