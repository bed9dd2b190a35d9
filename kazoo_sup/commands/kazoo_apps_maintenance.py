"""The applications of a Kazoo node: what it starts with, and whether it runs that."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo import autostart
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Zone


@command
def start_(zone: Zone, application: str) -> Outcome:
    """Let the node start APPLICATION whenever it starts itself; one that runs is not touched.

    Kazoo's function also starts it in the node that it is called in.
    """
    if not autostart.is_known(application):
        zone.run.warn(f"{application} is none of the applications of Kazoo 4.3")
    apps = autostart.configured(zone)
    _only_stored(zone, f"starts {application}")
    if application in apps:
        return text(f"started application {application}", NO_RETURN)
    autostart.store(zone, [application, *apps])
    return text(f"started and added {application} to autostart applications", NO_RETURN)


@command
def stop(zone: Zone, application: str) -> Outcome:
    """Let the node no longer start APPLICATION when it starts itself; one that runs is not touched.

    Kazoo's function also stops it in the node that it is called in.
    """
    apps = autostart.configured(zone)
    _only_stored(zone, f"leaves {application} out")
    if application not in apps:
        return text(f"stopped kazoo application {application}", NO_RETURN)
    autostart.store(zone, [each for each in apps if each != application])
    return text(f"stopped and removed {application} from autostart applications", NO_RETURN)


@command
def restart(application: str) -> Outcome:
    """Refused: a node starts and stops APPLICATION by itself."""
    raise refused(f"restart {application}")


@command
def make_autostart_distinct(zone: Zone) -> Outcome:
    """Store the applications that the node runs now as what it alone starts with."""
    autostart.store(zone, autostart.running(zone), always=True)
    return Outcome(NO_RETURN)


@command
def ready(zone: Zone) -> Outcome:
    """Tell whether the node runs all that it is to start with; exit code 2 when it does not."""
    missing = set(autostart.configured(zone)) - set(autostart.running(zone))
    if missing:
        errors = [autostart.NotAsConfigured(node=zone.node)]
        return text("some kazoo applications are not running", NO_RETURN, errors=errors)
    return text("all kazoo applications have been started", NO_RETURN)


@command
def check(zone: Zone) -> Outcome:
    """Compare what the node runs with what it is to start with; exit code 2 when they differ."""
    wanted, found = autostart.configured(zone), autostart.running(zone)
    lines = list(autostart.compared(wanted, found))
    errors = [] if set(wanted) == set(found) else [autostart.NotAsConfigured(node=zone.node)]
    return text(lines, NO_RETURN, errors=errors)


def _only_stored(zone: Zone, does: str) -> None:
    zone.run.warn(f"this is only stored: when {zone.node} starts next it {does}")
