"""All checks of some zones, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.doctor import access, carriers, certificates, clocks, databases, names, outbox, telephony
from kazoo_sup.kazoo.zone.doctor.finding import Finding
from kazoo_sup.kazoo.zone.health.health import State
from kazoo_sup.kazoo.zone.health.probes import Probe, run_all

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

_SHARE = 0.8
"""What of the time a check may spend on asking, so that something is left to tell what came of it."""


def examine(zones: Sequence[Zone], deadline: float, *, several: bool) -> list[Row]:
    """Return what is found in each zone within DEADLINE seconds; all are ok, or say what to do.

    Where there are SEVERAL zones in the settings, what is to be done names the one that it is about.
    """
    probes = [(zone, probe) for zone in zones for probe in _checks(zone, _SHARE * deadline)]
    return [
        (finding.among_others(zone.name) if several else finding).row(zone.name)
        for zone, finding in run_all(probes, deadline, _failed)
    ]


def _checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    return [
        *clocks.checks(zone, seconds),
        *names.checks(zone, seconds),
        *access.checks(zone, seconds),
        *telephony.checks(zone, seconds),
        *databases.checks(zone, seconds),
        *carriers.checks(zone, seconds),
        *outbox.checks(zone),
        *certificates.checks(zone, seconds),
    ]


def _failed(probe: Probe[Finding], error: SupError) -> Finding:
    return Finding(probe.component, State.UNKNOWN, "", f"this could not be found out: {error}", "sup zone status")
