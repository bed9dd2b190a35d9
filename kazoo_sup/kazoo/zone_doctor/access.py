"""ecallmgr's access lists: FreeSWITCH takes calls of the proxies only where they are SBCs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.kazoo.calls import acls
from kazoo_sup.kazoo.calls.acls import SBCS, Acl
from kazoo_sup.kazoo.zone_doctor.finding import Finding, good
from kazoo_sup.kazoo.zone_doctor.names import resolved
from kazoo_sup.kazoo.zone_health.health import State
from kazoo_sup.kazoo.zone_health.probing import Probe
from kazoo_sup.servers import known

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHECK = "access lists"
_ANYBODY = "default"


class Facts(NamedTuple):
    """The entries that each ecallmgr sees, by its name, and the addresses of each Kamailio that is not on this host."""

    entries: Mapping[str, Mapping[str, Acl]]
    proxies: Mapping[str, list[str]]


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the access lists; names may take so many SECONDS to resolve."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(facts: Facts) -> Iterator[Finding]:
    """Give which ecallmgr knows no SBC, which proxy is none there, and which entries are odd."""
    troubled = False
    for node, entries in facts.entries.items():
        for finding in _of_node(node, entries, facts.proxies):
            troubled = True
            yield finding
    if not troubled:
        yield good(CHECK, "there are SBCs, and every proxy whose address is known is one")


def _of_node(node: str, entries: Mapping[str, Acl], proxies: Mapping[str, list[str]]) -> Iterator[Finding]:
    allow = "sup ecallmgr_maintenance allow_sbc"
    sbcs = [acl for acl in entries.values() if acl.get(acls.LIST) == SBCS and acl.get("type") == "allow"]
    if not sbcs:
        found = "no SBC is allowed: FreeSWITCH takes calls of no proxy"
        yield Finding(CHECK, State.CRITICAL, node, found, f"{allow} NAME ADDRESS, for each Kamailio")
        return
    for name, addresses in proxies.items():
        missing = [address for address in addresses if not acls.accepts(entries, SBCS, address)]
        if missing:
            found = f"{name} ({', '.join(missing)}) is no SBC there: FreeSWITCH does not take its calls"
            yield Finding(CHECK, State.CRITICAL, node, found, f"{allow} {name} {missing[0]}")
    for doubt in acls.doubts(entries):
        yield Finding(CHECK, State.WARNING, node, doubt, "sup ecallmgr_maintenance acl_summary")


def _collect(zone: Zone, seconds: float) -> Facts:
    named = [node for node in zone.settings.kazoo_nodes if node.startswith("ecallmgr@")]
    hosts = {name: urlsplit(server.url).hostname for name, server in known(zone, "kamailio").items()}
    addresses = resolved({host for host in hosts.values() if host}, seconds / 2)
    reached = {name: [each for each in addresses[host] if _is_ipv4(each)] for name, host in hosts.items() if host}
    entries = {node: acls.configured(zone, node) for node in named or [_ANYBODY]}
    return Facts(entries, {name: found for name, found in reached.items() if found})


def _is_ipv4(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return found.version == 4 and not found.is_loopback  # noqa: PLR2004
