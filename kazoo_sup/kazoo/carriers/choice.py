"""Which carriers are in use: those enabled for the system or for an account's reseller, and the default one.

Source: Kazoo knm_carriers:available_carriers/1, default_carrier/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import ALL, known
from kazoo_sup.kazoo.carriers.base import CATEGORY
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents.shapes import TEXT

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_MODULES = "carrier_modules"
_FIRST = ("knm_reserved", "knm_reserved_reseller", "knm_local")
"""Searched for every account, whatever is enabled."""


def default(zone: Zone) -> str:
    """Return the carrier module of numbers that name none (available_module_name)."""
    return system_config.read(zone, CATEGORY, "available_module_name", "knm_local", TEXT)


def enabled(zone: Zone) -> list[str]:
    """Return the carrier modules enabled for the system (carrier_modules), else just the default one."""
    found = _names(system_config.get(zone, CATEGORY, _MODULES, None))
    return [default(zone)] if found is None else found


def available(zone: Zone, account: str | None = None, reseller: str | None = None) -> list[str]:
    """Return the carrier modules that a search asks, in order: the system's, or those for an account.

    An account's are the reserved numbers, the local ones, and what its reseller has enabled, else the system. Names
    that are not carrier modules are passed over with a warning.
    """
    wanted = enabled(zone)
    if account is not None and reseller is not None:
        own = _names(account_config.get(zone, reseller, CATEGORY, _MODULES, None))
        wanted = [*_FIRST, *(wanted if own is None else own)]
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        zone.run.warn(f"{CATEGORY}/{_MODULES} names what is not a carrier module: {', '.join(unknown)}")
    return list(dict.fromkeys(name for name in wanted if name in ALL))


def enable(zone: Zone, module_name: str) -> list[str]:
    """Enable a carrier module for the system; return those enabled then.

    Raises UnknownCarrier.
    """
    name, before = known(module_name), enabled(zone)
    return before if name in before else _store(zone, [*before, name])


def disable(zone: Zone, module_name: str) -> list[str]:
    """Disable a carrier module for the system; return those enabled then.

    Its numbers stay as they are. Any name that is enabled can be disabled, also one that is not a carrier module.
    """
    before = enabled(zone)
    name = module_name if module_name in before else known(module_name)
    return _store(zone, [each for each in before if each != name]) if name in before else before


def _store(zone: Zone, names: list[str]) -> list[str]:
    system_config.set_value(zone, CATEGORY, _MODULES, names, section=zone.node)
    return names


def _names(found: object) -> list[str] | None:
    """Read a setting that holds one name or a list of them; None where it holds nothing of the kind."""
    if isinstance(found, str) and found:
        return [found]
    return [each for each in found if isinstance(each, str) and each] if isinstance(found, list) else None
