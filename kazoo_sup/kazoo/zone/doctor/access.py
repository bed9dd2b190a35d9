"""ecallmgr's access lists: FreeSWITCH takes calls of the proxies only where they are SBCs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.ecallmgr import acls
from kazoo_sup.kazoo.ecallmgr.acls import SBCS, Acl
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.doctor.names import resolved
from kazoo_sup.kazoo.zone.health.health import State
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.kazoo.zone.servers import known

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHECK = "access lists"
_ANYBODY = "default"


class Facts(NamedTuple):
    """The entries that each ecallmgr sees, by its name, and the addresses of each Kamailio that is not on this host.

    Those BY_DEFAULT have no entries of their own: they see those for everybody. LOST are the proxies by a host name
    that has no address, or of which that is not known.
    """

    entries: Mapping[str, Mapping[str, Acl]]
    proxies: Mapping[str, list[str]]
    by_default: frozenset[str] = frozenset()
    lost: Sequence[str] = ()


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the access lists; names may take so many SECONDS to resolve."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(facts: Facts) -> Iterator[Finding]:
    """Yield which ecallmgr knows no SBC, which proxy is not one there, and which entries are odd."""
    troubled = False
    for node, entries in facts.entries.items():
        for finding in _of_node(node, entries, facts):
            troubled = True
            yield finding
    for name in facts.lost:
        found = "whether it is an SBC is not known: its host name has no address"
        yield Finding(CHECK, State.UNKNOWN, name, found, "see what names says of its host")
    if not troubled and not facts.lost:
        yield good(CHECK, "there are SBCs, and every proxy whose address is known is one")


def _of_node(node: str, entries: Mapping[str, Acl], facts: Facts) -> Iterator[Finding]:
    everybody = node == _ANYBODY or node in facts.by_default

    def do(function: str, *words: str) -> str:
        command = f"ecallmgr_maintenance {function} {' '.join(map(quote, words))}"
        return f"sup {command} true" if everybody else f"sup -n {node} {command}"

    sbcs = [acl for acl in entries.values() if acl.get(acls.LIST) == SBCS and acl.get("type") == "allow"]
    missing = {
        name: [address for address in addresses if not acls.accepts(entries, SBCS, address)]
        for name, addresses in facts.proxies.items()
    }
    if not sbcs:
        found = "no SBC is allowed: FreeSWITCH takes calls of no proxy"
        known = [pair for name, addresses in missing.items() for pair in _named(name, addresses, entries)]
        allow = [do("allow_sbc", *pair) for pair in known]
        advice = "; ".join(allow) or f"{do('allow_sbc', 'NAME', 'ADDRESS')}, for each Kamailio"
        yield Finding(CHECK, State.CRITICAL, node, found, advice)
        return
    for name, addresses in missing.items():
        if addresses:
            found = f"{name} ({', '.join(addresses)}) is not an SBC there: FreeSWITCH does not take its calls"
            allow = [do("allow_sbc", entry, address) for entry, address in _named(name, addresses, entries)]
            yield Finding(CHECK, State.CRITICAL, node, found, "; ".join(allow))
    for doubt in acls.doubts(entries):
        name = max((each for each in entries if doubt.startswith(f"{each}: ")), key=len)
        yield Finding(CHECK, State.WARNING, node, doubt, f"{do('remove_acl', name)}, unless it is meant so")


def _named(name: str, addresses: Sequence[str], entries: Mapping[str, Acl]) -> Iterator[tuple[str, str]]:
    """Give each address an entry of its own, whose name is that of no other one."""
    taken = set(entries)
    for address in addresses:
        entry = name if name not in taken else f"{name}-{address}"
        taken.add(entry)
        yield entry, address


def _collect(zone: Zone, seconds: float) -> Facts:
    named = [node for node in zone.settings.kazoo_nodes if node.startswith("ecallmgr@")]
    hosts = {name: urlsplit(server.url).hostname for name, server in known(zone, "kamailio").items()}
    addresses = resolved({host for host in hosts.values() if host}, seconds / 2)
    found = {name: addresses[host] for name, host in hosts.items() if host}
    lost = [name for name, those in found.items() if not those or isinstance(those, SupError)]
    reached = {name: list(filter(_is_ipv4, those)) for name, those in found.items() if not isinstance(those, SupError)}
    entries = {node: acls.configured(zone, node) for node in named or [_ANYBODY]}
    document = zone.configuration(acls.CATEGORY) or {}
    own = {name for name, section in document.items() if isinstance(section, dict) and acls.KEY in section}
    by_default = frozenset(node for node in named if not own & {node, zone.name})
    return Facts(entries, {name: those for name, those in reached.items() if those}, by_default, lost)


def _is_ipv4(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return found.version == 4 and not found.is_loopback  # noqa: PLR2004
