"""What a run has saved when it ends before its end: said on every ending, a signal and a time limit among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import Interrupted, SupError, Terminated, TimedOut, Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.changes import Report


class Saved:
    """Counts the documents that a run saves."""

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0

    def note(self, report: Report) -> None:
        """Take in what became of one change."""
        if report.id and not report.planned and report.action in ("created", "edited", "deleted"):
            self.count += 1

    def told(self, error: SupError, warn: Callable[[str], None]) -> SupError:
        """Return the error that ends the run, with what all of the run has saved and not only its last part."""
        if isinstance(error, Unfinished):
            return Unfinished(reason=error.reason, saved=max(self.count, error.saved))
        if self.count and isinstance(error, Interrupted | Terminated | TimedOut):
            documents = "1 document was" if self.count == 1 else f"{self.count} documents were"
            warn(f"{documents} saved before that, and perhaps some that were under way")
        return error
