"""The lab: a local CouchDB-compatible server with one account, to try kazoo-sup and to test against.

It listens on the loopback address only, keeps its data in memory, and is found by every later run without settings of
its own; beside other settings it is the zone `lab`.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from kazoo_sup.command import command
from kazoo_sup.lab import server
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.lab.server import LabStatus
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Run


@command
def start(run: Run, port: int = server.PORT) -> Outcome:
    """Start the lab on PORT, fill it, and write the settings by which it is found.

    On first use 28 MB of npm packages are installed in the lab's directory. A lab that runs already is left as it is.
    """
    found = server.start(_directory(), port, progress=run.hint)
    settings = _settings_file()
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        f'# Written by `sup lab start`.\nzone: lab\nzones:\n  lab:\n    couchdb: "{found.url}"\n    amqp: []\n',
        encoding="utf-8",
    )
    return _shown(found)


@command
def stop() -> Outcome:
    """Stop the lab's server; its data goes with it."""
    found = server.stop(_directory())
    _settings_file().unlink(missing_ok=True)
    return _shown(found)


@command
def status() -> Outcome:
    """Show whether the lab runs, and where."""
    return _shown(server.status(_directory()))


def _shown(found: LabStatus) -> Outcome:
    lines = [f"the lab does not run; its files are in {found.directory}"]
    if found.running:
        lines = [
            f"the lab runs at {found.url} (process {found.pid}), {found.databases} databases",
            f"account {ACCOUNT}, realm lab.example.com",
        ]
    data = {key: str(each) if isinstance(each, Path) else each for key, each in asdict(found).items()}
    return text(lines, NO_RETURN, data=data)


def _directory() -> Path:
    return _xdg("XDG_DATA_HOME", ".local/share") / "lab"


def _settings_file() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "lab.yaml"


def _xdg(variable: str, below_home: str) -> Path:
    given = os.environ.get(variable, "")
    return (Path(given) if given.startswith("/") else Path.home() / below_home) / "kazoo-sup"
