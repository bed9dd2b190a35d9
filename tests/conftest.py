"""The servers that tests use, each started when the first test asks for it and stopped at the end, and `sup` itself.

A server whose program is missing fails the tests that need it, with what to install; nothing is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from servers import HAProxy, Kamailio, Lab, NotInstalled, RabbitMQ, lab_packages

from kazoo_sup.lab.seed import seed

SUP = str(Path(sys.executable).with_name("sup"))
TIMEOUT = 120


@dataclass(frozen=True)
class Result:
    """What one run of `sup` exited with and printed."""

    code: int
    out: str
    err: str


Sup = Callable[..., Result]


def started(server: Callable[[], Any]) -> Any:
    """Start a server, or fail with what to install."""
    try:
        return server()
    except NotInstalled as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def lab_cache() -> Path:
    """Give the directory with the npm packages of the lab's server, kept from run to run."""
    if given := os.environ.get("SUP_TEST_LAB_DIR"):
        cache = Path(given)
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kazoo-sup-tests"
    lab_packages(cache)
    return cache


@pytest.fixture(scope="session")
def couchdb_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a CouchDB: the one that SUP_TEST_COUCHDB_URL names, else a lab of our own."""
    if url := os.environ.get("SUP_TEST_COUCHDB_URL"):
        yield url.rstrip("/")
        return
    lab = Lab(tmp_path_factory.mktemp("couchdb"), request.getfixturevalue("lab_cache"))
    yield lab.url
    lab.stop()


@pytest.fixture
def empty_couchdb(couchdb_url: str) -> str:
    """Give the CouchDB without any database; refuses to empty one that is not on this machine."""
    assert urlsplit(couchdb_url).hostname in {"127.0.0.1", "localhost", "::1"}
    for name in requests.get(f"{couchdb_url}/_all_dbs", timeout=TIMEOUT).json():
        if not name.startswith("_"):
            requests.delete(f"{couchdb_url}/{quote(name, safe='')}", timeout=TIMEOUT).raise_for_status()
    return couchdb_url


@pytest.fixture
def cluster(empty_couchdb: str) -> str:
    """Give the CouchDB with the lab's databases and documents, and no others."""
    seed(empty_couchdb)
    return empty_couchdb


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """Give a broker that a test may stop; one that does starts it again."""
    broker = started(lambda: RabbitMQ(tmp_path_factory.mktemp("rabbitmq")))
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def amqp_url(request: pytest.FixtureRequest) -> str:
    """Give a broker's address: the one that SUP_TEST_AMQP_URL names, else our own."""
    return os.environ.get("SUP_TEST_AMQP_URL") or request.getfixturevalue("broker").url


@pytest.fixture(scope="session")
def kamailio(tmp_path_factory: pytest.TempPathFactory, broker: RabbitMQ) -> Iterator[Kamailio]:
    """Give a Kamailio that listens to our broker."""
    kamailio = started(lambda: Kamailio(tmp_path_factory.mktemp("kamailio"), broker.url))
    yield kamailio
    kamailio.stop()


@pytest.fixture
def haproxy(tmp_path: Path, couchdb_url: str) -> Iterator[HAProxy]:
    """Give an HAProxy in front of the CouchDB."""
    haproxy = started(lambda: HAProxy(tmp_path, couchdb_url))
    yield haproxy
    haproxy.stop()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment for runs of `sup`: a home of its own, no settings, no broker."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("SUP_", "KAZOO_", "XDG_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "HOME": str(tmp_path), "SUP_AMQP_URL": "", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}


@pytest.fixture
def sup(environment: dict[str, str]) -> Sup:
    """Give a function that runs the real program in a process of its own, with nothing on standard input."""

    def run(*words: str, env: Mapping[str, str] | None = None, timeout: float = TIMEOUT) -> Result:
        command: Sequence[str] = [SUP, *map(str, words)]
        done = subprocess.run(
            command,
            env={**environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def at(sup: Sup, cluster: str) -> Sup:
    """Give `sup` pointed at the seeded CouchDB."""

    def run(*words: str, env: Mapping[str, str] | None = None, **more: float) -> Result:
        return sup(*words, env={"SUP_COUCHDB_URL": cluster, **(env or {})}, **more)

    return run
