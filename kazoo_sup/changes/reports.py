"""Reports of changes on their way to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.zone import Report, Zone

_CONFIGURATION = "system_config"


def tell(zone: Zone, report: Report) -> None:
    """Tell the run what became of a change; what it has read of the zone's configuration is read again where it did."""
    if report.database == _CONFIGURATION:
        zone.configurations.forget(report.id)
    zone.run.report(report)
