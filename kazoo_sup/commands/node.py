"""A running node of Kazoo itself, as its Erlang shell has it."""

from __future__ import annotations

from kazoo_sup.changes.acting import act
from kazoo_sup.command import command
from kazoo_sup.errors import SettingsError
from kazoo_sup.kazoo.live import reach
from kazoo_sup.kazoo.live import shell as sessions
from kazoo_sup.results import NO_RETURN, Done
from kazoo_sup.zone import Zone


@command
def shell(zone: Zone) -> Done:
    """Evaluate Erlang expressions on the node, one at a time, each up to its dot; Ctrl-D ends it.

    Variables keep their values. On a terminal there is a history, and Tab completes modules and functions. Whatever is
    typed there is done: it must be allowed by the setting node_shell, and the node's own log has every expression.
    """
    if not zone.settings.node_shell:
        raise SettingsError(source="node_shell", reason="is not true, so that nobody gets a shell by mistake")
    name = reach.node_meant(zone)

    def session() -> None:
        with reach.connection(zone, name, reach.cookie(zone, zone.run.cookie)) as node:
            sessions.run(zone, node)

    act(zone, f"evaluate what is typed on {name}", session)
    return Done(NO_RETURN)
