"""What Kazoo prints of the applications of a node. Source: Kazoo kazoo_apps_maintenance:check/0."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def compared(wanted: list[str], found: list[str]) -> Iterator[str]:
    """Yield a line for what runs without being configured, what is missing, what runs and what is configured."""
    parts = {
        "unexpected": [each for each in found if each not in wanted],
        "missing": [each for each in wanted if each not in found],
        "running": found,
        "configured": wanted,
    }
    for name, apps in parts.items():
        if apps:
            label = f"{name:>10} applications" if len(apps) > 1 else f"{name:>11} application"
            yield f"{label}: {','.join(sorted(apps))}"
