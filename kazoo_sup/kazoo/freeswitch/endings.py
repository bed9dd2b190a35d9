"""Waiting for a FreeSWITCH: until it has no calls any more, until it has ended, until it runs again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.errors import ServerUnreachable, SupError, TimedOut
from kazoo_sup.kazoo.freeswitch import event_sockets, replies
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.kazoo.zone.servers import Answers, gather
from kazoo_sup.transports.esl.failures import ConnectionLost
from kazoo_sup.transports.net import Cause, why

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kazoo_sup.kazoo.freeswitch.event_sockets import Servers
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.esl import EventSocket
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")

_SLACK = 10.0


def until_quiet(zone: Zone, servers: Servers, direction: str) -> Sequence[SupError]:
    """Wait until servers have no calls any more, or none of a DIRECTION, inbound or outbound, where it is not empty.

    Returns the errors of those that tell no more.
    """
    goes_on = (
        f"the calls that are left go on, and {direction or 'new'} ones are refused; sup freeswitch resume ends that"
    )
    return _wait(zone, servers, partial(_calls, zone, direction), "calls ending", goes_on)


def until_ended(zone: Zone, servers: Servers) -> Sequence[SupError]:
    """Wait until nobody answers where the servers were; returns the errors of those of which that is not known."""

    def runs(name: str, server: Server) -> int:
        try:
            _uptime(zone, name, server)
        except ServerUnreachable as error:
            cause = why(error).cause
            if cause is Cause.REFUSED:
                return 0
            if cause is not Cause.CLOSED:
                raise
        except (ConnectionLost, TimedOut):
            pass  # it is busy with ending, perhaps
        return 1

    return _wait(zone, servers, runs, "servers ending", _SHUTS_DOWN)


def until_again(zone: Zone, servers: Servers, before: Mapping[str, int | None]) -> Sequence[SupError]:
    """Wait until servers have started again; BEFORE is how many seconds each had been running, where that is known."""
    gone: set[str] = set()

    def is_old(name: str, server: Server) -> int:
        try:
            now = _uptime(zone, name, server)
        except (ConnectionLost, ServerUnreachable, TimedOut):
            gone.add(name)
            return 1
        was = before.get(name)
        return int(name not in gone and (was is None or now is None or now >= was))

    return _wait(zone, servers, is_old, "servers restarting", _SHUTS_DOWN)


def uptimes(zone: Zone, servers: Servers) -> Mapping[str, int | None]:
    """Return for how many seconds servers have been running, as far as they tell."""
    return _asked(zone, servers, partial(_uptime, zone)).given


_SHUTS_DOWN = "it ends once its last call has, all the same; sup freeswitch shutdown --cancel calls that off"


def _calls(zone: Zone, direction: str, name: str, server: Server) -> int:
    if not direction:
        return _status(zone, name, server)["sessions"] or 0

    def of_direction(connected: EventSocket) -> int:
        return sum(row.get("direction") == direction for row in event_sockets.listing(connected, "show channels"))

    return event_sockets.converse(zone, [(name, server)], of_direction).given[name]


def _uptime(zone: Zone, name: str, server: Server) -> int | None:
    found: int | None = _status(zone, name, server)["uptime_seconds"]
    return found


def _status(zone: Zone, name: str, server: Server) -> Row:
    return event_sockets.read(zone, [(name, server)], "status", replies.status).given[name]


def _wait(
    zone: Zone, servers: Servers, look: Callable[[str, Server], int], label: str, goes_on: str
) -> Sequence[SupError]:
    """Wait until LOOK finds nothing at any of the servers; one at which it fails is not waited for any more."""
    left = dict(servers)
    errors: list[SupError] = []

    def found() -> int:
        answers = _asked(zone, list(left.items()), look)
        errors.extend(answers.errors)
        for name in list(left):
            if not answers.given.get(name):
                del left[name]
        return sum(answers.given.values())

    awaited.until_none(zone.run, found, label=label, goes_on=goes_on)
    return errors


def _asked(zone: Zone, servers: Servers, look: Callable[[str, Server], Found]) -> Answers[Found]:
    """Ask all; the error of the only one is among the errors, too."""
    times = zone.settings.timeouts
    try:
        return gather(servers, look, 2 * times.connect + times.read + _SLACK)
    except SupError as error:
        return Answers({}, [error])
