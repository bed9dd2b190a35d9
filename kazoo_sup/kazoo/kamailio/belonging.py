"""Whom an address belongs to: what a proxy turns away by mistake is the zone itself, its carriers, or its customers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.bus import resolver
from kazoo_sup.kazoo.kamailio import Ask, dispatcher, optional, registrations, understood
from kazoo_sup.kazoo.zone.servers import KINDS, OutOfTime, ask_all, known
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio.bans import Source
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

GRACE = 2.0
"""Seconds that the others get once somebody has answered; what they would have said is not known then."""

_URI = re.compile(r"(?:sips?:)?(?:[^@;?]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:;?>\s]+)(?::(?P<port>\d+))?")
_SHOWN = 3


def claims(zone: Zone, source: Source, proxies: Sequence[tuple[str, Server]]) -> tuple[list[str], list[str]]:
    """Return what SOURCE is to the zone and its proxies, as ends of a sentence, and of whom that is not known.

    Raises OutOfTime when the run's own time is up.
    """
    asked: list[tuple[str, Callable[[], list[str]]]] = [("the access lists", lambda: list(_allowed(zone, source)))]
    for name, server in proxies:
        asked.append((f"the dispatcher of {name}", _asking(zone, name, server, source, _destinations)))
        asked.append((f"the registrations at {name}", _asking(zone, name, server, source, _phones)))
    limits = zone.settings.timeouts
    # One of several that hangs must not keep the others from turning the address away.
    grace = GRACE if len(proxies) > 1 else None
    found = [f"{who} of the settings" for who in _of_settings(zone, source)]
    unknown: list[str] = []
    for name, answer in ask_all(asked, lambda _name, ask: ask(), limits.connect + limits.read, grace=grace):
        if isinstance(answer, OutOfTime):
            raise answer
        if isinstance(answer, SupError):
            unknown.append(f"{name} ({answer})")
        else:
            found += answer
    return found, unknown


def _asking(
    zone: Zone, name: str, server: Server, source: Source, look: Callable[[Ask, Source], Iterable[str]]
) -> Callable[[], list[str]]:
    return lambda: understood(zone, name, server, lambda ask: list(look(ask, source)))


def _destinations(ask: Ask, source: Source) -> Iterator[str]:
    """Yield the destinations of a proxy's dispatcher that are SOURCE."""
    try:
        listed = optional(ask, "dispatcher.list")
    except KamailioRefused:  # it has no set
        return
    for row in dispatcher.rows(listed or {}):
        if _is_at(row["destination"], source, ports=False):
            role = f" ({row['for']})" if row["for"] else ""
            yield f"destination {row['destination']} in set {row['set']}{role} of {ask.name}"


def _phones(ask: Ask, source: Source) -> Iterator[str]:
    """Yield who is registered at a proxy from SOURCE."""
    phones = [
        str(row["aor"])
        for row in registrations.rows(optional(ask, "ul.dump") or {})
        if _is_at(row["received"] or row["contact"], source, ports=True)
    ]
    if phones:
        yield f"where {_some(dict.fromkeys(phones))} registered at {ask.name}"


def _allowed(zone: Zone, source: Source) -> Iterator[str]:
    """Yield the entries of ecallmgr's access lists, of every node, that allow SOURCE and not everybody."""
    from kazoo_sup.kazoo.ecallmgr import acls

    roles = {acls.SBCS: "an allowed SBC", acls.CARRIERS: "an allowed carrier"}
    entries = list(acls.effective(zone, "default").items())
    for section, settings in (zone.configuration(acls.CATEGORY) or {}).items():
        if isinstance(settings, dict) and not section.startswith("_"):
            entries += acls.configured(zone, section).items()
    wanted = ip_address(source.address)
    told: set[str] = set()
    for name, entry in entries:
        networks = [found for text in acls.cidrs(entry) if (found := acls.network(text, strict=False))]
        if entry.get("type") == "allow" and any(each.prefixlen and wanted in each for each in networks):
            role = f"{roles.get(str(entry.get(acls.LIST)), 'allowed')} ({name})"
            if role not in told:
                told.add(role)
                yield role


def _of_settings(zone: Zone, source: Source) -> Iterator[str]:
    """Yield the servers of the zone's settings that are at the address of SOURCE."""
    whose: dict[str, list[str]] = {}
    for who, host in _hosts(zone):
        whose.setdefault(host, []).append(who)
    addresses = resolver.resolve(host for host in whose if not _ip(host))
    for host, names in whose.items():
        if any(_ip(address) == _ip(source.address) for address in (host, *addresses.get(host, ()))):
            yield from names


def _hosts(zone: Zone) -> Iterator[tuple[str, str]]:
    for kind, described in KINDS.items():
        for name, server in known(zone, kind).items():
            for each in (server, *server.others):
                yield f"the {described.title} server {name}", urlsplit(each.url).hostname or ""
    for title, servers in (("CouchDB", zone.settings.couchdb), ("RabbitMQ", zone.settings.brokers)):
        for server in servers:
            yield f"the {title} server", urlsplit(server.url).hostname or ""
    for node in zone.settings.kazoo_nodes:
        yield f"the node {node}", node.partition("@")[2]


def _is_at(uri: object, source: Source, *, ports: bool) -> bool:
    """Return whether a SIP URI leads to SOURCE; its port counts where PORTS do and SOURCE has one."""
    found = _URI.match(str(uri or ""))
    if not found or _ip(found["host"].strip("[]")) != _ip(source.address):
        return False
    return not ports or source.port is None or source.port == int((found["port"] or "5060")[:6])


def _ip(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _some(names: Iterable[str]) -> str:
    first = list(names)
    more = len(first) - _SHOWN
    told = ", ".join(first[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"{told} {'is' if len(first) == 1 else 'are'}"
