"""Keeping the journal within its bounds: what is too old goes, and then the oldest until the rest fits."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from kazoo_sup.changes.journal.reading import SUFFIX
from kazoo_sup.settings import own_files

_DAY = 86_400
_STRAY = 3600
"""Seconds after which a file that a killed run never gave its name is nobody's."""


def keep_within(directory: Path, *, days: float, size: int) -> str:
    """Remove records that are older than DAYS, then the oldest while all of them take more than SIZE bytes.

    Returns the name of the newest, or "". The records of runs that live stay. How old they are is counted up to the
    newest: one run by a clock that is years ahead does not take them all away. Raises OSError.
    """
    now = time.time()
    found = []
    with os.scandir(directory) as entries:
        for each in entries:
            with suppress(FileNotFoundError):  # another run was faster
                status = each.stat(follow_symlinks=False)
                if each.name.endswith(SUFFIX):
                    found.append((each.name, status.st_mtime, status.st_size))
                elif each.name.endswith(".new") and status.st_mtime < now - _STRAY:
                    _remove(directory / each.name)
    total = sum(length for _name, _time, length in found)
    newest = min(now, max((modified for _name, modified, _length in found), default=now))
    for name, modified, length in sorted(found):
        if (modified < newest - days * _DAY or total > size) and _remove(directory / name):
            total -= length
    return max(found, default=("",))[0]


def _remove(path: Path) -> bool:
    """Remove a record that no living run holds; tell whether it is gone."""
    try:
        with path.open("rb") as file:
            if not own_files.hold(file):
                return False
            path.unlink()
    except FileNotFoundError:
        pass
    return True
