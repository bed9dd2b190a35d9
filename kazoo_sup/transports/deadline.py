"""One limit for a whole exchange with a server, however many pieces it comes in."""

from __future__ import annotations

import time

from kazoo_sup.errors import TimedOut


class Deadline:
    """SECONDS from now; DOING ends the sentence of the error: " waiting for …"."""

    def __init__(self, seconds: float, doing: str) -> None:
        """Start to count."""
        self._seconds = seconds
        self._doing = doing
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds left; TimedOut when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> TimedOut:
        """Return the error of a deadline that has passed."""
        return TimedOut(seconds=self._seconds, doing=self._doing)
