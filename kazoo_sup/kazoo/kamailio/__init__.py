"""Kamailio, the SIP proxies, as Kazoo's configuration of them (kazoo-configs-kamailio) sets them up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.zone.servers import Answers, called, choose, gather
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.kamailio import Value
    from kazoo_sup.types import Json
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")

KIND = "kamailio"

_RELOADING = 10.0
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Ask:
    """Calls RPC commands of one server, which goes by NAME: `ask("htable.get", ["block", "192.0.2.1"])`."""

    name: str
    call: Callable[[str, Sequence[Value]], Json]
    asked: list[str] = field(default_factory=list)

    def __call__(self, method: str, arguments: Sequence[Value] = ()) -> Json:
        """Return what METHOD answers; a SupError when it is refused or does not come."""
        self.asked.append(method)
        return self.call(method, arguments)

    def without(self, what: str) -> NotFound:
        """Return the error of a server that has no WHAT."""
        return NotFound(server=called(KIND, self.name), what=what)


class UnexpectedReply(SupError):
    """Kamailio {name} answers {method} in another way than sup expects ({reason}); see sup kamailio rpc {method}"""

    remedy = "sup kamailio rpc {method} shows what it answers"

    name: str
    method: str
    reason: str


def each_server(
    zone: Zone, server: str | None, function: Callable[[Ask], Found], *, reading: bool = True
) -> Answers[Found]:
    """Call FUNCTION with a way to ask for each server that the word SERVER means, side by side.

    READING decides what no word means, as `servers.choose` says. Raises what that raises, and the error itself when
    only one server was to be asked.
    """

    def one(name: str, found: Server) -> Found:
        return understood(zone, name, found, function)

    limits = zone.settings.timeouts
    chosen = choose(zone, KIND, server, reading=reading)
    ways = max(1 + len(each.others) for _, each in chosen)
    return gather(chosen, one, ways * (limits.connect + limits.read) + _RELOADING)


def understood(zone: Zone, name: str, server: Server, function: Callable[[Ask], Found]) -> Found:
    """Return what FUNCTION finds by asking SERVER; UnexpectedReply where an answer has another shape."""
    ask = Ask(name, zone.connections.kamailio(server, called(KIND, name)))
    try:
        return function(ask)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        if not ask.asked:
            raise
        reason = f"{type(error).__name__}: {error}"
        raise UnexpectedReply(name=name, method=ask.asked[-1], reason=reason) from error


def patiently(ask: Ask, method: str, arguments: Sequence[Value] = ()) -> Json:
    """Ask for a change of the dispatcher; for some seconds after one Kamailio takes no other (reload_delta, 5 s)."""
    end = time.monotonic() + _RELOADING
    while True:
        try:
            return ask(method, arguments)
        except KamailioRefused as error:
            if not error.reason.lower().startswith("ongoing reload") or time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def optional(ask: Ask, method: str, arguments: Sequence[Value] = ()) -> Json:
    """Ask for what not every Kamailio has loaded: None where there is no such command."""
    try:
        return ask(method, arguments)
    except KamailioRefused as error:
        if error.no_such_method:
            return None
        raise
