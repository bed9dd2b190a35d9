"""The lab's server: started in the background, found again, stopped.

All it consists of is in one directory, which is the user's alone: the server's files, its npm packages, its logs,
`access.json` with the name and password it asks for, and `lab.json`, which says which process it is and on which port
it listens. Its data is in memory only.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, SettingsError, SupError, TimedOut
from kazoo_sup.lab import nodejs
from kazoo_sup.lab.seed import seed
from kazoo_sup.settings import own_files, resources

if TYPE_CHECKING:
    from kazoo_sup.types import Json

HOST = "127.0.0.1"
PORT = 25984
"""None of those that Kazoo's nodes use: 5984 to 5987 CouchDB, 15984 to 15987 HAProxy."""
USERNAME = "lab"

PROGRAM = "couch.js"
FILES = (
    *(PROGRAM, "access.js", "answers.js", "json.js", "requests.js", "sandbox.js", "views.js"),
    *("package.json", "package-lock.json"),
)

_INSTALL_TIMEOUT = 600
_START_TIMEOUT = 30
_STOP_TIMEOUT = 5
_ANSWER_TIMEOUT = 5
_PAUSE = 0.05
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask a lab, and the `uuid` by which its server tells itself from others, the same at every start."""

    username: str
    password: str = field(repr=False)
    uuid: str


@dataclass(frozen=True, slots=True)
class LabStatus:
    """A lab as it is now; `databases` is None while its server does not answer."""

    running: bool
    pid: int | None
    url: str
    directory: Path
    databases: int | None
    access: Access | None = None

    @property
    def uri(self) -> str:
        """The URL with name and password in it."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{self.access.username}:{self.access.password}@{rest}" if self.access else self.url

    @property
    def log(self) -> Path:
        """What the server and, on first use, npm and pip wrote."""
        return _log(self.directory)


def start(directory: Path, port: int = PORT, *, progress: Callable[[str], None]) -> LabStatus:
    """Start the lab in `directory`, on the loopback address only, and fill it; one that runs already is left as it is.

    On first use its npm packages, 30 MB, are installed there. `progress` is told what takes time.
    Raises SettingsError when another program listens on the port or the directory cannot be made, NotFound when there
    is no Node.js, Declined when another start or stop is under way, TimedOut or SupError when the packages or the
    server do not come up.
    """
    directory = directory.resolve()
    try:
        own_files.directory(directory)
    except OSError as error:
        reason = f"cannot be made the lab's directory: {error.strerror}"
        raise SettingsError(source=str(directory), reason=reason) from error
    with _alone(directory):
        running = status(directory)
        if running.running:
            return running
        _check_port_is_free(port)
        with own_files.replacing(_log(directory)):
            pass
        node = _prepare(directory, progress)
        access = _new_access(directory)
        _remove_uploads(directory)
        own_files.directory(_uploads(directory))
        progress("starting the server")
        pid = _spawn(node, directory, port)
        try:
            _write_state(directory, pid, port)
            _wait_until_it_answers(pid, port, directory)
            progress("creating databases and documents")
            seed(f"http://{access.username}:{access.password}@{HOST}:{port}")
        except BaseException:
            _kill_child(pid)
            raise
        return status(directory)


def stop(directory: Path) -> LabStatus:
    """End the lab's server, politely first, and wait until it is gone; its data goes with it.

    A process that is not the server of this directory is never touched, whatever `lab.json` says.
    Raises TimedOut when the server outlives SIGKILL, Declined when another start or stop is under way.
    """
    directory = directory.resolve()
    if not _lock_file(directory).exists():
        return status(directory)
    with _alone(directory):
        found = status(directory)
        if found.pid is not None:
            _end(found.pid, directory)
        _state_file(directory).unlink(missing_ok=True)
        _remove_uploads(directory)
    return replace(found, running=False, pid=None, databases=None, access=_read_access(directory))


def remove(directory: Path) -> LabStatus:
    """Stop the lab and remove its directory, with all that was installed there; one that is not a lab's is left alone.

    Raises what `stop` does, and SettingsError when something there cannot be removed.
    """
    directory = directory.resolve()
    found = stop(directory)
    if _lock_file(directory).exists():
        try:
            shutil.rmtree(directory)
        except OSError as error:
            raise SettingsError(source=str(directory), reason=f"cannot be removed: {error.strerror}") from error
    return found


def status(directory: Path) -> LabStatus:
    """Return whether the lab of `directory` runs; a `lab.json` left behind by a dead server counts as not running."""
    directory = directory.resolve()
    pid, port = _read_state(directory)
    if pid is None or not _is_server(pid, directory):
        return LabStatus(running=False, pid=None, url=_url(port), directory=directory, databases=None)
    access = _read_access(directory)
    names = _answer(port, "/_all_dbs", access)
    databases = len(names) if isinstance(names, list) else None
    return LabStatus(running=True, pid=pid, url=_url(port), directory=directory, databases=databases, access=access)


def packages_installed(directory: Path) -> bool:
    """Return whether `directory` holds exactly the npm packages, in the versions, that the server was tried with."""
    wanted = _packages(resources.read("lab", "package-lock.json"))
    try:
        installed = _packages((directory / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return installed == wanted


def _packages(lock: str) -> dict[str, str]:
    entries = json.loads(lock)["packages"]
    return {path: entry["version"] for path, entry in entries.items() if path}


def _prepare(directory: Path, progress: Callable[[str], None]) -> nodejs.Node:
    """Put the server's files and packages into the directory, and return the Node.js to run them with."""
    for name in FILES:
        with own_files.replacing(directory / name) as file:
            file.write(resources.read("lab", name).encode())
    complete = packages_installed(directory)
    node = nodejs.find(directory / "python", _log(directory), with_npm=not complete, progress=progress)
    if not complete:
        progress("installing npm packages")
        _install(node, directory)
    return node


def _install(node: nodejs.Node, directory: Path) -> None:
    # No package needs to run a script of its own to be installed.
    command = (*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    log = _log(directory)
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                command,
                cwd=directory,
                env=node.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_INSTALL_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOut(seconds=_INSTALL_TIMEOUT, doing=f" installing npm packages, see {log}") from error
    if done.returncode != 0 or not packages_installed(directory):
        raise SupError(reason=f"npm could not install the packages of the lab's server, see {log}")


def _spawn(node: nodejs.Node, directory: Path, port: int) -> int:
    """Start the server in a session of its own, so that it outlives this process and its terminal."""
    arguments = (str(node.program), str(directory / PROGRAM), str(port))
    return os.posix_spawn(
        node.program,
        arguments,
        {**os.environ, "TMPDIR": str(_uploads(directory))},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, _log(directory), os.O_WRONLY | os.O_APPEND, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _uploads(directory: Path) -> Path:
    """Return where the server keeps a file for each attachment that comes beside its document, and leaves it."""
    return directory / "tmp"


def _remove_uploads(directory: Path) -> None:
    shutil.rmtree(_uploads(directory), ignore_errors=True)


def _wait_until_it_answers(pid: int, port: int, directory: Path) -> None:
    for _ in _until(_START_TIMEOUT):
        ended, _status = os.waitpid(pid, os.WNOHANG)
        if ended:
            raise SupError(reason=f"the lab's server ended at once: {_last_line(directory)}")
        if _answer(port, "/_up", _read_access(directory)) is not None:
            return
    raise TimedOut(seconds=_START_TIMEOUT, doing=f" waiting for the lab's server, see {_log(directory)}")


def _kill_child(pid: int) -> None:
    """End a server that this process has just started; unless it was waited for, its id cannot be another's."""
    with suppress(ChildProcessError):
        ended, _status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _end(pid: int, directory: Path) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        for _ in _until(_STOP_TIMEOUT):
            if not _is_server(pid, directory):
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)  # if this very process started it
                return
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
    raise TimedOut(seconds=2 * _STOP_TIMEOUT, doing=f" ending process {pid}")


def _is_server(pid: int, directory: Path) -> bool:
    """Return whether a process is the server of this directory; one that has ended has no command line any more."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(directory / PROGRAM) in command


def _answer(port: int, path: str, access: Access | None) -> Json:
    """Return what the server says to GET, from JSON; None when it does not answer with success."""
    from http import HTTPStatus
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(HOST, port, timeout=_ANSWER_TIMEOUT)
    try:
        connection.request("GET", path, headers=_authorization(access))
        response = connection.getresponse()
        return json.loads(response.read()) if response.status == HTTPStatus.OK else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _authorization(access: Access | None) -> dict[str, str]:
    if access is None:
        return {}
    credentials = f"{access.username}:{access.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}


def _check_port_is_free(port: int) -> None:
    if not 0 < port <= _LAST_PORT:
        raise SettingsError(source=f"port {port}", reason=f"ports are 1 to {_LAST_PORT}")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            other = "sup lab start PORT takes another, as does make demo PORT=…"
            reason = f"the lab cannot listen there: {error.strerror}; {other}"
            raise SettingsError(source=f"port {port}", reason=reason) from error


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with own_files.reopen(_lock_file(directory)) as lock:
        if not own_files.hold(lock):
            raise Declined(reason=f"another start or stop of the lab in {directory} is under way")
        yield


def _until(seconds: float) -> Iterator[None]:
    """Yield again and again, with a pause in between, until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(_PAUSE)


def _write_state(directory: Path, pid: int, port: int) -> None:
    with own_files.replacing(_state_file(directory)) as file:
        file.write(json.dumps({"pid": pid, "port": port}).encode() + b"\n")


def _read_state(directory: Path) -> tuple[int | None, int]:
    try:
        state = json.loads(_state_file(directory).read_text(encoding="utf-8"))
        return int(state["pid"]), int(state["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, PORT


def _new_access(directory: Path) -> Access:
    """Make a new password for the server that is about to start; its uuid stays."""
    before = _read_access(directory)
    access = Access(USERNAME, secrets.token_urlsafe(24), before.uuid if before else secrets.token_hex(16))
    with own_files.replacing(_access_file(directory)) as file:
        file.write(json.dumps(asdict(access)).encode() + b"\n")
    return access


def _read_access(directory: Path) -> Access | None:
    try:
        known = json.loads(_access_file(directory).read_text(encoding="utf-8"))
        return Access(str(known["username"]), str(known["password"]), str(known["uuid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _access_file(directory: Path) -> Path:
    return directory / "access.json"


def _state_file(directory: Path) -> Path:
    return directory / "lab.json"


def _lock_file(directory: Path) -> Path:
    return directory / "lock"


def _log(directory: Path) -> Path:
    return directory / "lab.log"


def _last_line(directory: Path) -> str:
    lines = _log(directory).read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"it said nothing, see {_log(directory)}"


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"
