"""The events of an event socket, followed over lost connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from kazoo_sup.errors import ServerUnreachable, TimedOut
from kazoo_sup.transports.esl.failures import ConnectionLost, NotAnEventSocket
from kazoo_sup.transports.net import CONNECTING_AGAIN, Retry

if TYPE_CHECKING:
    from kazoo_sup.transports.esl.connection import EventSocket
    from kazoo_sup.transports.esl.frames import Event

_PASSING = (ConnectionLost, NotAnEventSocket, ServerUnreachable, TimedOut)
"""What a server that restarts looks like."""


def follow(
    connected: EventSocket,
    again: Callable[[], EventSocket],
    tell: Callable[[str], None],
    policy: Retry = CONNECTING_AGAIN,
) -> Iterator[Event]:
    """Yield the events of CONNECTED for ever; when it is lost, those of the connections that AGAIN makes.

    AGAIN connects and subscribes. It is called after the pauses of the POLICY until it succeeds; what would not pass,
    such as a refused password, is raised. TELL takes a sentence when the connection is lost and when it is back.
    """
    while True:
        try:
            while (event := connected.next_event()) is not None:
                yield event
        except _PASSING as error:
            tell(f"{error}; trying to connect again")
        finally:
            connected.close()
        connected = _reconnected(again, policy)
        tell(f"{connected.name} is back; what happened meanwhile is not shown")


def _reconnected(again: Callable[[], EventSocket], policy: Retry) -> EventSocket:
    for pause in policy.pauses():
        time.sleep(pause)
        with suppress(*_PASSING):
            return again()
    raise AssertionError("the policy has no end")
