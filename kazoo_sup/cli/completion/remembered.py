"""Values of the cluster that were looked up for completing a command line: kept in the user's cache directory.

Who asks gets at once what is there. Where that is old, or nothing, a process of its own looks it up for the next time.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from kazoo_sup.itself import once_more
from kazoo_sup.settings import own_files

LOOK_UP = "__look_up"
"""The word that has `sup` look values up."""

FRESH = 60
"""Seconds after which they are looked up again."""

AGAIN = 10
"""Seconds until somebody looks again where the last one may have failed."""

LONGEST = 24 * 3600
"""Seconds after which nothing is told of them any more."""

_NAMED_BY = ("SUP_", "KAZOO_")
"""How the variables begin that tell which cluster it is."""


def values(kind: str, of: str, *, config: Path | None, zone: str | None) -> list[str]:
    """Return the values of KIND, in the thing that OF names where they are in one; never raises."""
    try:
        path = file(kind, of, config=config, zone=zone)
        age = _age(path)
        if age > FRESH and _age(_asked(path)) > AGAIN:
            own_files.directory(path.parent)
            _asked(path).touch(mode=0o600)
            _look_up(kind, of, config, zone)
        if age > LONGEST or not own_files.is_ours(path):
            return []
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def file(kind: str, of: str, *, config: Path | None, zone: str | None) -> Path:
    """Return where the values are kept: another place for each cluster that the environment and the options name."""
    named = sorted((name, value) for name, value in os.environ.items() if name.startswith(_NAMED_BY))
    cluster = repr((named, str(config.absolute()) if config else "", zone, os.environ.get("XDG_CONFIG_HOME")))
    digest = hashlib.sha256(f"{cluster}\n{of}".encode(errors="surrogateescape")).hexdigest()
    return _directory() / f"{kind}-{digest[:32]}"


def remember(path: Path, found: list[str]) -> None:
    """Keep values; those that would break a line of a terminal are left out."""
    own_files.directory(path.parent)
    with own_files.replacing(path) as stream:
        stream.write("".join(f"{each}\n" for each in found if each and each.isprintable()).encode())


def _directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "kazoo-sup" / "completion"


def _asked(path: Path) -> Path:
    """Return the file that is touched when somebody begins to look."""
    return path.with_name(f"{path.name}.asked")


def _age(path: Path) -> float:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
    return age if age >= 0 else float("inf")  # the clock was set back


def _look_up(kind: str, of: str, config: Path | None, zone: str | None) -> None:
    """Begin to look values up, in a process that nobody waits for and that says nothing."""
    words = once_more("kazoo_sup", LOOK_UP, kind, of, str(config or ""), zone or "")
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    with suppress(OSError):
        os.posix_spawn(words[0], words, os.environ, file_actions=nowhere, setsid=True)
