"""Carriers: where the numbers of the number manager come from, one module each, named as Kazoo names it.

Source: Kazoo knm_carriers, knm_gen_carrier.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from kazoo_sup.kazoo.carriers.base import Carrier
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


class UnknownCarrier(UsageError):
    """there is no carrier module {name!r}{hint}"""


def of(zone: Zone, module_name: str, settings: Mapping[str, Any] | None = None) -> Carrier:
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
    """Return the full name of a carrier module, given with or without `knm_`.

    Raises UnknownCarrier for a name that is none.
    """
    name = f"knm_{module_name.removeprefix('knm_')}"
    if name not in ALL:
        from kazoo_sup.catalogue import nearest

        raise UnknownCarrier(name=module_name, hint=nearest(name, dict.fromkeys(ALL)))
    return name
