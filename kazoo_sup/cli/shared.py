"""What the commands of one process share: settings while their file stays as it is, and connections to CouchDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kazoo_sup.settings import Settings, ZoneSettings
    from kazoo_sup.transports.couchdb import CouchDB

Stamp = tuple[str, int, int, int, int] | None
"""Which file it is, and what tells whether it is another now, or may be read by others than before."""


MOST = 16
"""Settings that are kept, and CouchDBs: lines may name another node or file each."""


class _Loaded(NamedTuple):
    stamp: Stamp
    settings: Settings


class Shared:
    """Keeps the latest until `close`; nothing that a command has read of the cluster is among them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._loaded: dict[tuple[Path | None, str | None, str], _Loaded] = {}
        self._couchdbs: list[tuple[ZoneSettings, CouchDB]] = []

    def settings(self, *, config: Path | None, zone: str | None, node: str) -> Settings:
        """Return the settings, read again where their file has changed."""
        from kazoo_sup import settings

        file = settings.file_in_use(config)
        stamp = _stamp(file) if file else None
        known = self._loaded.get((config, zone, node))
        if known is None or known.stamp != stamp:
            known = _Loaded(stamp, settings.load(config=config, zone=zone, node=node))
            self._loaded[config, zone, node] = known
            self._keep_few()
        return known.settings

    def couchdb(self, zone: ZoneSettings, connect: Callable[[], CouchDB]) -> CouchDB:
        """Return the CouchDB of ZONE: the one of earlier commands, or what CONNECT makes."""
        for settings, couchdb in self._couchdbs:
            if settings is zone:
                return couchdb
        made = connect()
        self._couchdbs.append((zone, made))
        return made

    def _keep_few(self) -> None:
        """Let go of what was made first; at the beginning of a command nothing of it is in use."""
        if len(self._loaded) > MOST:
            del self._loaded[next(iter(self._loaded))]
        while len(self._couchdbs) > MOST:
            self._couchdbs.pop(0)[1].close()

    def close(self) -> None:
        """Let go of every connection."""
        for _settings, couchdb in self._couchdbs:
            couchdb.close()
        self._couchdbs.clear()


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
