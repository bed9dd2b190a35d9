"""What the functions of ecallmgr share: whom they mean, and what cannot be done from outside."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, ExitCode, OnlyInTheNode, SupError, UsageError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import resolver
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.ecallmgr import acls, media_servers, switch_names

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?")


class BadAddress(UsageError):
    """{address!r} is not an address, a CIDR or a host name that can be resolved"""

    address: str


class NotReloaded(SupError):
    """{change}, but FreeSWITCH was not told: {reason}; sup ecallmgr_maintenance reload_acls does it"""

    exit_code = ExitCode.PARTIAL
    remedy = "sup ecallmgr_maintenance reload_acls tells FreeSWITCH"

    change: str
    reason: str


class UnknownNode(UsageError):
    """{node} is not heard, not in kazoo_nodes, and has no section: nothing was stored; {heard}; {for_all}; or --yes"""

    remedy = "see that the name is right; --yes stores it all the same"

    node: str
    heard: str
    for_all: str


def have_acls_read(zone: Zone, change: str = "the ACLs are saved") -> tuple[list[str], Sequence[SupError]]:
    """Have FreeSWITCH read its access lists again; return the names of those told, and what failed.

    CHANGE is what became of them before. Nothing failed where there is nobody to tell: neither an ecallmgr on the bus
    nor a FreeSWITCH anywhere.
    """
    try:
        return media_servers.reload_acls(zone)
    except SupError as error:
        nobody = isinstance(error, bus.NobodyTold) and not media_servers.all_configured(zone)
        return [], [] if nobody else [NotReloaded(change=change, reason=str(error))]


def addresses(text: str) -> list[str]:
    """Return what an address, CIDR or host name stands for; nothing when it stands for nothing.

    A port after it is left out (Kazoo kz_network_utils:resolve/1), and what stands around an IPv6 address before one.
    """
    bare = without_port(text)
    if acls.is_cidr(bare):
        return [bare]
    return resolver.resolve([bare])[bare] if bare else []


def without_port(text: str) -> str:
    """Return an address, CIDR or host name without a port; an IPv6 address has brackets where a port follows."""
    if found := _BRACKETED.fullmatch(text):
        return found[1]
    return text if acls.is_cidr(text) else text.partition(":")[0]


def user_and_realm(text: str) -> tuple[str | None, str]:
    """Split user@realm; text without an @ is a realm (Kazoo ecallmgr_registrar:flush/1, details/1)."""
    user, at, realm = text.partition("@")
    return (user, realm) if at else (None, text)


def tell(zone: Zone, requests: Sequence[bus.Request], deed: str) -> None:
    """Publish messages to the ecallmgr nodes; raises NobodyTold where there are none."""
    if not requests:
        return
    listening = zone.settings.brokers and bus.hear(zone, (bus.ECALLMGR,), lambda roster: roster.somebody).somebody
    if not listening:
        raise bus.NobodyTold(app=bus.ECALLMGR, zone=zone.name, deed=deed)
    bus.publish(zone, requests, mandatory=False)


def refuse_where_connected(zone: Zone, node: str | None, deed: str, *, effect: str = "changes") -> None:
    """Raise OnlyInTheNode for a deed in an ecallmgr node's memory, unless there is nothing to do.

    There is when the FreeSWITCH node NODE, or any, is connected to an ecallmgr node. Where that is not known, the error
    that says why is raised, and UnknownSwitch for a NODE that there is not.
    """

    def is_there(names: Collection[str]) -> bool:
        return any(switch_names.same_node(node, name) for name in names) if node else bool(names)

    connected, errors = media_servers.connected(zone, is_there)
    if is_there(connected):
        raise _only_there(deed, effect)
    if errors:
        raise errors[0]
    if node is not None and switch_names.matching(zone, node, connected):
        raise _only_there(deed, effect)


def _only_there(deed: str, effect: str) -> OnlyInTheNode:
    return OnlyInTheNode(
        reason=f"only an ecallmgr node itself can {deed}: no message of the bus asks for it; "
        "name it with -n, or run Kazoo's own sup on its host",
        effect=effect,
    )


def require_node(zone: Zone, for_all: str) -> None:
    """Raise UnknownNode where a setting for the zone's node alone would be for nobody; FOR_ALL says how all are meant.

    A node is known that has a section already, is listed in the settings, or is heard. Where nobody is heard, the one
    in whose name the document was saved last counts, too, unless it was from here: then it is only what somebody said
    with -n. Whoever confirms knows better.
    """
    document = zone.configuration(acls.CATEGORY) or {}
    if zone.node in document or zone.node in zone.settings.kazoo_nodes:
        return
    heard, why = _heard(zone)
    if zone.node in heard or (not heard and document.get("pvt_node") == zone.node and not _named_here(zone, document)):
        return
    told = f"heard is {', '.join(sorted(heard))}: name it with -n" if heard else f"no ecallmgr node was heard{why}"
    try:
        zone.run.confirm(f"store this for {zone.node}, which nobody knows ({told}; {for_all})")
    except Declined:
        raise UnknownNode(node=zone.node, heard=told, for_all=for_all) from None


def _named_here(zone: Zone, document: Document) -> bool:
    """Return whether it was a run of this host that first saved a document in the name of the zone's node."""
    from kazoo_sup.changes.journal import DIRECTORY, UNREADABLE, Changed, Journal
    from kazoo_sup.kazoo.undo.history import Filter

    wanted = Filter(database=system_config.DATABASE, document=acls.CATEGORY)
    revision = document.get("_rev")
    with suppress(FileNotFoundError, *UNREADABLE):
        for record in Journal(zone.state_dir / DIRECTORY).runs():
            for entry in filter(wanted.touches, record.newest_first()):
                if isinstance(entry, Changed) and entry.revision == revision:
                    before = entry.before or {}
                    if before.get("pvt_node") != zone.node:
                        return True
                    revision = before.get("_rev")
    return False


def _heard(zone: Zone) -> tuple[set[str], str]:
    """Return the ecallmgr nodes that are heard, and the zone's own if it is, or why nobody could be."""
    if not zone.settings.brokers:
        return set(), ", for the zone has no broker"

    def enough(roster: bus.Roster) -> bool:
        return zone.node in roster.adverts or (roster.is_complete and zone.node.startswith(f"{bus.ECALLMGR}@"))

    try:
        roster = bus.hear(zone, (bus.ECALLMGR,), enough)
    except SupError as error:
        return set(), f": {error}"
    return roster.nodes | ({zone.node} & set(roster.adverts)), ""


def warn_of_another_node(zone: Zone) -> None:
    """Say so when what is configured for one node is about to be configured for one not named like an ecallmgr."""
    if zone.node.partition("@")[0] == "kazoo_apps":
        zone.run.warn(f"this is for the node {zone.node}; an ecallmgr is meant with -n ecallmgr")
