"""Which FreeSWITCH servers a word means: by the settings, by ecallmgr, by what they call themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.ecallmgr import switch_names
from kazoo_sup.kazoo.ecallmgr.switch_names import KIND
from kazoo_sup.kazoo.zone.servers import UnknownServer, choose, means_server

if TYPE_CHECKING:
    from kazoo_sup.kazoo.freeswitch.event_sockets import Servers
    from kazoo_sup.zone import Zone

_NODE = "freeswitch@"


def meant(zone: Zone, word: str | None, *, reading: bool = True) -> Servers:
    """Return the servers that a word means: those of `choose`, or the one that ecallmgr, or it itself, calls so.

    Servers are asked what they are called only for a word that looks like the name of a node or of a host.
    """
    try:
        return choose(zone, KIND, word, reading=reading)
    except UnknownServer:
        named = switch_names.meant(zone, [word]) if word and {"@", "."} & set(word) else {}
        if not named:
            raise
        return [(each.called, each.server) for each in named.values()]


def chosen(zone: Zone, word: str | None) -> Servers:
    """Return the servers that a word means for a command which changes something."""
    return meant(zone, word, reading=False)


def before_server(zone: Zone, word: str | None, server: str | None) -> tuple[str | None, str | None]:
    """Return a word that may be left out, and the server; one word alone may be either."""
    if server is None and (means_server(zone, KIND, word) or str(word).startswith(_NODE)):
        return None, word
    return word, server


def names(servers: Servers) -> str:
    """Return the servers' names for a sentence."""
    return ", ".join(name for name, _ in servers)
