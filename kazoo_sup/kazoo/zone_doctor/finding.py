"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone_health.health import State

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row

COLUMNS = ("zone", "check", "state", "subject", "found", "do")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what is checked, how bad it is, of what, what was found, and a command or a deed that helps."""

    check: str
    state: State
    subject: str
    found: str
    do: str = ""

    def row(self, zone: str) -> Row:
        """Return it as a row of a listing."""
        row = {"zone": zone, "check": self.check, "state": str(self.state), "subject": self.subject}
        return {**row, "found": self.found, "do": self.do}


def good(check: str, found: str, subject: str = "") -> Finding:
    """Return the finding of a check that found nothing wrong."""
    return Finding(check, State.OK, subject, found)
