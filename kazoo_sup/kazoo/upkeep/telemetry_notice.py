"""The notice about telemetry with which a migration ends.

Source: Kazoo kapps_maintenance:maybe_log_telemetry_warning/0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.upkeep import system_migration

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_DASH = r"\x{2014}"
"""Kazoo's `sup` prints a dash as its code."""

_NOTICE = (
    "",
    "",
    "KAZOO collects anonymous telemetry data by default so that we can provide",
    "you with the best performance, stability, and security. It enables us to",
    "continuously improve the platform for you and helps inform our roadmap",
    "decisions so we can create the products, features, and functionality that",
    f"will best serve you. Rest assured {_DASH} no sensitive data is transmitted and",
    "metrics are limited to aggregate values, aggregate statistics, and",
    "software version information.",
    "",
    "By allowing us to collect this data, you are making a contribution to",
    "the KAZOO community and are helping us make KAZOO better for you and",
    "the entire KAZOO community. You can opt-out at any time by consulting",
    "the configuration document in the system_config database.",
    "",
    "Here are a few examples:",
    "  - https://success.trendmicro.com/data-collection-disclosure",
    "  - https://www.mozilla.org/en-US/privacy/firefox/",
    "  - https://derflounder.wordpress.com/2019/07/23/suppressing-microsoft-autoupdates-required-data-notice-screen/",
)


def lines(zone: Zone) -> Iterator[str]:
    """Yield the notice, and when nodes begin to send."""
    for line in _NOTICE:
        yield f"     {line}" if line else ""
    days = system_migration.days_to_telemetry(zone)
    when = f"will activate in {days} days" if days > 0 else "is activated"
    yield from ("", "", f"      KAZOO telemetry {when}.", "", "")
