"""The applications of a Kazoo node, as the node advertises them. Starting and stopping is its own business."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import nodes, roll
from kazoo_sup.outcome import Outcome, value
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def running_apps(zone: Zone, verbose: str = "false") -> Outcome:
    """List the applications that the node runs; VERBOSE true is refused, for no node tells their versions."""
    if verbose == "true":
        raise Declined(reason="versions and descriptions are known to the node alone: it advertises only names")
    return list_apps(zone)


@command
def list_apps(zone: Zone) -> Outcome:
    """List the applications that the node runs."""
    name, advert = roll.node(zone, zone.node)
    if name != zone.node:
        zone.run.warn(f"{zone.node} was not heard; this is {name}")
    return value([Atom(app) for app in nodes.apps(advert)])


@command
def start_app(zone: Zone, app: str) -> Outcome:
    """Refused: only the node itself can start APP."""
    raise _only_there(zone, "start", app)


@command
def stop_app(zone: Zone, app: str) -> Outcome:
    """Refused: only the node itself can stop APP."""
    raise _only_there(zone, "stop", app)


@command
def restart_app(zone: Zone, app: str) -> Outcome:
    """Refused: only the node itself can restart APP."""
    raise _only_there(zone, "restart", app)


def _only_there(zone: Zone, deed: str, app: str) -> Declined:
    return Declined(
        reason=f"only {zone.node} itself can {deed} {app}: no message of the bus asks for it; run Kazoo's own sup "
        "there, or change `kapps` of system_config/kapps_controller, which the node reads when it starts"
    )
