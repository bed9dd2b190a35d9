"""The applications of a Kazoo node, as the node advertises them. It starts and stops them itself."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import OnlyInTheNode
from kazoo_sup.kazoo.bus import nodes, roster
from kazoo_sup.results import Answer, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def running_apps(zone: Zone, verbose: str = "false") -> Result:
    """List the applications that the node runs; with VERBOSE true their versions, too, which it tells itself."""
    if verbose == "true":
        raise OnlyInTheNode(
            reason="versions and descriptions are known to the node alone: it advertises only names", effect="reads"
        )
    return list_apps(zone)


@command
def list_apps(zone: Zone) -> Answer:
    """List the applications that the node runs."""
    name, advert = roster.node(zone, zone.node)
    if name != zone.node:
        zone.run.warn(f"{zone.node} was not heard; this is {name}")
    return Answer([Atom(app) for app in nodes.apps(advert)])


def _only_there(deed: str) -> str:
    return (
        f"only {{node}} itself can {deed} {{app}}: no message of the bus asks for it; run Kazoo's own sup "
        "there, or change `kapps` of system_config/kapps_controller, which the node reads when it starts"
    )


ON_NODE = (
    OnNode("start_app", "APP", "Start APP on the node.", _only_there("start"), "changes"),
    OnNode("stop_app", "APP", "Stop APP on the node.", _only_there("stop"), "disrupts"),
    OnNode("restart_app", "APP", "Restart APP on the node.", _only_there("restart"), "disrupts"),
)
"""What only a running node can do."""
