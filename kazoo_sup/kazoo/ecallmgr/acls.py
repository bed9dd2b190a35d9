"""ecallmgr's access lists: whose SIP traffic FreeSWITCH takes, as carriers (`trusted`) and SBCs (`authoritative`).

An entry is `{"type": "allow"|"deny", "network-list-name": LIST, "cidr": CIDR or host name, or a list of them}`. The
map of a node is the one in its own section of system_config/ecallmgr, else its zone's, else the default one; to it come
the addresses of carriers' resources and of devices that authenticate by address.
Source: Kazoo ecallmgr_fs_acls, ecallmgr_maintenance:modify_acls/5, list_acls/2. What is done otherwise: host names are
resolved by the system's resolver, without SRV records, and the stored ones stay as they are when another entry is
changed, while Kazoo then stores what all of them resolve to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.bus import resolver
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import as_object, objects_by_name, shapes, with_value
from kazoo_sup.types import Document, Json, ViewRow

if TYPE_CHECKING:
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.zone import Zone

Acl = Document
Network = IPv4Network | IPv6Network

CATEGORY = "ecallmgr"
KEY = "acls"
CARRIERS = "trusted"
SBCS = "authoritative"
LIST = "network-list-name"


def entry(network_list: str, kind: str, address: str) -> Acl:
    """Return an entry that allows or denies an address, in Kazoo's order of keys."""
    return {"type": kind, LIST: network_list, "cidr": to_cidr(address)}


def to_cidr(address: str) -> str:
    """Return an address as a network of one; anything else stays.

    Kazoo leaves an IPv6 address as it is (kz_network_utils:to_cidr/1), and FreeSWITCH then leaves it out.
    """
    if not is_ip(address):
        return address
    return f"{address}/32" if _is_ipv4(address) else f"{address}/128"


def is_cidr(text: str) -> bool:
    """Return whether a text is a network, with no bit set beyond its mask, or a single address."""
    return network(text) is not None


def is_ip(text: str) -> bool:
    """Return whether a text is an address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def network(text: object, *, strict: bool = True) -> Network | None:
    """Return the network that a text names; None when it names none. Not STRICT, bits beyond the mask may be set."""
    try:
        return ip_network(text, strict=strict) if isinstance(text, str) else None
    except ValueError:
        return None


def configured(zone: Zone, node: str, document: Document | None = None) -> dict[str, Acl]:
    """Return the entries of system_config that hold for NODE ("default": for nobody in particular), as stored."""
    if document is None:
        document = zone.configuration(CATEGORY)
    found = system_config.lookup(document, [KEY], node=node, zone=zone.name)
    return objects_by_name(found)


def effective(zone: Zone, node: str) -> dict[str, Acl]:
    """Return all entries that hold for NODE, with addresses in place of host names; devices and carriers last."""
    stored = configured(zone, node)
    named = [(acl, host) for acl in stored.values() for host in cidrs(acl) if network(host, strict=False) is None]
    added = list(_added(zone))
    addresses = resolver.resolve({host for _, host in named} | {host for _, host in added if not is_ip(host)})
    found: dict[str, Acl] = {}
    for name, acl in stored.items():
        resolved = [each for host in cidrs(acl) for each in _networks(host, addresses)]
        found[name] = {**acl, "cidr": resolved[0] if len(resolved) == 1 else resolved}
    for acl, host in added:
        for address in [host] if is_ip(host) else addresses.get(host, []):
            # An IPv6 address, too, which lets its whole /32 in.
            found[address] = {"type": "allow", LIST: CARRIERS, "cidr": f"{address}/32", **acl}
    return found


def store(zone: Zone, name: str, acl: Acl | None, *, section: str, always: bool, seen_by: str) -> None:
    """Store an entry, or remove it, in the map that SEEN_BY (a node or "default") sees.

    SECTION and ALWAYS say where the map goes: system_config.update_value.
    """

    def changed(document: Document) -> Document:
        return with_value(configured(zone, seen_by, document), [name], acl)

    system_config.update_value(zone, CATEGORY, KEY, changed, section=section, always=always)


def accepts(acls: Mapping[str, Acl], network_list: str, address: str) -> bool:
    """Return whether FreeSWITCH takes an address for one of a list: the narrowest network that holds it decides.

    Of equals the first one does; who is in none is denied, and a network without a mask counts for nothing.
    Source: FreeSWITCH switch_network_list_validate_ip_token, Kazoo ecallmgr_fs_xml:acl_list_el/1.
    """
    wanted, best, accepted = ip_address(address), 0, False
    for acl in acls.values():
        for found in _known_networks(acl) if acl.get(LIST) == network_list else ():
            if found.version == wanted.version and found.prefixlen > best and wanted in found:
                best, accepted = found.prefixlen, acl.get("type") == "allow"
    return accepted


def doubts(acls: Mapping[str, Acl], about: str | None = None) -> Iterator[str]:
    """Yield what is odd about entries: what is not a CIDR, what has no effect, and which contradict each other.

    With ABOUT only what concerns that entry, and then also what it repeats.
    """
    known: list[_Known] = []
    for name, acl in acls.items():
        for text in cidrs(acl) or [""]:
            found = network(text, strict=False)
            if found is not None:
                known.append(_Known(name, acl, found))
            if about in (None, name) and (oddity := _oddity(text, found)):
                yield f"{name}: {oddity}"
    first_of: dict[tuple[str, Network], _Known] = {}
    for each in known:
        first_of.setdefault((each.listed, each.network), each)
    masks = {(network.version, network.prefixlen) for _, network in first_of}
    for narrow in known:
        for version, length in sorted(masks):
            if version == narrow.network.version and length <= narrow.network.prefixlen:
                wide = first_of.get((narrow.listed, narrow.network.supernet(new_prefix=length)))
                if wide is not None and wide.name != narrow.name and about in (None, wide.name, narrow.name):
                    yield from _doubt(wide, narrow, repeats=about is not None)


class _Known(NamedTuple):
    name: str
    acl: Acl
    network: Network

    @property
    def type(self) -> Json:
        return self.acl.get("type")

    @property
    def listed(self) -> str:
        """The access list that it is of, as text: what is stored there may be anything."""
        return str(self.acl.get(LIST))


def _oddity(text: str, found: Network | None) -> str | None:
    if found is None:
        return f"{text!r} is neither a CIDR nor a host name that can be resolved; it has no effect"
    if found.prefixlen == 0:
        return f"{text} has no effect: FreeSWITCH passes over a network without a mask"
    if _lacks_mask(text):
        return f"{text} has no effect: FreeSWITCH leaves an IPv6 address without a mask out; {to_cidr(text)} is meant"
    return None if network(text) else f"{text} has bits set beyond its mask; it means {found}"


def _doubt(wide: _Known, narrow: _Known, *, repeats: bool) -> Iterator[str]:
    same = wide.type == narrow.type
    if wide.network == narrow.network and not same:
        yield f"{narrow.name}: {narrow.network} is shadowed by {wide.name}, which comes first and says {wide.type}"
    elif not same:
        within = f"{narrow.network} ({narrow.type}) lies within {wide.name}, {wide.network} ({wide.type})"
        yield f"{narrow.name}: {within}; the narrower one decides"
    elif repeats:
        yield f"{narrow.name}: {narrow.network} is in {wide.name}, {wide.network} ({wide.type}), already"


def cidrs(acl: Acl) -> list[str]:
    """Return the networks and host names of an entry."""
    found = acl.get("cidr")
    return [str(each) for each in (found if isinstance(found, list) else [] if found is None else [found])]


def _known_networks(acl: Acl) -> list[Network]:
    return [
        found for text in cidrs(acl) if (found := network(text, strict=False)) is not None and not _lacks_mask(text)
    ]


def _networks(text: str, addresses: Mapping[str, list[str]]) -> list[str]:
    if network(text, strict=False) is not None:
        return [text]
    return [to_cidr(address) for address in addresses.get(text, [])] or [text]


def _lacks_mask(text: str) -> bool:
    """Return whether a text is an IPv6 address alone, which Kazoo hands on as it is and FreeSWITCH leaves out."""
    return is_ip(text) and not _is_ipv4(text)


def _is_ipv4(text: str) -> bool:
    return is_ip(text) and ":" not in text


def _added(zone: Zone) -> Iterator[tuple[Acl, str]]:
    """Yield the addresses and host names of carriers' resources and devices, with what their entries say besides."""
    for database in ("offnet", "sip_auth"):
        rows = _rows(zone, database, "resources", "listing_active_by_weight", include_docs=True)
        documents = (row["doc"] for row in rows if row.get("doc"))
        for found in shapes.of_each(zone, database, documents, _of_resource):
            yield from found
    for row in _rows(zone, "sip_auth", "credentials", "lookup_by_ip"):
        value = as_object(row.get("value"))
        facts = {
            "account_id": value.get("account_id"),
            "authorizing_id": row.get("id"),
            "authorizing_type": value.get("authorizing_type"),
        }
        if isinstance(row.get("key"), str):
            yield facts, row["key"].partition(";")[0]


def _of_resource(document: Document) -> list[tuple[Acl, str]]:
    facts = {"authorizing_id": document.get("_id"), "authorizing_type": "resource"}
    gateways = shapes.at(document, ["gateways"], shapes.OBJECTS, [])
    servers = [shapes.text_at(each, "server") for each in gateways if each.get("enabled") in (True, "true")]
    hosts = [*shapes.texts_at(document, "inbound_ips"), *servers]
    return [(facts, host.partition(";")[0]) for host in hosts if host]


def _rows(zone: Zone, database: str, design: str, view: str, **more: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    try:
        yield from views.rows(zone, database, design, view, **more)
    except NotFound as error:
        zone.run.warn(f"{error}: its entries are not among the ACLs")
