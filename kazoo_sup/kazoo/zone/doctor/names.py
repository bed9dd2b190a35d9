"""The cookie, and whether the hosts of the zone's nodes and servers resolve."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.ecallmgr import acls, media_servers
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State, count
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import KINDS, ask_all, known
from kazoo_sup.transports.server import WELL_KNOWN

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

COOKIE = "cookie"
NAMES = "names"

_LOCAL = ("localhost", "nohost")


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the checks of the cookie and of names, which may take so many SECONDS to resolve."""
    return [
        Probe(COOKIE, "", lambda: zone.settings.cookie, judge_cookie),
        Probe(NAMES, "", partial(_collect, zone, seconds), judge_names),
    ]


def judge_cookie(cookie: str) -> Iterator[Finding]:
    """Yield whether the cookie is a secret: whoever knows it runs what he likes on every node."""
    if cookie in WELL_KNOWN:
        found = "the cookie is the one that Kazoo comes with, or the settings do not have the real one"
        do = "set one secret as cookie in config.ini of all nodes and in kazoo.conf.xml of FreeSWITCH, and restart them"
        yield Finding(COOKIE, State.WARNING, "", found, do)
    else:
        yield good(COOKIE, "it is not the one that Kazoo comes with")


def judge_names(hosts: Mapping[str, tuple[list[str], list[str]]]) -> Iterator[Finding]:
    """Yield what is wrong with hosts: by name who goes by it, and its addresses."""
    troubled = 0
    for host, (whose, addresses) in hosts.items():
        where = ", ".join(whose)
        if not addresses:
            troubled += 1
            do = f"add {host} to the DNS, or to /etc/hosts of every host of the cluster"
            yield Finding(NAMES, State.CRITICAL, host, f"it does not resolve; it is the host of {where}", do)
        elif all(_is_loopback(address) for address in addresses) and host not in _LOCAL:
            troubled += 1
            found = f"it resolves to {addresses[0]}, which no other host reaches; it is the host of {where}"
            do = f"take {host} out of the line of {addresses[0]} in /etc/hosts, and give it the host's own address"
            yield Finding(NAMES, State.WARNING, host, found, do)
    erlang = [host for host, (whose, _) in hosts.items() if any("@" in each for each in whose) and host not in _LOCAL]
    short = [host for host in erlang if "." not in host]
    if short and len(short) < len(erlang):
        troubled += 1
        found = f"short names ({', '.join(short)}) beside full ones: such nodes never connect with each other"
        yield Finding(NAMES, State.CRITICAL, "nodes", found, "name every node with its full host name, and use -name")
    if not troubled:
        yield good(NAMES, f"{count(len(hosts), 'host name')} resolve")


def resolved(hosts: Iterable[str], seconds: float) -> dict[str, list[str]]:
    """Return the addresses of hosts, side by side and within so many SECONDS; what does not resolve has none."""
    named = [(host, host) for host in hosts]
    answers = dict(ask_all(named, lambda host, _: _addresses(host), seconds))
    return {host: [] if isinstance(found, SupError) else found for host, found in answers.items()}


def _collect(zone: Zone, seconds: float) -> dict[str, tuple[list[str], list[str]]]:
    whose: dict[str, list[str]] = {}
    for host, who in _hosts(zone):
        if host and not acls.is_ip(host):
            whose.setdefault(host, []).append(who)
    addresses = resolved(whose, seconds / 2)
    return {host: (who, addresses[host]) for host, who in whose.items()}


def _hosts(zone: Zone) -> Iterator[tuple[str, str]]:
    try:
        media = media_servers.configured(zone, "default")[0]
    except SupError:  # whether CouchDB answers is told by others
        media = []
    for node in (*zone.settings.kazoo_nodes, *media):
        yield node.rpartition("@")[2], node
    for server in (*zone.settings.couchdb, *zone.settings.brokers):
        yield urlsplit(server.url).hostname or "", server.url
    for kind in KINDS:
        for name, server in known(zone, kind).items():
            yield urlsplit(server.url).hostname or "", f"{kind} {name}"


def _addresses(host: str) -> list[str]:
    try:
        return list(
            dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        )
    except (OSError, UnicodeError):
        return []


def _is_loopback(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback
