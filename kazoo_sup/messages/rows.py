"""How an API is written down: a row of the tables `apis` and `application_apis`."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One API as the table writes it."""

    name: str
    exchange: str
    key: str
    event: str
    required: str = ""
    optional: str = ""
    answers: str = ""


TARGETED = "targeted"
"""The exchange of all answers; the routing key is the name of the queue."""

EXCHANGE_TYPES = {
    "targeted": "direct",
    "callctl": "direct",
    "nodes": "fanout",
    **dict.fromkeys(
        (
            "callevt",
            "callmgr",
            "resources",
            "conference",
            "monitor",
            "configuration",
            "kapps",
            "presence",
            "notifications",
            "sysconf",
            "bookkeepers",
            "registrar",
            "leader",
            "tasks",
            "switch",
            "faxes",
            "im",
            "globals",
            "omnipresence",
            "pushes",
        ),
        "topic",
    ),
}
"""Every exchange of Kazoo's (kz_amqp.hrl)."""
