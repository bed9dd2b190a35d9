"""The modules of teletype that every node starts: the list `autoload_modules` of system_config/notify.

A running node reads it only when its teletype starts. Source: Kazoo teletype_bindings, teletype_maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.kazoo.notifications import notification_templates

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "notify"
KEY = "autoload_modules"
RESTART = "nodes that run keep the modules they have; each takes the stored list over when its teletype starts again"

_PREFIX = "teletype_"


def name_of(module: str) -> str:
    """Return the full name of a module, which may be given without its beginning `teletype_`."""
    return module if module.startswith(_PREFIX) else _PREFIX + module


def stored(zone: Zone) -> list[str]:
    """Return the modules that a starting node starts; where nothing is stored, those of all templates."""
    every = [_PREFIX + each for each in notification_templates.defaults()]
    return system_config.read(zone, CATEGORY, KEY, every, TEXTS)


def is_known(module: str, modules: list[str]) -> bool:
    """Return whether a node can load a module (a full name): one of Kazoo 4.3's, of MODULES, or installed here."""
    if module.removeprefix(_PREFIX) in notification_templates.defaults() or module in modules:
        return True
    installed = view_registrations.installed(notification_templates.APPLICATION)
    return installed is not None and (installed / "ebin" / f"{module}.beam").is_file()


def add(zone: Zone, module: str, modules: list[str]) -> None:
    """Store MODULE as the first of MODULES, for every node."""
    _store(zone, [module, *modules])


def remove(zone: Zone, module: str, modules: list[str]) -> bool:
    """Store MODULES without the first MODULE; tell whether it is there once more, as Kazoo's own list has it."""
    left = list(modules)
    left.remove(module)
    _store(zone, left)
    return module in left


def _store(zone: Zone, modules: list[str]) -> None:
    system_config.set_value(zone, CATEGORY, KEY, modules, section=system_config.DEFAULT)
