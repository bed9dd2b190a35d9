"""Where the servers of each zone are and how they are spoken to: of YAML, Kazoo's config.ini and the environment.

`load` reads them all; `own_files` and `resources` beside it say where files of ours are, and need none of the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.settings.journaling import Journaling
    from kazoo_sup.settings.loading import (
        LAB,
        LOCAL,
        Settings,
        Timeouts,
        ZoneSettings,
        check,
        describe,
        example,
        file_in_use,
        load,
        own_file,
        state_directory,
    )
    from kazoo_sup.transports.limits import Limits
    from kazoo_sup.transports.net import Tls
    from kazoo_sup.transports.server import Server

_HOMES = {
    "Journaling": "settings.journaling",
    "LAB": "settings.loading",
    "LOCAL": "settings.loading",
    "Limits": "transports.limits",
    "Server": "transports.server",
    "Settings": "settings.loading",
    "Timeouts": "settings.loading",
    "Tls": "transports.net",
    "ZoneSettings": "settings.loading",
    "check": "settings.loading",
    "describe": "settings.loading",
    "example": "settings.loading",
    "file_in_use": "settings.loading",
    "load": "settings.loading",
    "own_file": "settings.loading",
    "state_directory": "settings.loading",
}

__all__ = [
    "LAB",
    "LOCAL",
    "Journaling",
    "Limits",
    "Server",
    "Settings",
    "Timeouts",
    "Tls",
    "ZoneSettings",
    "check",
    "describe",
    "example",
    "file_in_use",
    "load",
    "own_file",
    "state_directory",
]

__getattr__ = facade("kazoo_sup", _HOMES)
