"""The applications of a Kazoo node: what it starts with, and whether it runs that."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo.config import autostart, known_names
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Result
from kazoo_sup.texts import applications
from kazoo_sup.zone import Zone


@command
def start_(zone: Zone, application: str) -> Done:
    """Let the node start APPLICATION whenever it starts itself; one that no release of Kazoo has takes --yes.

    One that runs is not touched: Kazoo's function also starts it in the node that it is called in.
    """
    apps = autostart.configured(zone)
    if application not in apps:
        known_names.check(zone, "application", application, autostart.APPLICATIONS)
    _only_stored(zone, f"starts {application}")
    if application in apps:
        return Done(NO_RETURN, [f"started application {application}"])
    autostart.store(zone, [application, *apps])
    return Done(NO_RETURN, [f"started and added {application} to autostart applications"])


@command
def stop(zone: Zone, application: str) -> Done:
    """Let the node no longer start APPLICATION when it starts itself; one that runs is not touched.

    Kazoo's function also stops it in the node that it is called in.
    """
    apps = autostart.configured(zone)
    if application not in apps:
        zone.run.warn(f"{application} is not among the applications that {zone.node} starts: none was taken out")
        return Done(NO_RETURN, [f"stopped kazoo application {application}"])
    _only_stored(zone, f"leaves {application} out")
    autostart.store(zone, [each for each in apps if each != application])
    return Done(NO_RETURN, [f"stopped and removed {application} from autostart applications"])


@command
def make_autostart_distinct(zone: Zone) -> Done:
    """Store the applications that the node runs now as what it alone starts with."""
    autostart.make_distinct(zone)
    return Done(NO_RETURN)


@command
def ready(zone: Zone) -> Answer:
    """Show whether the node runs all that it is to start with; exit code 2 when it does not."""
    missing = set(autostart.configured(zone)) - set(autostart.running(zone))
    if missing:
        errors = [autostart.NotAsConfigured(node=zone.node)]
        return Answer(NO_RETURN, lines=["some kazoo applications are not running"], report=BulkReport(errors=errors))
    return Answer(NO_RETURN, lines=["all kazoo applications have been started"])


@command
def check(zone: Zone) -> Result:
    """Compare what the node runs with what it is to start with; exit code 2 when they differ."""
    wanted, found = autostart.configured(zone), autostart.running(zone)
    lines = list(applications.compared(wanted, found))
    errors = [] if set(wanted) == set(found) else [autostart.NotAsConfigured(node=zone.node)]
    return Answer(NO_RETURN, lines=lines, report=BulkReport(errors=errors))


def _only_stored(zone: Zone, does: str) -> None:
    zone.run.warn(f"this is only stored: when {zone.node} starts next it {does}")


ON_NODE = (
    OnNode(
        "restart", "APPLICATION", "Restart APPLICATION on the node.", only_there("restart {application}"), "disrupts"
    ),
)
"""What only a running node can do."""
