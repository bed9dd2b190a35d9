"""The notice about telemetry with which a migration ends.

Source: Kazoo kapps_maintenance:maybe_log_telemetry_warning/0.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def notice(days: int) -> Iterator[str]:
    """Yield the notice, and in how many days nodes begin to send."""
    for line in _NOTICE:
        yield f"     {line}" if line else ""
    when = f"will activate in {days} days" if days > 0 else "is activated"
    yield from ("", "", f"      KAZOO telemetry {when}.", "", "")
