"""FreeSWITCH nodes: which are configured, which ecallmgr is connected to, and what it says of them.

The list `fs_nodes` of system_config/ecallmgr is read by an ecallmgr when it starts; a running one is told by nobody but
its own console. Who is connected is known from the nodes' advertisements.
Source: Kazoo ecallmgr_maintenance, ecallmgr_fs_nodes. A cookie that is not the one that everybody knows shows as ****.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import nodes
from kazoo_sup.kazoo.bus.collect import MissingNodes
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.ecallmgr import acls, switch_names

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

CATEGORY = "ecallmgr"
KEY = "fs_nodes"


class Heard(NamedTuple):
    """The FreeSWITCH nodes that ecallmgr nodes are connected to, with what is said of them, and what is not known."""

    servers: dict[str, Document]
    errors: list[SupError]


class MediaServer(dict[str, object]):
    """What is known of one FreeSWITCH node; `connected` says whether any ecallmgr node is connected to it."""

    connected = False


class Misconfigured(NamedTuple):
    """What NODE has for its FreeSWITCH nodes, which is not a list; none are taken in its place."""

    node: str
    found: Json


def configured(zone: Zone, node: str) -> tuple[list[str], Misconfigured | None]:
    """Return the FreeSWITCH nodes that NODE ("default": no node in particular) connects to, and what is wrong with it.

    An element may also be an object from a cookie to a node.
    """
    found = system_config.get(zone, CATEGORY, KEY, [], node=node)
    if not isinstance(found, list):
        return [], Misconfigured(node, found)
    return [name for each in found for name in _names(each)], None


def all_configured(zone: Zone) -> list[str]:
    """Return the FreeSWITCH nodes that any section of the configuration names."""
    document = zone.configuration(CATEGORY) or {}
    listed = [section[KEY] for section in document.values() if isinstance(section, dict) and KEY in section]
    return list(
        dict.fromkeys(name for each in listed if isinstance(each, list) for one in each for name in _names(one))
    )


def connected(zone: Zone, enough: Callable[[set[str]], bool] = lambda names: False) -> Heard:
    """Return the FreeSWITCH nodes that ecallmgr nodes are connected to, with what is said of them.

    That is known once every ecallmgr node was heard; or, before that, when those heard are ENOUGH. Where none is there,
    or not all were heard, the errors say so.
    """
    nobody = bus.NobodyThere(app=bus.ECALLMGR, zone=zone.name, what="the FreeSWITCH nodes that are connected")

    def heard(roster: bus.Roster) -> bool:
        return roster.is_complete or enough(set(nodes.media_servers(roster.adverts.values())))

    if not zone.settings.brokers:
        return Heard({}, [nobody])
    roster = bus.hear(zone, (bus.ECALLMGR,), heard)
    servers = nodes.media_servers(roster.adverts.values())
    if not roster.somebody:
        return Heard(servers, [nobody])
    silent = roster.consumers - len(roster.nodes)
    if silent > 0 and not enough(set(servers)):
        return Heard(servers, [MissingNodes(count=len(roster.nodes), expected=roster.consumers, app=bus.ECALLMGR)])
    return Heard(servers, [])


def store(
    zone: Zone, change: Callable[[list[object]], list[object]], *, section: str, always: bool, seen_by: str
) -> None:
    """Change the list of FreeSWITCH nodes that SEEN_BY sees; SECTION and ALWAYS are system_config.update_value's."""

    def changed(document: Document) -> list[Json]:
        found = system_config.lookup(document, [KEY], node=seen_by, zone=zone.name)
        return change(found if isinstance(found, list) else [])

    system_config.update_value(zone, CATEGORY, KEY, changed, section=section, always=always)


def without(listed: list[object], name: str) -> list[Json]:
    """Return a configured list without the first element that names a FreeSWITCH node."""
    place = next((place for place, each in enumerate(listed) if name in _names(each)), len(listed))
    return listed[:place] + listed[place + 1 :]


def everything(zone: Zone) -> tuple[dict[str, MediaServer], list[SupError]]:
    """Return all FreeSWITCH nodes that are configured or connected, by name, and what is not known of them."""
    found = {name: MediaServer() for name in configured(zone, zone.node)[0]}
    servers, errors = connected(zone)
    for name, facts in servers.items():
        found[name] = MediaServer(facts)
        found[name].connected = True
    return dict(sorted(found.items())), errors


def called(zone: Zone, name: str, servers: Mapping[str, MediaServer]) -> dict[str, MediaServer]:
    """Return which of the nodes NAME means; one of the settings alone where it is not one of them, else nothing."""
    try:
        if found := switch_names.matching(zone, name, servers):
            return {each: servers[each] for each in sorted(found)}
    except switch_names.UnknownSwitch:
        return {}
    return {name: MediaServer()}


def accepting(zone: Zone, ip: str, node: str | None, network_list: str) -> tuple[dict[str, bool], Sequence[SupError]]:
    """Return of FreeSWITCH nodes, all that are connected or NODE, whether they take traffic from an address.

    One that the settings list is asked itself. Of another one it is worked out from the configured ACLs, which is
    reported, and not known for sure where no ecallmgr node is there to hand them on. Raises UnknownSwitch for a NODE
    that there is not, and NobodyThere where there is nobody to ask.
    """
    from kazoo_sup.kazoo.ecallmgr import switches

    errors: list[SupError] = []
    names = [] if node is None else [node]
    if node is None:
        connected_ones, errors = connected(zone)
        names = list(connected_ones) or switches.names(zone)
        if errors and not names:
            raise errors[0]
    if zone.settings.freeswitch and errors and isinstance(errors[0], bus.NobodyThere):
        errors = []  # FreeSWITCH itself is asked
    listed = switch_names.meant(zone, names)
    asked = switches.verdicts(zone, listed, ip, network_list)
    accepted = dict(asked.given)
    if unlisted := [name for name in names if name not in listed]:
        if node is not None:
            there, errors = connected(zone, lambda found: any(switch_names.same_node(node, each) for each in found))
            switch_names.matching(zone, node, there)
        accepted |= dict.fromkeys(unlisted, acls.accepts(acls.effective(zone, zone.node), network_list, ip))
        zone.run.warn(
            f"worked out from the configured ACLs for {', '.join(unlisted)}; the settings do not list it as FreeSWITCH"
        )
    return accepted, [*switches.partly(asked), *errors]


def introduce(zone: Zone, servers: Mapping[str, MediaServer]) -> None:
    """Have FreeSWITCH nodes that no ecallmgr node is connected to tell of themselves, where the settings list them."""
    from kazoo_sup.kazoo.ecallmgr import switches

    unknown = [name for name, server in servers.items() if not server.connected]
    for name, facts in switches.introduced(zone, unknown).items():
        servers[name].update(facts)


def as_data(servers: Mapping[str, MediaServer]) -> dict[str, Document]:
    """Return what is known of FreeSWITCH nodes as machine formats carry it."""
    return {name: {**server, "connected": server.connected} for name, server in servers.items()}


def reload_acls(zone: Zone) -> tuple[list[str], Sequence[SupError]]:
    """Have every FreeSWITCH node read its ACLs again; return the names of those that were told, and what went wrong.

    Where no ecallmgr node is on the bus, the FreeSWITCH servers of the zone's settings are told themselves. Raises
    NobodyTold where there are none either.
    """
    if zone.settings.brokers:
        roster = bus.hear(zone, (bus.ECALLMGR,), lambda roster: roster.is_complete)
        if roster.somebody:
            bus.publish(zone, [("switch.reload_acls", {})], mandatory=False)
            return list(nodes.media_servers(roster.adverts.values())), []
    if not zone.settings.freeswitch:
        raise bus.NobodyTold(app=bus.ECALLMGR, zone=zone.name, deed="have FreeSWITCH read its ACLs again")
    from kazoo_sup.kazoo.ecallmgr import switches

    told = switches.reload_acls(zone)
    return list(told.given.values()), switches.partly(told)


def _names(element: object) -> list[str]:
    if isinstance(element, dict):
        return [name for name in element.values() if isinstance(name, str) and name]
    return [element] if isinstance(element, str) and element else []
