"""EDR, the event records: the backends that they are written to.

These functions change the list that is stored. Kazoo's also start or stop the backend in one node; every other does so
when its edr application starts.
"""

from __future__ import annotations

from typing import Any

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import edr_backends
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.values import Json, is_true
from kazoo_sup.outcome import OK, Outcome, value
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

_NOT_REGISTERED = (Atom("error"), Atom("not_registered"))


@command
def registered_backends(zone: Zone) -> Outcome:
    """Answer the backends that are stored (exit code 2, as in Kazoo)."""
    return value(edr_backends.registered(zone))


@command
def register_backend(
    zone: Zone,
    name: str,
    type_: str | None = None,
    opts: Json | None = None,
    bindings: Json | None = None,
    enabled: str = "true",
) -> Outcome:
    """Store the backend NAME, of the type TYPE or NAME, with OPTS, a JSON object, and BINDINGS, a JSON list.

    Without BINDINGS it gets all records. ENABLED is true or false. A name that is taken answers
    {error,already_registered} (exit code 2).
    """
    options: Any = {} if opts is None else opts
    bound: Any = [edr_backends.BINDING] if bindings is None else bindings
    if not isinstance(options, dict):
        raise BadArgument(parameter="OPTS", reason="it is no JSON object")
    if not isinstance(bound, list) or not all(isinstance(each, dict) for each in bound):
        raise BadArgument(parameter="BINDINGS", reason="it is no JSON list of objects")
    if edr_backends.find(zone, name) is not None:
        return value((Atom("error"), Atom("already_registered")))
    kind = name if type_ is None else type_
    backend = {"name": name, "type": kind, "options": options, "bindings": bound, "enabled": is_true(enabled)}
    edr_backends.register(zone, backend)
    return value(OK)


@command
def delete_backend(zone: Zone, name: str) -> Outcome:
    """Take the backend NAME off the list; one that is not there answers {error,not_registered} (exit code 2)."""
    if edr_backends.find(zone, name) is None:
        return value(_NOT_REGISTERED)
    edr_backends.remove(zone, name)
    return value(OK)


@command
def enable_backend(zone: Zone, name: str) -> Outcome:
    """Mark the backend NAME as enabled; one that is not there answers {error,not_registered} (exit code 2)."""
    return _switched(zone, name, True)


@command
def disable_backend(zone: Zone, name: str) -> Outcome:
    """Mark the backend NAME as disabled; one that is not there answers {error,not_registered} (exit code 2)."""
    return _switched(zone, name, False)


@command
def restart_backend(name: str) -> Outcome:
    """Refuse to restart the backend NAME: only a node can; restarting its edr application does."""
    raise refused(f"restart its backend {name}", "restarting its edr application does")


def _switched(zone: Zone, name: str, enabled: bool) -> Outcome:
    if edr_backends.find(zone, name) is None:
        return value(_NOT_REGISTERED)
    edr_backends.switch(zone, name, enabled)
    return value(OK)
