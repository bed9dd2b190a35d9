"""The lab: a local CouchDB-compatible server with one account, to try kazoo-sup and to test against.

It listens on the loopback address only, asks for a password that is new at each start, keeps its data in memory, and
is found by every later run without settings of its own; beside other settings it is the zone `lab`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.changes import outboxes
from kazoo_sup.command import command
from kazoo_sup.lab import server
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.lab.server import LabStatus
from kazoo_sup.results import NO_RETURN, Answer, Done, Result
from kazoo_sup.settings import Settings, own_files
from kazoo_sup.zone import Run


@command
def start(run: Run, port: int = server.PORT) -> Result:
    """Start the lab on PORT, fill it, and write the settings by which it is found.

    On first use 30 MB of npm packages are installed in the lab's directory, and Node.js (200 MB, from PyPI) where this
    machine has none with npm; `remove` takes them away. A lab that runs already is left as it is.
    """

    def begin() -> Result:
        found = server.start(_directory(), port, progress=run.hint)
        path = _settings_file()
        own_files.directory(path.parent)
        with own_files.replacing(path) as file:
            file.write(_settings(found).encode())
        return _shown(found)

    deeds = [] if server.status(_directory()).running else [f"start the lab on port {port}"]
    return _act(run, [*deeds, f"write {_settings_file()}"], begin)


@command
def stop(run: Run, settings: Settings) -> Result:
    """Stop the lab's server; its data goes with it, and so do the events of that data which no broker took."""

    def end() -> Result:
        found = server.stop(_directory())
        _forget(settings, found)
        return _shown(found)

    deeds = ["stop the lab, and its data with it"] if server.status(_directory()).running else []
    return _act(run, [*deeds, f"remove {_settings_file()}"], end)


@command
def remove(run: Run, settings: Settings) -> Result:
    """Stop the lab and remove all that it has left on this machine: packages, logs, settings, events."""

    def end() -> Result:
        found = server.remove(_directory())
        _forget(settings, found)
        return Done(NO_RETURN, ["the lab and all of its files are gone"], data={"directory": str(found.directory)})

    deeds = [f"stop the lab, and remove {_directory()}"] if _directory().exists() else []
    return _act(run, [*deeds, f"remove {_settings_file()}"], end)


@command
def status() -> Result:
    """Show whether the lab runs, and where."""
    return _shown(server.status(_directory()))


def _act(run: Run, deeds: Sequence[str], function: Callable[[], Result]) -> Result:
    return changes.act_here(run, deeds, function) or Done(NO_RETURN)


def _settings(found: LabStatus) -> str:
    login = ""
    if found.access:
        login = f'      username: "{found.access.username}"\n      password: "{found.access.password}"\n'
    return f"""\
# Written by `sup lab start`.
zone: lab
zones:
  lab:
    couchdb:
      url: "{found.url}"
{login}    amqp: []
"""


def _forget(settings: Settings, found: LabStatus) -> None:
    """Forget how the lab was reached, and the events of documents that are gone."""
    if found.access:
        outboxes.forget(settings.state_dir, found.access.uuid)
    _settings_file().unlink(missing_ok=True)


def _shown(found: LabStatus) -> Result:
    lines = [f"the lab does not run; its files are in {found.directory}"]
    if found.running:
        lines = [
            f"the lab runs at {found.url} (process {found.pid}), {found.databases} databases",
            f"account {ACCOUNT}, realm lab.example.com",
            f"its name and password are in {_settings_file()}",
        ]
    known = {key: each for key, each in asdict(found).items() if key != "access"}
    data = {key: str(each) if isinstance(each, Path) else each for key, each in known.items()}
    return Answer(NO_RETURN, lines=lines, data=data)


def _directory() -> Path:
    return _xdg("XDG_DATA_HOME", ".local/share") / "lab"


def _settings_file() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "lab.yaml"


def _xdg(variable: str, below_home: str) -> Path:
    given = os.environ.get(variable, "")
    return (Path(given) if given.startswith("/") else Path.home() / below_home) / "kazoo-sup"
