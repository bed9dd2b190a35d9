"""EDR, the event records: the backends that they are written to.

These functions change the list that is stored. Kazoo's also start or stop the backend in one node; every other does so
when its edr application starts.
"""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.arguments.values import Json
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import edr_backends, known_names
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.results import Answer, Done, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

_NOT_REGISTERED = (Atom("error"), Atom("not_registered"))


@command
def registered_backends(zone: Zone) -> Answer:
    """Answer the backends that are stored (exit code 2, as in Kazoo)."""
    return Answer(edr_backends.registered(zone))


@command
def register_backend(
    zone: Zone,
    name: str,
    type_: str | None = None,
    opts: Json | None = None,
    bindings: Json | None = None,
    enabled: str = "true",
) -> Answer | Done:
    """Store the backend NAME, of the type TYPE or NAME, with OPTS, a JSON object, and BINDINGS, a JSON list.

    Without BINDINGS it gets all records. ENABLED is true or false. A name that is taken answers
    {error,already_registered} (exit code 2). A TYPE that no release of Kazoo has takes --yes.
    """
    options: object = {} if opts is None else opts
    bound: object = [edr_backends.BINDING] if bindings is None else bindings
    if not isinstance(options, dict):
        raise BadArgument(parameter="OPTS", reason="it is not a JSON object")
    if not isinstance(bound, list) or not all(isinstance(each, dict) for each in bound):
        raise BadArgument(parameter="BINDINGS", reason="it is not a JSON list of objects")
    if edr_backends.find(zone, name) is not None:
        return Answer((Atom("error"), Atom("already_registered")))
    kind = name if type_ is None else type_
    known_names.check(zone, "type of backend", kind, known_names.EDR_BACKENDS)
    backend = {"name": name, "type": kind, "options": options, "bindings": bound, "enabled": is_true(enabled)}
    edr_backends.register(zone, backend)
    return Done()


@command
def delete_backend(zone: Zone, name: str) -> Answer | Done:
    """Take the backend NAME off the list; one that is not there answers {error,not_registered} (exit code 2)."""
    if edr_backends.find(zone, name) is None:
        return Answer(_NOT_REGISTERED)
    edr_backends.remove(zone, name)
    return Done()


@command
def enable_backend(zone: Zone, name: str) -> Result:
    """Mark the backend NAME as enabled; one that is not there answers {error,not_registered} (exit code 2)."""
    return _switched(zone, name, True)


@command
def disable_backend(zone: Zone, name: str) -> Result:
    """Mark the backend NAME as disabled; one that is not there answers {error,not_registered} (exit code 2)."""
    return _switched(zone, name, False)


def _switched(zone: Zone, name: str, enabled: bool) -> Answer | Done:
    if edr_backends.find(zone, name) is None:
        return Answer(_NOT_REGISTERED)
    edr_backends.switch(zone, name, enabled)
    return Done()


ON_NODE = (
    OnNode(
        "restart_backend",
        "NAME",
        "Restart the backend NAME.",
        only_there("restart its backend {name}", "restarting its edr application does"),
        "changes",
    ),
)
"""What only a running node can do."""
