"""The modules of crossbar that every node loads when it starts: the list `autoload_modules` of system_config/crossbar.

A running node reads it only then; what it has loaded is its own. Source: Kazoo crossbar_config, crossbar_maintenance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import known_names, system_config
from kazoo_sup.kazoo.documents.shapes import TEXTS

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.zone import Zone

CATEGORY = "crossbar"
KEY = "autoload_modules"
RESTART = "nodes that run keep the modules they have; each takes the stored list over when its crossbar starts again"

_VERSION = re.compile(r"_v[12]$")
_NAME = re.compile(r"cb_[a-z0-9_]+")

_NAMES = """
about accounts alerts api_auth apps_store auth basic_auth blacklists callflows cdrs channels clicktocall comments
conferences configs connectivity contact_list devices directories faxboxes faxes groups hotdesks ips ledgers limits
media menus metaflows multi_factor notifications parked_calls phone_numbers pivot port_requests presence quickcall rates
registrations resource_templates resources schemas search security services simple_authz sms system_configs tasks
templates temporal_rules temporal_rules_sets token_auth token_restrictions transactions user_auth users vmboxes webhooks
websockets whitelabel
"""

DEFAULT = tuple(f"cb_{name}" for name in _NAMES.split())
"""What crossbar loads where nothing is set (Kazoo crossbar.hrl ?DEFAULT_MODULES)."""

VERSIONED = frozenset({"cb_devices", "cb_limits", "cb_lists", "cb_phone_numbers", "cb_users"})
"""Modules of which there is one for each version of the API."""

DEPRECATED = ("cb_local_resources", "cb_global_resources", "cb_signup")
"""Modules that are no more (Kazoo crossbar.hrl ?DEPRECATED_MODULES)."""


def stored(zone: Zone) -> list[str]:
    """Return the modules that a starting node loads, sorted, each once and without version."""
    return unversioned(system_config.read(zone, CATEGORY, KEY, list(DEFAULT), TEXTS))


def unversioned(modules: list[str] | tuple[str, ...]) -> list[str]:
    """Return module names sorted, each once and without its version, as Kazoo stores them."""
    return sorted({_VERSION.sub("", str(each)) for each in modules})


def loaded(modules: list[str]) -> list[str]:
    """Return what a node has loaded once it has started with MODULES: some of them in two versions of the API.

    Source: Kazoo crossbar_init:start_mod/1, crossbar_bindings:modules_loaded/0.
    """
    return sorted(
        name for module in modules for name in ([f"{module}_v1", f"{module}_v2"] if module in VERSIONED else [module])
    )


def check(module: str) -> None:
    """Raise ValueError unless MODULE is a name of a crossbar module."""
    if not _NAME.fullmatch(module):
        raise ValueError(f"{module!r} is not a module of crossbar: their names begin with cb_")


def is_versioned(module: str) -> bool:
    """Tell a name that ends in a version of the API; crossbar picks versions itself."""
    return bool(_VERSION.search(module))


def add(zone: Zone, module: str) -> bool:
    """Store MODULE as the first that nodes load; return whether it was among them. Raises ValueError, BadArgument."""
    check(module)
    modules = stored(zone)
    if module not in modules:
        known_names.check(zone, "module of crossbar", module, known_names.CROSSBAR_MODULES)
    _store(zone, [module, *(each for each in modules if each != module)])
    zone.run.warn(RESTART)
    return module in modules


def remove(zone: Zone, module: str) -> bool:
    """Take MODULE out of those that nodes load; return whether it was among them. Raises ValueError."""
    check(module)
    modules = stored(zone)
    _store(zone, [each for each in modules if each != module])
    zone.run.warn(RESTART)
    return module in modules


def migrated(modules: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return a list as a migration leaves it, with what was taken out of it and what was missing.

    Source: Kazoo crossbar_maintenance:migrate/1.
    """
    deprecated = [each for each in DEPRECATED if each in modules]
    missing = [each for each in DEFAULT if each not in modules]
    kept = [each for each in modules if each not in DEPRECATED]
    return (sorted([*kept, *missing]) if missing else kept), deprecated, missing


@dataclass(frozen=True, slots=True)
class ModulesRemoved:
    """Modules that are no more were among those that nodes load: they are taken out of the list."""

    modules: list[str]


@dataclass(frozen=True, slots=True)
class ModulesAdded:
    """Modules that nodes shall load were missing: they are put into the list."""

    modules: list[str]


def migrate(zone: Zone) -> Iterator[Event]:
    """Bring the stored list into today's form. Source: Kazoo crossbar_maintenance:migrate/1."""
    after, deprecated, missing = migrated(stored(zone))
    if deprecated:
        yield ModulesRemoved(list(DEPRECATED))
    if missing:
        yield ModulesAdded(missing)
    if deprecated or missing:
        store(zone, after)


def store(zone: Zone, modules: list[str]) -> None:
    """Store MODULES where the zone's node reads them: in its own section where that holds a list, else for all."""
    system_config.set_value(zone, CATEGORY, KEY, modules, section=zone.node)


def _store(zone: Zone, modules: list[str]) -> None:
    system_config.set_value(zone, CATEGORY, KEY, modules, section=system_config.DEFAULT, always=True)
