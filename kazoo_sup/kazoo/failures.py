"""Counting what fails in a run that goes on without it, so that it ends partly done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.changes import Report
from kazoo_sup.errors import ExitCode, NotAuthorised, SupError, TimedOut

if TYPE_CHECKING:
    from kazoo_sup.changes import Tally
    from kazoo_sup.zone import Zone


class PartlyFailed(SupError):
    """{failed} {what} failed"""

    exit_code = ExitCode.PARTIAL


class Failures:
    """What failed in one run, of WHAT there are several: "moves", "files"."""

    def __init__(self, what: str) -> None:
        """Begin with none."""
        self.what = what
        self.count = 0

    def include(self, tally: Tally) -> None:
        """Take in the changes that the door has reported as failed."""
        self.count += tally.counts["failed"]

    def note(self, zone: Zone, database: str, identifier: str, error: SupError) -> None:
        """Report that a document could not be dealt with.

        Raises the error itself when it is not the document's but the server's or the user's.
        """
        if isinstance(error, NotAuthorised | TimedOut) or error.exit_code is ExitCode.USAGE:
            raise error
        zone.run.report(Report(database, identifier, "failed", error=error))
        self.count += 1

    def end(self) -> None:
        """Raise PartlyFailed when something failed."""
        if self.count:
            raise PartlyFailed(failed=self.count, what=self.what)
