"""FreeSWITCH nodes: which are configured, which ecallmgr is connected to, and what it says of them.

The list `fs_nodes` of system_config/ecallmgr is read by an ecallmgr when it starts; a running one is told by nobody but
its own console. Who is connected is known from the nodes' advertisements.
Source: Kazoo ecallmgr_maintenance, ecallmgr_fs_nodes. A cookie that is not the one that everybody knows shows as ****.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup import terms
from kazoo_sup.kazoo import bus, nodes, system_config
from kazoo_sup.settings.servers import MASK, WELL_KNOWN
from kazoo_sup.terms.columns import shown, text_field

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "ecallmgr"
KEY = "fs_nodes"

_WIDTHS = (50, 9, 32, 20)
_LABEL = 12


class MediaServer(dict[str, Any]):
    """What is known of one FreeSWITCH node; `connected` says whether any ecallmgr node is connected to it."""

    connected = False


def configured(zone: Zone, node: str) -> tuple[list[str], str | None]:
    """Return the FreeSWITCH nodes that NODE ("default": no node in particular) connects to, and what is wrong with it.

    An element may also be an object from a cookie to a node.
    """
    found = system_config.get(zone, CATEGORY, KEY, [], node=node)
    if not isinstance(found, list):
        return [], f"fs_nodes in {node} was misconfigured({terms.pretty(found)}), using []"
    return [name for each in found for name in _names(each)], None


def is_any_configured(zone: Zone) -> bool:
    """Tell whether any section of the configuration names a FreeSWITCH node."""
    document = zone.configuration(CATEGORY) or {}
    return any(isinstance(section, dict) and section.get(KEY) for section in document.values())


def connected(zone: Zone, enough: Callable[[set[str]], bool] = lambda names: False) -> dict[str, dict[str, Any]]:
    """Return the FreeSWITCH nodes that ecallmgr nodes are connected to, with what is said of them.

    That is known once every ecallmgr node was heard; or, before that, when those heard are ENOUGH.
    """

    def heard(roll: bus.Roll) -> bool:
        complete = bool(roll.consumers) and len(roll.nodes) >= roll.consumers
        return complete or enough(set(nodes.media_servers(roll.adverts.values())))

    if not zone.settings.brokers:
        zone.run.warn("the zone has no broker: no node can be heard")
        return {}
    return nodes.media_servers(bus.hear(zone, (bus.ECALLMGR,), heard).adverts.values())


def store(zone: Zone, change: Callable[[list[Any]], list[Any]], *, section: str, always: bool, seen_by: str) -> None:
    """Change the list of FreeSWITCH nodes that SEEN_BY sees; SECTION and ALWAYS are system_config.update_value's."""

    def changed(document: dict[str, Any]) -> list[Any]:
        found = system_config.lookup(document, [KEY], node=seen_by, zone=zone.name)
        return change(found if isinstance(found, list) else [])

    system_config.update_value(zone, CATEGORY, KEY, changed, section=section, always=always)


def without(listed: list[Any], name: str) -> list[Any]:
    """Return a configured list without the first element that names a FreeSWITCH node."""
    place = next((place for place, each in enumerate(listed) if name in _names(each)), len(listed))
    return listed[:place] + listed[place + 1 :]


def everything(zone: Zone) -> dict[str, MediaServer]:
    """Return all FreeSWITCH nodes that are configured or connected, by name."""
    found = {name: MediaServer() for name in configured(zone, zone.node)[0]}
    for name, facts in connected(zone).items():
        found[name] = MediaServer(facts)
        found[name].connected = True
    return dict(sorted(found.items()))


def introduce(zone: Zone, servers: Mapping[str, MediaServer]) -> None:
    """Have FreeSWITCH nodes that no ecallmgr node is connected to tell of themselves, where the settings list them."""
    from kazoo_sup.kazoo.calls import switches

    unknown = [name for name, server in servers.items() if not server.connected]
    for name, facts in switches.introduced(zone, unknown).items():
        servers[name].update(facts)


def summary(servers: Mapping[str, MediaServer], cookie: str) -> Iterator[str]:
    """Yield the lines of Kazoo's table of FreeSWITCH nodes (ecallmgr_fs_nodes:print_summary/1).

    The version is the one FreeSWITCH has; Kazoo shows there that of its module mod_kazoo.
    """
    if not servers:
        yield "No nodes found!"
        return
    thin = "+".join(["", *("-" * (width + 2) for width in _WIDTHS), ""])
    yield thin
    yield _line("Node Name", "Connected", "Cookie", "Version")
    yield thin.replace("-", "=")
    for name, server in servers.items():
        yield _line(name, server.connected, _visible(cookie), server.get("Version"))
    yield thin
    yield f"Found {len(servers)} nodes"


def details(servers: Mapping[str, MediaServer], cookie: str) -> Iterator[str]:
    """Yield what is known of each FreeSWITCH node, as Kazoo prints it (ecallmgr_fs_nodes:print_details/2).

    Left out is what only an ecallmgr node itself knows: its processes, and the capabilities of FreeSWITCH.
    """
    if not servers:
        yield "No nodes found!"
        return
    for name, server in servers.items():
        interfaces = server.get("Interfaces")
        first = next(iter(interfaces.values()), None) if isinstance(interfaces, dict) else None
        profile = first if isinstance(first, dict) else {}
        yield ""
        yield _row("Node", name)
        yield _row("Cookie", _visible(cookie))
        yield _row("Client", server.get("Version"))
        yield _row("Connected", server.connected)
        yield _row("Options", f"[{{cookie,{_visible(cookie)}}}]")
        yield _row("SIP URL", profile.get("URL"))
        yield _row("SIP External IP", profile.get("Ext-SIP-IP"))
    yield ""
    yield f"Found {len(servers)} nodes"


def reload_acls(zone: Zone) -> list[str]:
    """Have every FreeSWITCH node read its ACLs anew; return a line for each, as Kazoo prints it.

    Where no FreeSWITCH node is configured and no ecallmgr node runs, there is nobody to tell.
    """
    if not zone.settings.brokers:
        return []
    anybody = is_any_configured(zone)

    def enough(roll: bus.Roll) -> bool:
        return len(roll.nodes) >= roll.consumers if roll.consumers else not anybody

    roll = bus.hear(zone, (bus.ECALLMGR,), enough)
    if not roll.somebody:
        return []
    bus.publish(zone, [("switch.reload_acls", {})], mandatory=False)
    return [f"issued reload ACLs to {name}" for name in nodes.media_servers(roll.adverts.values())]


def _names(element: Any) -> list[str]:
    if isinstance(element, dict):
        return [name for name in element.values() if isinstance(name, str) and name]
    return [element] if isinstance(element, str) and element else []


def _visible(cookie: str) -> str:
    return cookie if cookie in WELL_KNOWN else MASK


def _line(*cells: Any) -> str:
    return "| " + " | ".join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"


def _row(label: str, value: Any) -> str:
    return f"{text_field(label, _LABEL)}: {shown(value)}"
