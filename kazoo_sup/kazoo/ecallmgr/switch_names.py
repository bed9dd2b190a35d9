"""What a FreeSWITCH is called: one rule for every function that takes the name of one, or shows it.

ecallmgr calls it freeswitch@HOST, as its configuration has it. The settings of `sup` give the same server a name of
their own and an address, and FreeSWITCH itself says what its host is called, which need be neither. A word means a
server by any of these: with or without what stands before the @, in any case, and a host's name with or without its
domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError, UsageError, did_you_mean
from kazoo_sup.kazoo.ecallmgr.acls import is_ip
from kazoo_sup.kazoo.zone.servers import known

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

KIND = "freeswitch"


class UnknownSwitch(UsageError):
    """no FreeSWITCH of zone {zone} is called {name!r}{hint}"""

    remedy = "sup config show tells which there are in the settings, sup kz_nodes media_servers which ecallmgr has"

    zone: str
    name: str
    hint: str


class Named(NamedTuple):
    """A server of the settings: what they call it, its own hosts' names, which are hosts, and itself."""

    called: str
    hosts: frozenset[str]
    server: Server

    def is_meant(self, word: str) -> bool:
        """Return whether WORD means this server."""
        return host_of(word) == self.called.lower() or any(same_host(host_of(word), host) for host in self.hosts)


def host_of(word: str) -> str:
    """Return what stands behind the @ of a node's name, else all of it, in lower case."""
    return (word.partition("@")[2] or word).lower()


def same_host(one: str, other: str) -> bool:
    """Return whether two names are of one host, of which one may be without its domain."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if one == other:
        return True
    if is_ip(one) or is_ip(other) or ("." in one) == ("." in other):
        return False
    return one.partition(".")[0] == other.partition(".")[0]


def same_node(one: str, other: str) -> bool:
    """Return whether two names are of one node."""
    return one == other or same_host(host_of(one), host_of(other))


def listed(zone: Zone) -> list[Named]:
    """Return the servers of the settings by what is known without asking: their names and their addresses' hosts."""
    return [
        Named(called, frozenset(filter(None, [urlsplit(server.url).hostname])), server)
        for called, server in known(zone, KIND).items()
    ]


def asked(zone: Zone, servers: Iterable[Named]) -> list[Named]:
    """Return servers with what they themselves call their hosts; of one that does not answer that is told."""
    from kazoo_sup.kazoo.ecallmgr import switches

    servers = list(servers)
    try:
        told = switches.hosts(zone, [(each.called, each.server) for each in servers])
    except SupError as error:
        zone.run.warn(str(error))
        return servers
    for each in told.errors:
        zone.run.warn(str(each))
    return [named._replace(hosts=named.hosts | set(told.given.get(named.called, ()))) for named in servers]


def meant(zone: Zone, words: Collection[str]) -> dict[str, Named]:
    """Return which server of the settings each of WORDS means, without those that mean none.

    Servers are asked what they are called only when some word means none without.
    """
    servers = listed(zone)
    found = _by_word(servers, words)
    if servers and len(found) < len(set(words)):
        found = {**_by_word(asked(zone, servers), words), **found}
    return found


def matching(zone: Zone, word: str, nodes: Collection[str]) -> set[str]:
    """Return which of some nodes, by the names that ecallmgr or FreeSWITCH gives them, WORD means.

    Raises UnknownSwitch for a word that means neither one of these, nor a server of the settings, nor a node of
    ecallmgr's configuration.
    """
    if word in nodes:
        return {word}
    if found := {node for node in nodes if same_node(word, node)}:
        return found
    servers = asked(zone, listed(zone))
    if named := [each for each in servers if each.is_meant(word)]:
        return {node for node in nodes if any(each.is_meant(node) for each in named)}
    others = configured(zone)
    if any(same_node(word, each) for each in others):
        return set()
    there = sorted({*nodes, *others, *(each.called for each in servers)})
    if not there:
        raise UnknownSwitch(zone=zone.name, name=word, hint="; none is known")
    raise UnknownSwitch(zone=zone.name, name=word, hint=did_you_mean(word, there) or f"; there is {', '.join(there)}")


def configured(zone: Zone) -> list[str]:
    """Return the names of ecallmgr's configuration; none where that cannot be read, and is not needed either."""
    from kazoo_sup.kazoo.ecallmgr import media_servers

    try:
        return media_servers.all_configured(zone)
    except SupError as error:
        zone.run.warn(f"what ecallmgr calls FreeSWITCH is not known: {error}")
        return []


def _by_word(servers: Iterable[Named], words: Collection[str]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for word in words:
        named = [each for each in servers if each.is_meant(word)]
        exact: Mapping[str, Named] = {each.called.lower(): each for each in named}
        if named:
            found[word] = exact.get(host_of(word), named[0])
    return found
