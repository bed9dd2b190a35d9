"""The cookie, and whether the hosts of the zone's nodes and servers resolve."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.ecallmgr import acls, media_servers
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State, count
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import KINDS, ask_all, known
from kazoo_sup.transports.net import Cause, why
from kazoo_sup.transports.server import WELL_KNOWN

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

COOKIE = "cookie"
NAMES = "names"

_LOCAL = ("localhost", "nohost")

Addresses = list[str] | SupError
"""The addresses of a host, none where it has none, or why that is not known."""


class NoNameServer(SupError):
    """the name server does not answer"""


class Facts(NamedTuple):
    """By host who goes by it, and its addresses; and why it is not known on which hosts FreeSWITCH nodes run."""

    hosts: Mapping[str, tuple[Sequence[str], Addresses]]
    unlisted: SupError | None = None


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the checks of the cookie and of names, which may take so many SECONDS to resolve."""
    return [
        Probe(COOKIE, "", lambda: zone.settings.cookie, judge_cookie),
        Probe(NAMES, "", partial(_collect, zone, seconds), lambda facts: judge_names(*facts)),
    ]


def judge_cookie(cookie: str) -> Iterator[Finding]:
    """Yield whether the cookie is a secret: whoever knows it runs what he likes on every node."""
    if cookie in WELL_KNOWN:
        found = "the cookie is the one that Kazoo comes with, or the settings do not have the real one"
        do = "set one secret as cookie in config.ini of all nodes and in kazoo.conf.xml of FreeSWITCH, and restart them"
        yield Finding(COOKIE, State.WARNING, "", found, do)
    else:
        yield good(COOKIE, "it is not the one that Kazoo comes with")


def judge_names(
    hosts: Mapping[str, tuple[Sequence[str], Addresses]], unlisted: SupError | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with hosts, and what is not known: the fields of `Facts`."""
    fine = True
    if unlisted:
        found = f"on which hosts FreeSWITCH nodes run could not be found out: {unlisted}"
        yield Finding(NAMES, State.UNKNOWN, "FreeSWITCH", found, "sup zone status")
    for host, (whose, addresses) in hosts.items():
        for finding in _of_host(host, ", ".join(whose), addresses):
            fine = False
            yield finding
    erlang = [host for host, (whose, _) in hosts.items() if any("@" in each for each in whose) and host not in _LOCAL]
    short = [host for host in erlang if "." not in host]
    if short and len(short) < len(erlang):
        fine = False
        found = f"short names ({', '.join(short)}) beside full ones: such nodes never connect with each other"
        yield Finding(NAMES, State.CRITICAL, "nodes", found, "name every node with its full host name, and use -name")
    if fine:
        yield good(NAMES, f"{count(len(hosts), 'host name')} resolve")


def resolved(hosts: Iterable[str], seconds: float) -> dict[str, Addresses]:
    """Return the addresses of hosts, side by side and within so many SECONDS."""
    named = [(host, host) for host in hosts]
    return dict(ask_all(named, lambda host, _: _addresses(host), seconds))


def _of_host(host: str, whose: str, addresses: Addresses) -> Iterator[Finding]:
    if isinstance(addresses, SupError):
        found = f"whether it resolves is not known: {addresses}; it is the host of {whose}"
        yield Finding(NAMES, State.UNKNOWN, host, found, f"getent hosts {host}; look at /etc/resolv.conf")
    elif not addresses:
        do = f"add {host} to the DNS, or to /etc/hosts of every host of the cluster"
        yield Finding(NAMES, State.CRITICAL, host, f"it does not resolve; it is the host of {whose}", do)
    elif all(_is_loopback(address) for address in addresses) and host not in _LOCAL:
        found = f"it resolves to {addresses[0]}, which no other host reaches; it is the host of {whose}"
        do = f"take {host} out of the line of {addresses[0]} in /etc/hosts, and give it the host's own address"
        yield Finding(NAMES, State.WARNING, host, found, do)


def _collect(zone: Zone, seconds: float) -> Facts:
    media: list[str] = []
    unlisted = None
    try:
        media = media_servers.configured(zone, "default")[0]
    except SupError as error:
        unlisted = error
    whose: dict[str, list[str]] = {}
    for host, who in _hosts(zone, media):
        if host and not acls.is_ip(host):
            whose.setdefault(host, []).append(who)
    addresses = resolved(whose, seconds / 2)
    return Facts({host: (who, addresses[host]) for host, who in whose.items()}, unlisted)


def _hosts(zone: Zone, media: Sequence[str]) -> Iterator[tuple[str, str]]:
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
    except (OSError, UnicodeError) as error:
        if why(error).cause is Cause.NO_NAME_SERVER:
            raise NoNameServer from error
        return []


def _is_loopback(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback
