"""The events of an event socket, followed over lost connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup.errors import ServerUnreachable, TimedOut
from kazoo_sup.transports.esl_failures import ConnectionLost, NotAnEventSocket

if TYPE_CHECKING:
    from kazoo_sup.transports.esl import EventSocket
    from kazoo_sup.transports.esl_frames import Event

LONGEST_PAUSE = 30.0
"""Seconds between attempts to connect again, at most."""

_PASSING = (ConnectionLost, NotAnEventSocket, ServerUnreachable, TimedOut)
"""What a server that restarts looks like."""


def follow(
    connected: EventSocket, again: Callable[[], EventSocket], tell: Callable[[str], None], pause: float = 1.0
) -> Iterator[Event]:
    """Give the events of CONNECTED for ever; when it is lost, those of the connections that AGAIN makes.

    AGAIN connects and subscribes. It is called after PAUSE seconds, then after twice as many and so on, until it
    succeeds; what would not pass, such as a refused password, is raised. TELL takes a sentence when the connection is
    lost and when it is back.
    """
    while True:
        try:
            while (event := connected.next_event()) is not None:
                yield event
        except _PASSING as error:
            tell(f"{error}; trying to connect again")
        finally:
            connected.close()
        connected = _reconnected(again, pause)
        tell(f"{connected.name} is back; what happened meanwhile is not shown")


def _reconnected(again: Callable[[], EventSocket], pause: float) -> EventSocket:
    while True:
        time.sleep(pause)
        try:
            return again()
        except _PASSING:
            pause = min(2 * pause, LONGEST_PAUSE)
