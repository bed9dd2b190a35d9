"""What Kazoo prints of callflow's maintenance. Source: Kazoo callflow_maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.callflows.authz_contexts import (
    ContextAllowed,
    ContextDenied,
    ContextSet,
    NothingToDeny,
    OverridesSwitched,
)
from kazoo_sup.kazoo.callflows.call_restrictions import AccountRestricted, Restricted
from kazoo_sup.kazoo.callflows.endpoints import NoRealm, NoUsername
from kazoo_sup.kazoo.callflows.feature_codes import (
    NEW,
    OLD,
    CallflowGone,
    PatternKept,
    PatternReplaced,
    PatternsDone,
    PatternsRead,
    PatternsUnreadable,
)
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.types import Json

_HEADINGS = (
    ("account", ("", "Account level classifiers:", "")),
    ("user", ("", "", "User level classifiers:")),
    ("device", ("", "", "Device level classifiers:")),
    ("trunk", ("", "", "Trunkstore classifiers:", "")),
)
_BEFORE = {
    "account": (),
    "user": ("", "Username: {}", ""),
    "device": ("", "Device: {}", ""),
    "trunk": ("Trunk: {}", ""),
}


def endpoint(found: Json | NoRealm | NoUsername) -> str:
    """Return what Kazoo prints of an endpoint that was looked up."""
    match found:
        case NoRealm(realm):
            return f"unable to find account with realm {realm}"
        case NoUsername(username, database):
            return f"unable to find username {username} in {database}"
    return terms.pretty(found)


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's line for each thing that took place."""
    return map(_line, events)


def _line(event: object) -> str:
    match event:
        case ContextSet() | OverridesSwitched() | ContextAllowed() | ContextDenied() | NothingToDeny():
            return _of_contexts(event)
        case AccountRestricted(name, classifier, action):
            found = terms.formatted("found account: ~p", UNDEFINED if name is None else name)
            return f"{found}  ...  classifier '{classifier}' switched to action '{action}'"
        case _:
            return _of_patterns(event)


def _of_contexts(event: object) -> str:
    match event:
        case ContextSet(app, context):
            return f"no authz context set for {app}, setting to {context}"
        case OverridesSwitched(allowed, before):
            if before:
                return "authz context overrides were disabled; now enabled..."
            return f"authz context overrides {'enabled' if allowed else 'disabled'}"
        case ContextAllowed(context):
            return f"added {context} to allowed authz contexts"
        case ContextDenied(context):
            return f"removed {context} from allowed authz contexts"
        case NothingToDeny(app, None):
            return f"app {app} not currently listed in allowed authz contexts"
        case _:
            return "app context is not currently allowed"


def _of_patterns(event: object) -> str:
    match event:
        case PatternsUnreadable():
            return "error listing feature code patterns: not_found"
        case PatternsRead(account):
            return f"{account} : looking through patterns..."
        case PatternKept(pattern):
            return terms.formatted("skipping pattern ~p", pattern)
        case PatternReplaced(document):
            return terms.formatted("successfully updated patterns for doc ~s (~p -> ~p)", document, OLD, NEW)
        case CallflowGone(document):
            return f"failed to update doc {document} with new patterns"
        case PatternsDone(account):
            return f"{account} : feature codes up to date"
        case _:
            return str(event)


def restrictions(found: Iterable[Restricted]) -> Iterator[str]:
    """Yield the lines about who may call what: an account, then its users, devices and trunks."""
    groups = {kind: list(each) for kind, each in groupby(found, key=lambda each: each.kind)}
    for kind, heading in _HEADINGS:
        yield from heading
        for each in groups.get(kind, ()):
            yield from (line.format(each.name) for line in _BEFORE[kind])
            if each.actions is None:
                yield "An error occurred: not_found"
                continue
            for classifier, action in each.actions.items():
                yield terms.formatted("Classifier ~p:\t\t action ~p", classifier, action)
