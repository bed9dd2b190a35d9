"""The applications that a node starts with: the list `kapps` of system_config/kapps_controller.

A running node reads it only when it starts. Source: Kazoo kapps_controller, kazoo_apps_maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.kazoo import nodes, roll, system_config

if TYPE_CHECKING:
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


class NotAsConfigured(SupError):
    """{node} does not run what it is to start with"""

    exit_code = ExitCode.NOT_OK


def configured(zone: Zone) -> list[str]:
    """Return what the zone's node starts with: its own list, else the application it is named after, else the default.

    What the node's environment says (KAZOO_APPS) is known to it alone.
    Source: Kazoo kapps_controller:start_which_kapps/0.
    """
    document = zone.configuration(CATEGORY) or {}
    own: Any = system_config.in_section(document, zone.node, KEY)
    if isinstance(own, list):
        return [str(each) for each in own]
    named_after = zone.node.partition("@")[0]
    if is_known(named_after):
        return [named_after]
    found = system_config.get(zone, CATEGORY, KEY, DEFAULT)
    return [str(each) for each in found] if isinstance(found, list) else list(DEFAULT)


def is_known(app: str) -> bool:
    """Tell whether an application is one of Kazoo 4.3's."""
    return app in DEFAULT or app in _OTHERS.split()


def store(zone: Zone, apps: list[str], *, always: bool = False) -> None:
    """Store what is started with: for the zone's node where it has a list of its own, or ALWAYS, else for all."""
    system_config.set_value(zone, CATEGORY, KEY, apps, section=zone.node, always=always)


def running(zone: Zone) -> list[str]:
    """Return the applications that the zone's node runs, sorted, as it advertises them. Raises NotHeard."""
    return list(nodes.apps(roll.node(zone, zone.node)[1]))


def compared(wanted: list[str], found: list[str]) -> Iterator[str]:
    """Yield a line for what runs without being configured, what is missing, what runs and what is configured."""
    parts = {
        "unexpected": [each for each in found if each not in wanted],
        "missing": [each for each in wanted if each not in found],
        "running": found,
        "configured": wanted,
    }
    for name, apps in parts.items():
        if apps:
            label = f"{name:>10} applications" if len(apps) > 1 else f"{name:>11} application"
            yield f"{label}: {','.join(sorted(apps))}"
