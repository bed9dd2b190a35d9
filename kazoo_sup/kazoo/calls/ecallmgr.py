"""What the functions of ecallmgr share: whom they mean, and what cannot be done from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, ExitCode, SupError, UsageError
from kazoo_sup.kazoo import bus, resolver
from kazoo_sup.kazoo.calls import acls, media_servers

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone


class BadAddress(UsageError):
    """{address!r} is no address, no CIDR and no host name that can be resolved"""


class NotReloaded(SupError):
    """the ACLs are saved, but FreeSWITCH was not told: {reason}; sup ecallmgr_maintenance reload_acls does it"""

    exit_code = ExitCode.PARTIAL


class OnlyInMemory(Declined):
    """only an ecallmgr node itself can {deed}: no message of the bus asks for it; run Kazoo's own sup on its host"""


def addresses(text: str) -> list[str]:
    """Return what an address, CIDR or host name stands for; nothing when it stands for nothing.

    A port after it is left out (Kazoo kz_network_utils:resolve/1).
    """
    if acls.is_cidr(text):
        return [text]
    bare = text.partition(":")[0]
    return [bare] if acls.is_ip(bare) else resolver.resolve([bare])[bare] if bare else []


def user_and_realm(text: str) -> tuple[str | None, str]:
    """Split user@realm; text without an @ is a realm (Kazoo ecallmgr_registrar:flush/1, details/1)."""
    user, at, realm = text.partition("@")
    return (user, realm) if at else (None, text)


def tell(zone: Zone, requests: Sequence[bus.Request]) -> None:
    """Publish messages to the ecallmgr nodes; where there are none, there is nothing to tell and that is said."""
    if not requests:
        return
    if not bus.hear(zone, (bus.ECALLMGR,), lambda roll: roll.somebody).somebody:
        zone.run.warn("no ecallmgr node was heard; nobody was told")
        return
    bus.publish(zone, requests, mandatory=False)


def refuse_where_connected(zone: Zone, node: str | None, deed: str) -> None:
    """Raise OnlyInMemory for a deed in an ecallmgr node's memory, unless there is nothing to do.

    There is when the FreeSWITCH node NODE, or any, is connected to an ecallmgr node.
    """
    connected = media_servers.connected(zone, lambda names: node in names if node else bool(names))
    if node in connected or (node is None and connected):
        raise OnlyInMemory(deed=deed)


def warn_of_another_node(zone: Zone) -> None:
    """Say so when what is configured for one node is about to be configured for one that is no ecallmgr by its name."""
    if zone.node.partition("@")[0] == "kazoo_apps":
        zone.run.warn(f"this is for the node {zone.node}; an ecallmgr is meant with -n ecallmgr")
