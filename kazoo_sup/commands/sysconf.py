"""The cluster's settings by way of a running node: asked of, and set by, the application sysconf.

WAIT is how many seconds its answer may take.
"""

from __future__ import annotations

from kazoo_sup.arguments.reads import Text
from kazoo_sup.arguments.values import Setting
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.config import setting_checks
from kazoo_sup.results import OK, Answer, Done
from kazoo_sup.zone import Zone


@command
def get(zone: Zone, category: str, key: str, default: Text | None = None, *, wait: int = bus.ANSWER_SECONDS) -> Answer:
    """Ask a node for the value of KEY of CATEGORY, else DEFAULT, as a node without settings of its own sees it."""
    asked = {"Category": category, "Key": key, "Default": default}
    return Answer(bus.request(zone, "sysconf.get_req", asked, seconds=wait)["Value"])


@command
def set_(zone: Zone, category: str, key: str, value_: Setting, *, wait: int = bus.ANSWER_SECONDS) -> Answer:
    """Have a node set KEY of CATEGORY to VALUE for every node."""
    setting_checks.check(zone, category, key, value_)
    asked = {"Category": category, "Key": key, "Value": value_}
    answer = bus.order(
        zone, "sysconf.set_req", asked, lambda: bus.request(zone, "sysconf.set_req", asked, seconds=wait)
    )
    return Answer(OK if answer is None else answer["Value"])


@command
def flush(zone: Zone, category: str, key: str | None = None) -> Done:
    """Make one node, whichever takes it, forget CATEGORY, or KEY of it; kapps_config flush tells them all."""
    bus.publish(zone, [("sysconf.flush_req", {"Category": category, "Key": key})])
    return Done()
