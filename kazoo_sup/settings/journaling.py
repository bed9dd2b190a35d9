"""How the journal of what runs change is kept."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Mode = Literal["on", "off", "required"]

_MEGABYTE = 10**6


class Journaling(NamedTuple):
    """Whether what a run changes is recorded before it is changed, for how many days, and in how much room.

    With `required` nothing is changed that cannot be recorded. Past `days` or `megabytes` the oldest runs go first. A
    run whose record is `run_megabytes` large goes on unrecorded, with a warning, or ends where a record is required.
    """

    mode: Mode = "on"
    days: float = 30.0
    megabytes: float = 1000.0
    run_megabytes: float = 256.0

    @property
    def size(self) -> int:
        """How many bytes all records may take."""
        return int(self.megabytes * _MEGABYTE)

    @property
    def run_size(self) -> int:
        """How many bytes one record may take."""
        return int(self.run_megabytes * _MEGABYTE)


def mode(text: str) -> Mode:
    """Return the mode that TEXT names; ValueError says what it must be."""
    for each in get_args(Mode):
        if text.lower() == each:
            found: Mode = each
            return found
    raise ValueError("must be on, off or required")
