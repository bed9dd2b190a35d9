"""Change events that no broker took, and that wait in this host's outbox."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.changes import announcer
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State, count
from kazoo_sup.kazoo.zone.health.probes import Probe

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHECK = "outbox"


def checks(zone: Zone) -> list[Probe[Finding]]:
    """Return the check of the outbox."""
    return [Probe(CHECK, "", partial(announcer.waiting, zone), partial(judge, zone.name))]


def judge(zone: str, waiting: int) -> Iterator[Finding]:
    """Yield whether events wait: until they are published every node works with what it has cached."""
    if waiting:
        found = f"{count(waiting, 'change event')} wait: nodes still use what they cached before"
        yield Finding(CHECK, State.WARNING, "", found, f"sup -z {zone} outbox flush")
    else:
        yield good(CHECK, "no change event waits on this host")
