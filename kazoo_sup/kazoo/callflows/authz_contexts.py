"""Authorisation contexts: which applications' calls callflow runs in place of the caller's own authorisation.

Source: Kazoo callflow_maintenance:allow_authz_context/2, deny_authz_context/1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import system_config
from kazoo_sup.kazoo.values import is_empty, is_true

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "callflow"
OVERRIDES = "allow_authz_context_overrides"
CONTEXTS = "authz_contexts"
CONTEXT = "authz_context"


def switch(zone: Zone, allowed: bool) -> str:
    """Allow or forbid overrides for every node, and return what Kazoo prints."""
    _set(zone, CATEGORY, {OVERRIDES: allowed})
    return f"authz context overrides {'enabled' if allowed else 'disabled'}"


def allow(zone: Zone, app: str, default: str) -> Iterator[str]:
    """Allow the context of APP, which becomes DEFAULT where it has none, and tell of each step."""
    context = _of(zone, app)
    if context is None:
        context = default
        _set(zone, app, {CONTEXT: context})
        yield f"no authz context set for {app}, setting to {context}"
    settings: dict[str, object] = {CONTEXTS: sorted({context, *_allowed(zone)})}
    if not is_true(system_config.get(zone, CATEGORY, OVERRIDES, False)):
        settings = {OVERRIDES: True, **settings}
        yield "authz context overrides were disabled; now enabled..."
    _set(zone, CATEGORY, settings)
    yield f"added {context} to allowed authz contexts"


def deny(zone: Zone, app: str) -> str:
    """Take the context of APP off the allowed ones, and return what Kazoo prints."""
    context = _of(zone, app)
    if context is None:
        return f"app {app} not currently listed in allowed authz contexts"
    allowed = _allowed(zone)
    if context not in allowed:
        return "app context is not currently allowed"
    allowed.remove(context)
    _set(zone, CATEGORY, {CONTEXTS: allowed})
    return f"removed {context} from allowed authz contexts"


def _of(zone: Zone, app: str) -> str | None:
    found = system_config.get(zone, app, CONTEXT, None)
    return found if isinstance(found, str) and not is_empty(found) else None


def _allowed(zone: Zone) -> list[str]:
    found = system_config.get(zone, CATEGORY, CONTEXTS, [])
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _set(zone: Zone, category: str, settings: dict[str, object]) -> None:
    system_config.set_values(zone, category, settings, section=system_config.DEFAULT, always=True)
