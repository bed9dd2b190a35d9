"""The applications that a node starts with: the list `kapps` of system_config/kapps_controller.

A running node reads it only when it starts. Source: Kazoo kapps_controller, kazoo_apps_maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo.bus import nodes, roster
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import TEXTS

if TYPE_CHECKING:
    from kazoo_sup.types import Json
    from kazoo_sup.zone import Zone

CATEGORY = "kapps_controller"
KEY = "kapps"

_NAMES = """
blackhole callflow cdr conference crossbar fax hangups media_mgr milliwatt omnipresence pivot registrar reorder
stepswitch sysconf tasks teletype trunkstore webhooks
"""
DEFAULT = tuple(_NAMES.split())
"""What a node starts with where nothing is set (Kazoo kazoo_apps.hrl ?DEFAULT_KAPPS)."""

_OTHERS = """
acdc ananke braintree call_inspector camper cccp doodle ecallmgr edr frontier hotornot jonny5 konami notify pusher
skel spyvsspy stats
"""
APPLICATIONS = frozenset([*DEFAULT, *_OTHERS.split()])
"""All that there are in Kazoo."""


class NotAsConfigured(SupError):
    """{node} does not run what it is to start with"""

    exit_code = ExitCode.NOT_OK

    node: str


def configured(zone: Zone) -> list[str]:
    """Return what the zone's node starts with: its own list, else the application it is named after, else the default.

    What the node's environment says (KAZOO_APPS) is known to it alone.
    Source: Kazoo kapps_controller:start_which_kapps/0.
    """
    document = zone.configuration(CATEGORY) or {}
    own: Json = system_config.in_section(document, zone.node, KEY)
    if isinstance(own, list):
        return [str(each) for each in own]
    named_after = zone.node.partition("@")[0]
    if is_known(named_after):
        return [named_after]
    return system_config.read(zone, CATEGORY, KEY, list(DEFAULT), TEXTS)


def is_known(app: str) -> bool:
    """Return whether an application is one of Kazoo's."""
    return app in APPLICATIONS


def store(zone: Zone, apps: list[str]) -> None:
    """Store what is started with: for the zone's node where it has a list of its own, else for all."""
    system_config.set_value(zone, CATEGORY, KEY, apps, section=zone.node)


def make_distinct(zone: Zone) -> None:
    """Store what the zone's node runs as what it alone starts with: in the section of the one that was heard."""
    name, advert = roster.node(zone, zone.node)
    system_config.set_value(zone, CATEGORY, KEY, list(nodes.apps(advert)), section=name, always=True)


def running(zone: Zone) -> list[str]:
    """Return the applications that the zone's node runs, sorted, as it advertises them. Raises NotHeard."""
    return list(nodes.apps(roster.node(zone, zone.node)[1]))
