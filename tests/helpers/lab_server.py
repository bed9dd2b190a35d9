"""The lab's server for tests, with the npm packages that it needs, which are kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from helpers.real_servers import free_port
from kazoo_sup.lab import server
from kazoo_sup.settings.resources import PACKAGE


class Lab:
    """The project's own CouchDB-compatible server, as `sup lab` starts it, with what `fill` put in CACHE.

    `url` carries its name and password.
    """

    def __init__(self, directory: Path, cache: Path) -> None:
        link_packages(directory, cache)
        self._directory = directory
        self.url = server.start(directory, free_port(), progress=lambda _message: None).uri

    def stop(self) -> None:
        server.stop(self._directory)


def cache_directory() -> Path:
    """Return the filled directory that keeps the lab's npm packages: SUP_TEST_LAB_DIR or the user's cache."""
    given = os.environ.get("SUP_TEST_LAB_DIR")
    if given:
        cache = Path(given)
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        lock = PACKAGE / "lab" / "package-lock.json"
        cache = home / "kazoo-sup-tests" / hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    fill(cache)
    return cache


def fill(cache: Path) -> None:
    """Install what the lab's server consists of in CACHE, unless it is there: its npm packages, Node.js if need be."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "filling").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not server.packages_installed(cache):
            server.start(cache, free_port(), progress=lambda _message: None)
            server.stop(cache)


def link_packages(directory: Path, cache: Path) -> None:
    """Let a lab in DIRECTORY use what is installed in CACHE."""
    for name in ("node_modules", "python"):
        if (cache / name).is_dir():
            (directory / name).symlink_to(cache.resolve() / name)
