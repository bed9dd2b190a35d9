"""Carriers: where the numbers of the number manager come from, one module each, named as Kazoo names it.

Source: Kazoo knm_carriers, knm_gen_carrier.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kazoo_sup.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from kazoo_sup.kazoo.carriers.base import Carrier
    from kazoo_sup.types import Fields
    from kazoo_sup.zone import Zone

ALL = (
    "knm_bandwidth",
    "knm_bandwidth2",
    "knm_didww",
    "knm_flowroute",
    "knm_inteliquent",
    "knm_inum",
    "knm_inventory",
    "knm_it_vocal",
    "knm_level3",
    "knm_local",
    "knm_managed",
    "knm_mdn",
    "knm_o1",
    "knm_other",
    "knm_peerless",
    "knm_reserved",
    "knm_reserved_reseller",
    "knm_simwood",
    "knm_telnyx",
    "knm_thinq",
    "knm_verizon",
    "knm_vitelity",
    "knm_voip_innovations",
    "knm_voxbone",
    "knm_windstream",
    "knm_ziron",
)
"""Every carrier module (Kazoo knm_carriers:all_modules/0, in its order)."""

STUBS = frozenset(
    f"knm_{carrier}"
    for carrier in (
        *("didww", "flowroute", "inteliquent", "it_vocal", "level3", "o1"),
        *("peerless", "thinq", "verizon", "voxbone", "windstream", "ziron"),
    )
)
"""Those that only have a name in Kazoo, and so here: `stubs.py`."""


OLD_PREFIX = "wnm_"
"""What carrier modules were called before Kazoo 4.0; exports of old clusters still name them so."""

_SUCCESSORS = {"knm_bandwidth": "knm_bandwidth2"}
"""Carrier modules whose numbers are read as another one's."""


class UnknownCarrier(UsageError):
    """there is no carrier module {name!r}{hint}; they are {modules}"""

    remedy = "sup knm_carriers list shows which there are"

    name: str
    hint: str
    modules: str


def of(zone: Zone, module_name: str, settings: Fields | None = None) -> Carrier:
    """Return the carrier that MODULE_NAME (`knm_telnyx`) stands for; only its own file is imported.

    SETTINGS are laid over its configuration in system_config. Raises UnknownCarrier.
    """
    name = known(module_name)
    if name in STUBS:
        from kazoo_sup.kazoo.carriers.stubs import Stub

        return Stub(zone, settings, name=name)
    found: type[Carrier] = import_module(f"{__name__}.{name}").CARRIER
    return found(zone, settings)


def known(module_name: str) -> str:
    """Return the full name of a carrier module, given with or without `knm_`, or with the old `wnm_`.

    Raises UnknownCarrier for an unknown name.
    """
    bare = module_name.strip()
    name = f"knm_{bare.removeprefix(OLD_PREFIX) if bare.startswith(OLD_PREFIX) else bare.removeprefix('knm_')}"
    if name not in ALL:
        raise unknown(module_name, name)
    return name


def unknown(typed: str, name: str = "") -> UnknownCarrier:
    """Return the error for what is not a carrier module: TYPED, read as NAME."""
    return UnknownCarrier(name=typed, hint=did_you_mean(name or typed, ALL), modules=", ".join(ALL))


def of_number(module_name: str) -> str:
    """Return the carrier module that a number has which is given this one, as `known` reads it.

    Raises UnknownCarrier. Source: Kazoo knm_phone_number:set_module_name/2.
    """
    name = known(module_name)
    return _SUCCESSORS.get(name, name)


def names_of_old(module_name: str) -> tuple[str, ...]:
    """Return the names in stored numbers that are read as this carrier module, itself the first."""
    same = [module_name, *(old for old, new in _SUCCESSORS.items() if new == module_name)]
    return (*same, *(OLD_PREFIX + each.removeprefix("knm_") for each in same))
