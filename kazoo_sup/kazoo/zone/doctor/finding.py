"""What a check found, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.health.health import State

if TYPE_CHECKING:
    from kazoo_sup.types import Row

_COMMAND = re.compile(r"\bsup (?!-z |zone |config )")

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

    def among_others(self, zone: str) -> Finding:
        """Return it with commands that name the zone, where what is typed without -z may mean another."""
        return replace(self, do=_COMMAND.sub(f"sup -z {quote(zone)} ", self.do))


def good(check: str, found: str) -> Finding:
    """Return the finding of a check that found nothing wrong."""
    return Finding(check, State.OK, "", found)
