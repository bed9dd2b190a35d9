"""Kamailio, the SIP proxies, as Kazoo's configuration of them (kazoo-configs-kamailio) sets them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kazoo_sup.servers import Answers, choose, gather

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")


class Ask(Protocol):
    """Calls one RPC command of one server: `ask("htable.get", ["block", "192.0.2.1"])`."""

    def __call__(self, method: str, arguments: Sequence[str | int | float] = ()) -> Any:
        """Return what METHOD answers; a SupError when it is refused or does not come."""


def each_server(
    zone: Zone, server: str | None, function: Callable[[Ask], Found], *, reading: bool = True
) -> Answers[Found]:
    """Call FUNCTION with a way to ask for each server that the word SERVER means, side by side.

    READING decides what no word means, as `servers.choose` says. Raises what that raises, and the error itself when
    only one server was to be asked.
    """
    limits = zone.settings.timeouts
    servers = choose(zone, "kamailio", server, reading=reading)
    return gather(servers, lambda _name, found: function(zone.kamailio(found)), limits.connect + limits.read)


def optional(ask: Ask, method: str, arguments: Sequence[str | int | float] = ()) -> Any:
    """Ask for what not every Kamailio has loaded: None where there is no such command."""
    from kazoo_sup.transports.kamailio_failures import Refused

    try:
        return ask(method, arguments)
    except Refused as error:
        if error.no_such_method:
            return None
        raise
