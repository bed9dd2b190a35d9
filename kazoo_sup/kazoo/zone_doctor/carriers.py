"""Carrier modules that are enabled and cannot work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import ALL, STUBS, choice, of
from kazoo_sup.kazoo.zone_doctor.finding import Finding, good
from kazoo_sup.kazoo.zone_health.health import State
from kazoo_sup.kazoo.zone_health.probing import Probe

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHECK = "carriers"


def checks(zone: Zone) -> list[Probe[Finding]]:
    """Return the check of the carrier modules."""
    return [Probe(CHECK, "", partial(_collect, zone), judge)]


def judge(enabled: Mapping[str, list[str] | None]) -> Iterator[Finding]:
    """Give which enabled modules lack credentials, or are none; None stands for the keys of one that is none."""
    troubled = False
    for name, missing in enabled.items():
        disable = f"sup knm_carriers disable {name}"
        if missing is None:
            troubled = True
            yield Finding(CHECK, State.WARNING, name, "it is enabled, and there is no such carrier module", disable)
        elif name in STUBS:
            troubled = True
            yield Finding(CHECK, State.WARNING, name, "it is enabled, and has nothing behind its name", disable)
        elif missing:
            troubled = True
            found = f"it is enabled without {', '.join(missing)}: every search asks it in vain"
            yield Finding(CHECK, State.WARNING, name, found, f"sup {name} configure, or {disable}")
    if not troubled:
        yield good(CHECK, f"what is enabled has what it needs: {', '.join(enabled) or 'nothing is'}")


def _collect(zone: Zone) -> dict[str, list[str] | None]:
    return {name: of(zone, name).missing if name in ALL else None for name in choice.enabled(zone)}
