"""Kamailio, the SIP proxies, as Kazoo's configuration of them (kazoo-configs-kamailio) sets them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.servers import Answers, choose, gather
from kazoo_sup.transports.kamailio_failures import Refused

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.kamailio import Value
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Ask:
    """Calls RPC commands of one server, which goes by NAME: `ask("htable.get", ["block", "192.0.2.1"])`."""

    name: str
    call: Callable[[str, Sequence[Value]], Any]
    asked: list[str] = field(default_factory=list)

    def __call__(self, method: str, arguments: Sequence[Value] = ()) -> Any:
        """Return what METHOD answers; a SupError when it is refused or does not come."""
        self.asked.append(method)
        return self.call(method, arguments)

    def without(self, what: str) -> NotFound:
        """Return the error of a server that has no WHAT."""
        return NotFound(server=f"Kamailio {self.name}", what=what)


class UnknownShape(SupError):
    """Kamailio {name} answers {method} otherwise than this sup expects ({reason}); see sup kamailio rpc {method}"""


def each_server(
    zone: Zone, server: str | None, function: Callable[[Ask], Found], *, reading: bool = True
) -> Answers[Found]:
    """Call FUNCTION with a way to ask for each server that the word SERVER means, side by side.

    READING decides what no word means, as `servers.choose` says. Raises what that raises, and the error itself when
    only one server was to be asked.
    """

    def one(name: str, found: Server) -> Found:
        ask = Ask(name, zone.kamailio(found))
        try:
            return function(ask)
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            if not ask.asked:
                raise
            reason = f"{type(error).__name__}: {error}"
            raise UnknownShape(name=name, method=ask.asked[-1], reason=reason) from error

    limits = zone.settings.timeouts
    return gather(choose(zone, "kamailio", server, reading=reading), one, limits.connect + limits.read)


def optional(ask: Ask, method: str, arguments: Sequence[Value] = ()) -> Any:
    """Ask for what not every Kamailio has loaded: None where there is no such command."""
    try:
        return ask(method, arguments)
    except Refused as error:
        if error.no_such_method:
            return None
        raise
