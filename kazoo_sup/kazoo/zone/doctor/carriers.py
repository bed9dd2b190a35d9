"""Carrier modules that are enabled and do not work, or soon will not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers import choice, verifying
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.probes import Probe

if TYPE_CHECKING:
    from kazoo_sup.kazoo.carriers.verifying import Verified
    from kazoo_sup.zone import Zone

CHECK = "carriers"


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the carrier modules, which asks those that are somebody else's for SECONDS at most."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(modules: Sequence[Verified]) -> Iterator[Finding]:
    """Yield what is wrong with the enabled modules."""
    for each in modules:
        for complaint in each.complaints:
            yield Finding(CHECK, complaint.state, each.module, complaint.found, complaint.do)
    if not any(each.complaints for each in modules):
        yield good(CHECK, f"what is enabled works: {', '.join(each.module for each in modules) or 'nothing is'}")


def _collect(zone: Zone, seconds: float) -> list[Verified]:
    enabled = choice.enabled(zone)
    return verifying.verify(zone, list(dict.fromkeys(enabled)), enabled, seconds)
