"""Authorisation contexts: which applications' calls callflow runs in place of the caller's own authorisation.

Source: Kazoo callflow_maintenance:allow_authz_context/2, deny_authz_context/1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import TEXT, TEXTS
from kazoo_sup.kazoo.documents.values import is_empty, is_true

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "callflow"
OVERRIDES = "allow_authz_context_overrides"
CONTEXTS = "authz_contexts"
CONTEXT = "authz_context"


@dataclass(frozen=True, slots=True)
class ContextSet:
    """An application had no context and has one now."""

    app: str
    context: str


@dataclass(frozen=True, slots=True)
class OverridesSwitched:
    """Overrides are allowed for every node, or forbidden; `before` says that this came before a context was allowed."""

    allowed: bool
    before: bool = False


@dataclass(frozen=True, slots=True)
class ContextAllowed:
    """A context is among the allowed ones."""

    context: str


@dataclass(frozen=True, slots=True)
class ContextDenied:
    """A context is no longer among the allowed ones."""

    context: str


@dataclass(frozen=True, slots=True)
class NothingToDeny:
    """An application has no context (None), or one that is not allowed."""

    app: str
    context: str | None


def switch(zone: Zone, allowed: bool) -> Iterator[OverridesSwitched]:
    """Allow or forbid overrides for every node."""
    _set(zone, CATEGORY, {OVERRIDES: allowed})
    yield OverridesSwitched(allowed)


def allow(zone: Zone, app: str, default: str) -> Iterator[ContextSet | OverridesSwitched | ContextAllowed]:
    """Allow the context of APP, which becomes DEFAULT where it has none, and yield each step."""
    context = _of(zone, app)
    if context is None:
        context = default
        _set(zone, app, {CONTEXT: context})
        yield ContextSet(app, context)
    settings: dict[str, object] = {CONTEXTS: sorted({context, *_allowed(zone)})}
    if not is_true(system_config.get(zone, CATEGORY, OVERRIDES, False)):
        settings = {OVERRIDES: True, **settings}
        yield OverridesSwitched(allowed=True, before=True)
    _set(zone, CATEGORY, settings)
    yield ContextAllowed(context)


def deny(zone: Zone, app: str) -> Iterator[ContextDenied | NothingToDeny]:
    """Take the context of APP off the allowed ones."""
    context = _of(zone, app)
    allowed = _allowed(zone)
    if context is None or context not in allowed:
        yield NothingToDeny(app, context)
        return
    allowed.remove(context)
    _set(zone, CATEGORY, {CONTEXTS: allowed})
    yield ContextDenied(context)


def _of(zone: Zone, app: str) -> str | None:
    found = system_config.read(zone, app, CONTEXT, "", TEXT)
    return None if is_empty(found) else found


def _allowed(zone: Zone) -> list[str]:
    return list(system_config.read(zone, CATEGORY, CONTEXTS, [], TEXTS))


def _set(zone: Zone, category: str, settings: dict[str, object]) -> None:
    system_config.set_values(zone, category, settings, section=system_config.DEFAULT, always=True)
