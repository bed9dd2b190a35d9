"""Fixtures: the program itself, and real servers, started when the first test asks for them.

Servers of one's own are taken instead where these name them: SUP_TEST_COUCHDB_URL (on a loopback address: its databases
are deleted), SUP_TEST_AMQP_URL, SUP_TEST_ESL (a FreeSWITCH's event socket: esl://:PASSWORD@HOST:PORT; calls are made
there). SUP_TEST_LAB_DIR is where npm packages are kept between runs.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import hypothesis
import pytest
import requests

from helpers import in_process, lab_server, real_servers
from helpers.real_servers import SUP
from kazoo_sup import concurrency
from kazoo_sup.lab import seed
from kazoo_sup.messages.names import plain

TIMEOUT = 600
"""Seconds that one run of the program may take."""

# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What an example costs depends on what else the machine does.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _not_ended() -> None:
    """Begin each test as a command: how a signal ended the one before, or was taken there, is nothing of it."""
    concurrency.begin()
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Finished(NamedTuple):
    """What a run left; on a terminal, standard output and error are one."""

    code: int
    stdout: str
    stderr: str


_MADE: set[str] = set()
"""What was made in the machine's directory for temporary files, by this process."""


def _note_what_is_made(event: str, arguments: tuple[object, ...]) -> None:
    if event not in ("open", "os.mkdir", "os.rename", "os.link", "os.symlink"):
        return
    path = arguments[0 if event in ("open", "os.mkdir") else 1]
    if not isinstance(path, str | bytes | os.PathLike) or (event == "open" and not _creates(arguments[2])):
        return
    directory, name = os.path.split(os.fsdecode(path))
    if directory == "/tmp" and not name.startswith(_SHARED):
        _MADE.add(name)


def _creates(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & os.O_CREAT)


_SHARED = ("pytest-of-", "kazoo-sup-tests-ports-")
"""What all tests of this machine share there: their directories, and the ports that are taken."""

sys.addaudithook(_note_what_is_made)


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """See that a test leaves nothing in /tmp; what it needs it makes in a directory of its own."""
    yield
    left = sorted(name for name in _MADE if os.path.lexists(f"/tmp/{name}"))
    _MADE.clear()
    assert not left, f"left in /tmp: {', '.join(left)}"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which no settings, no state and no colours of this machine's user are found."""
    dropped = ("SUP_", "KAZOO_", "XDG_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    places = {
        "TMPDIR": temporary,
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_CACHE_HOME": home / ".cache",
    }
    return {**kept, **{name: str(place) for name, place in places.items()}, "LC_ALL": "C.UTF-8"}


@pytest.fixture
def sup(environment: dict[str, str], tmp_path: Path) -> Callable[..., Finished]:
    """Return a function that runs `sup WORDS…`.

    `env` is laid over the isolated environment; `input` is what the program reads, nothing when not given; with `tty`
    it runs on a terminal of 80 columns. With `forked`, on a terminal, or away from the main thread, it is a process of
    its own, else this one, which is faster.
    """
    streams = tmp_path / "streams"
    streams.mkdir()

    def run(
        *words: str,
        env: Mapping[str, str] | None = None,
        input: str = "",  # noqa: A002 - as in subprocess.run
        tty: bool = False,
        forked: bool = False,
    ) -> Finished:
        command, given = [SUP, *words], {**environment, **(env or {})}
        if tty:
            return _on_terminal(command, {"TERM": "xterm", "COLUMNS": "80", **given}, input)
        plainly = {"TERM": "dumb", "NO_COLOR": "1", **given}
        if not forked and in_process.possible():
            return Finished(*in_process.run(words, plainly, input, streams))
        done = subprocess.run(
            command,
            env=plainly,
            input=input,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def _on_terminal(command: list[str], environment: Mapping[str, str], typed: str) -> Finished:
    ours, theirs = pty.openpty()
    said = bytearray()
    end = time.monotonic() + TIMEOUT
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        process = subprocess.Popen(
            command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        try:
            terminal.write(typed.encode())
            while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
                try:
                    said += terminal.read(65_536)
                except OSError:  # EIO: nobody holds the other end any more
                    break
            code = process.wait(max(1, end - time.monotonic()))
        finally:
            process.kill()
            process.wait()
    return Finished(code, said.decode("utf-8", "replace").replace("\r\n", "\n"), "")


@pytest.fixture(scope="session")
def lab_cache() -> Path:
    """Return the directory with the lab's npm packages; the first run on a machine fills it."""
    return lab_server.cache_directory()


@pytest.fixture(scope="session")
def couchdb_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL, without a slash at its end, of an empty CouchDB."""
    given = os.environ.get("SUP_TEST_COUCHDB_URL", "").rstrip("/")
    if given:
        yield given
        return
    lab = lab_server.Lab(tmp_path_factory.mktemp("lab"), request.getfixturevalue("lab_cache"))
    try:
        _wipe(lab.url)
        yield lab.url
    finally:
        lab.stop()


@pytest.fixture
def cluster(couchdb_url: str) -> str:
    """Return the URL of a CouchDB that holds just what a fresh lab does."""
    _wipe(couchdb_url)
    seed.seed(couchdb_url)
    return couchdb_url


@pytest.fixture
def stored(cluster: str) -> Callable[..., Any]:
    """Return a function that gives a document as it is stored, or an attachment's bytes; None where there is none."""

    def get(database: str, identifier: str, attachment: str = "") -> Any:
        place = f"{_place(cluster, database)}/{quote(identifier, safe='')}"
        answer = requests.get(f"{place}/{attachment}".rstrip("/"), timeout=TIMEOUT)
        if not answer.ok:
            return None
        return answer.content if attachment else answer.json()

    return get


@pytest.fixture
def put(cluster: str) -> Callable[..., None]:
    """Return a function that stores documents in a database, which is made where there is none."""

    def put(database: str, *documents: Mapping[str, Any]) -> None:
        place = _place(cluster, database)
        requests.put(place, timeout=TIMEOUT)
        for each in documents:
            requests.post(place, json=each, timeout=TIMEOUT).raise_for_status()

    return put


def _place(couchdb_url: str, database: str) -> str:
    return f"{couchdb_url}/{quote(plain(database), safe='')}"


@pytest.fixture
def at(sup: Callable[..., Finished], cluster: str) -> Callable[..., Finished]:
    """Return `sup` pointed at a CouchDB as a fresh lab's, without a broker."""

    def run(*words: str, env: Mapping[str, str] | None = None, **more: Any) -> Finished:
        return sup(*words, env={"SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": "", **(env or {})}, **more)

    return run


@pytest.fixture
def speaking(at: Callable[..., Finished], broker: Any) -> Callable[..., Finished]:
    """Return `sup` as `at` does, with the tests' broker, which takes only what comes from now on."""

    def run(*words: str, env: Mapping[str, str] | None = None, **more: Any) -> Finished:
        return at(*words, env={"SUP_AMQP_URL": broker.url, **(env or {})}, **more)

    return run


def _wipe(url: str) -> None:
    """Delete every database that is not CouchDB's own."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        pytest.fail("the CouchDB for tests is not on a loopback address, and every database there would be deleted")
    with requests.Session() as session:
        for name in session.get(f"{url}/_all_dbs", timeout=TIMEOUT).json():
            if not name.startswith("_"):
                session.delete(f"{url}/{quote(name, safe='')}", timeout=TIMEOUT).raise_for_status()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real_servers.RabbitMQ]:
    """Return a broker that is this run's own; tests that stop it ask for `broker`."""
    rabbitmq = _started(real_servers.RabbitMQ, tmp_path_factory.mktemp("rabbitmq"))
    yield rabbitmq
    rabbitmq.close()


@pytest.fixture
def broker(rabbitmq: real_servers.RabbitMQ) -> Iterator[real_servers.RabbitMQ]:
    """Return a broker that a test may stop and start; after the test it runs."""
    yield rabbitmq
    rabbitmq.start()


@pytest.fixture(scope="session")
def amqp_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a RabbitMQ that nobody else publishes to."""
    given = os.environ.get("SUP_TEST_AMQP_URL")
    url: str = given or request.getfixturevalue("rabbitmq").url
    return url


@pytest.fixture(scope="session")
def started_kamailio(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: real_servers.RabbitMQ
) -> Iterator[real_servers.Kamailio]:
    """Return this run's Kamailio; tests ask for `kamailio`."""
    kamailio = _started(real_servers.Kamailio, tmp_path_factory.mktemp("kamailio"), rabbitmq.url)
    yield kamailio
    kamailio.stop()


@pytest.fixture
def kamailio(started_kamailio: real_servers.Kamailio, broker: real_servers.RabbitMQ) -> real_servers.Kamailio:
    """Return a Kamailio that listens to `broker`, also after another test has stopped that for a while."""
    real_servers.until(started_kamailio.hears, "Kamailio to be connected to the broker again")
    return started_kamailio


@pytest.fixture
def haproxy(tmp_path: Path, couchdb_url: str) -> Iterator[real_servers.HAProxy]:
    """Return an HAProxy in front of the CouchDB."""
    directory = tmp_path / "haproxy"
    directory.mkdir()
    haproxy = _started(real_servers.HAProxy, directory, couchdb_url)
    yield haproxy
    haproxy.stop()


@pytest.fixture
def haproxy_couchdb_url(haproxy: real_servers.HAProxy) -> str:
    """Return the URL of the CouchDB through an HAProxy."""
    return haproxy.url


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real_servers.ErlangNode]:
    """Return a running Erlang node that stands in for one of Kazoo's."""
    node = _started(real_servers.ErlangNode, tmp_path_factory.mktemp("node"))
    yield node
    node.stop()


def _started(server: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return server(*arguments)
    except real_servers.NotInstalled as missing:
        pytest.fail(f"{missing}, or run `make test` as root")
