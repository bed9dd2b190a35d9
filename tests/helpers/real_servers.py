"""Real servers for tests: private ones on free loopback ports, each with all its files in one directory.

Every class starts its server when it is made and waits until it answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pika.exceptions
import requests

SUP = str(Path(sys.executable).with_name("sup"))
"""The program under test."""

START_SECONDS = 600
"""How long a server may take to answer, on a machine that has other things to do."""

STOP_SECONDS = 30

AMPLE_SECONDS = 10
"""A limit that a test waits out, within which others answer, on a machine that has other things to do."""
PAUSE = 0.1


class NotInstalled(Exception):
    """A server's program is missing."""


_given: set[int] = set()


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a loopback port that nobody listens on, from below those that the kernel hands to clients.

    It is given out once, and as long as this process lives no other one on this machine gets it here.
    """
    while True:
        # No seed: other test runs on this machine look for ports too.
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket(socket.AF_INET, kind) as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            if port not in _given:
                fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                _given.add(port)
                return port


@functools.cache
def _claims() -> int:
    """Open the file whose bytes stand for ports: the byte of a port that was given out is locked until we end."""
    path = Path(tempfile.gettempdir(), f"kazoo-sup-tests-ports-{os.getuid()}")
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)


def until(true: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> Any:
    """Wait until TRUE returns something true, and return that; WHAT names it when it does not come."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(PAUSE)


def waits(process_id: int) -> bool:
    """Tell whether a process sleeps until something comes: a signal that is sent to it now is not overlooked."""
    return Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "S"


def program(name: str, package: str, *, first: str = "") -> str:
    """Return the path of a server's program, looked for in FIRST first; NotInstalled says which package brings it."""
    places = [*([first] if first else []), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if not found:
        raise NotInstalled(f"there is no {name} on this machine: apt-get install {package}")
    return found


@contextlib.contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program beside the block, and end it with the block, so that a test that fails does not wait for it."""
    with subprocess.Popen(command, **more) as process:
        try:
            yield process
        finally:
            process.kill()


class Process:
    """A server in the foreground: its output in a file, ended by its process id."""

    def __init__(self, command: list[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self._name = Path(command[0]).name
        self.log = directory / f"{self._name}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def answers(self, ask: Callable[[], Any]) -> None:
        """Wait until ASK returns something true; fail with the log's end when the server has ended instead."""

        def asked() -> Any:
            assert self._process.poll() is None, f"{self._name} has ended:\n{self.text()[-3000:]}"
            return ask()

        try:
            until(asked, f"{self._name} to answer")
        except BaseException:
            self.stop()
            raise

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_SECONDS)


class RabbitMQ:
    """A broker with its management API, and an epmd of its own, so that it never meets another Erlang node here.

    It may leave STATISTICS to somebody else, as brokers do that are watched by Prometheus.
    """

    def __init__(self, directory: Path, *, statistics: bool = True) -> None:
        self._directory = directory
        # Debian's one in /usr/sbin becomes the user rabbitmq when root calls it; the one behind it stays who it is.
        self._program = program("rabbitmq-server", "rabbitmq-server", first="/usr/lib/rabbitmq/bin")
        port, epmd_port = free_port(), str(free_port())
        self.url = f"amqp://guest:guest@127.0.0.1:{port}"
        api_port = free_port()
        self.api_url = f"http://guest:guest@127.0.0.1:{api_port}"
        # As `rabbitmq-plugins enable rabbitmq_management` leaves it.
        (directory / "enabled_plugins").write_text("[rabbitmq_management].\n", encoding="utf-8")
        lines = ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {api_port}"]
        if not statistics:
            lines += ["management_agent.disable_metrics_collector = true", "management.disable_stats = true"]
        (directory / "rabbitmq.conf").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self._environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))},
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": epmd_port,
            "RABBITMQ_NODENAME": f"sup-test-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            # Its start script is then replaced by the broker, instead of waiting for it: one process to end.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        epmd = program("epmd", "erlang-base")
        self._epmd = Process([epmd, "-address", "127.0.0.1", "-port", epmd_port], directory)
        self._broker: Process | None = None
        try:
            self.start()
        except BaseException:
            self._epmd.stop()
            raise

    def start(self) -> None:
        """Start the broker, unless it runs, with what it knew when it was stopped."""
        if self._broker is None:
            self._broker = Process([self._program], self._directory, self._environment)
            self._broker.answers(lambda: self._takes_connections() and self._tells())

    def stop(self) -> None:
        """End the broker; it can be started again, under the same address."""
        if self._broker:
            self._broker.stop()
            self._broker = None

    def virtual_host(self, name: str) -> str:
        """Make a virtual host, unless it is there; return its URL: what is published there is heard there alone."""
        requests.put(f"{self.api_url}/api/vhosts/{name}", timeout=START_SECONDS).raise_for_status()
        return f"{self.url}/{name}"

    def tells_all(self) -> bool:
        """Tell whether it has statistics of its node and of every queue: they come seconds after what they are of."""
        nodes, queues = (
            requests.get(f"{self.api_url}/api/{kind}", timeout=START_SECONDS).json() for kind in ("nodes", "queues")
        )
        return all("fd_used" in node for node in nodes) and all("consumers" in queue for queue in queues)

    def control(self, *words: str) -> None:
        """Have the broker do what rabbitmqctl can."""
        command = [program("rabbitmqctl", "rabbitmq-server", first="/usr/lib/rabbitmq/bin"), *words]
        subprocess.run(command, env=self._environment, check=True, capture_output=True, timeout=START_SECONDS)

    def close(self) -> None:
        """End the broker for good."""
        self.stop()
        self._epmd.stop()

    def _takes_connections(self) -> bool:
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except pika.exceptions.AMQPError:
            return False
        return True

    def _tells(self) -> bool:
        try:
            return requests.get(f"{self.api_url}/api/overview", timeout=START_SECONDS).ok
        except requests.ConnectionError:
            return False


DISPATCHER_LIST = """\
1 sip:127.0.0.1:11000 0 10 duid=fs1;weight=50
1 sip:127.0.0.2:11000 0 5
2 sip:127.0.0.3:11000
"""


def accepts(port: int) -> bool:
    """Return whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), START_SECONDS).close()
    except OSError:
        return False
    return True


class Kamailio:
    """A Kamailio that is bound to the exchanges `configuration`, `switch` and `registrar` of a broker.

    It takes commands over every way there is, at `urls`; datagrams come over UDP when asked for. Without a broker it
    only does that. `sip_port` is where it takes SIP over UDP. Started by root it can become another USER.
    """

    def __init__(
        self, directory: Path, amqp_url: str | None = None, *, udp: bool = False, user: str | None = None
    ) -> None:
        self._amqp_url = amqp_url
        self.sip_port = free_port(socket.SOCK_DGRAM)
        http, ctl, datagrams = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
        self.urls = {
            "http": f"http://127.0.0.1:{http}/RPC",
            "datagrams": f"udp://127.0.0.1:{datagrams}" if udp else f"unix:{directory}/datagrams",
            "fifo": f"fifo:{directory}/fifo",
            "ctl": f"binrpc:{directory}/ctl",
            "ctl_tcp": f"binrpc://127.0.0.1:{ctl}",
        }
        words = {
            "SIP_PORT": str(self.sip_port),
            "HTTP_PORT": str(http),
            "CTL_PORT": str(ctl),
            "DIRECTORY": str(directory),
            "DATAGRAMS": f"udp:127.0.0.1:{datagrams}" if udp else f"{directory}/datagrams",
            "AMQP_URL": amqp_url or "amqp://guest:guest@127.0.0.1:1",
            "QUEUE": f"kamailio-{uuid.uuid4().hex}",
        }
        (directory / "dispatcher.list").write_text(DISPATCHER_LIST, encoding="utf-8")
        text = Path(__file__).with_name("kamailio.cfg").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        configuration = directory / "kamailio.cfg"
        configuration.write_text(text, encoding="utf-8")
        command = [program("kamailio", "kamailio kamailio-kazoo-modules"), "-f", str(configuration), "-DD", "-E"]
        if not list(Path("/usr/lib").glob("*/kamailio/modules/kazoo.so")):
            raise NotInstalled("Kamailio has no kazoo module on this machine: apt-get install kamailio-kazoo-modules")
        places = ["-P", str(directory / "pid"), "-w", str(directory), "-Y", str(directory)]
        become = ["-u", user] if user else []
        self._process = Process([*command, *places, *become, "-m", "64", "-M", "8"], directory)
        self._process.answers(self.hears if amqp_url else (directory / "ctl").exists)
        for port in (http, ctl):
            self._process.answers(partial(accepts, port))

    def events(self) -> list[dict[str, Any]]:
        """Return what it has heard so far; its processes share the work, so it is not always in order."""
        *lines, _unfinished = self._process.text().split("\n")
        return [json.loads(line.partition("AMQP EVENT ")[2]) for line in lines if "AMQP EVENT " in line]

    def event(self, **wanted: str) -> dict[str, Any]:
        """Wait for an event with these fields (a `_` in their names stands for a `-`), and return it."""

        def found() -> dict[str, Any] | None:
            for event in self.events():
                if all(event.get(key.replace("_", "-")) == value for key, value in wanted.items()):
                    return event
            return None

        event: dict[str, Any] = until(found, f"Kamailio to hear of {wanted}")
        return event

    def hears(self) -> bool:
        """Tell whether a message to each exchange reaches it now; after the broker was away it takes a while."""
        probe = uuid.uuid4().hex
        keys = {"configuration": "probe", "switch": "switch.probe", "registrar": "registration.probe"}
        assert self._amqp_url
        try:
            with pika.BlockingConnection(pika.URLParameters(self._amqp_url)) as connection:
                channel = connection.channel()
                for exchange, key in keys.items():
                    channel.exchange_declare(exchange, "topic")
                    body = {"Event-Category": "probe", "Event-Name": exchange, "Msg-ID": probe}
                    channel.basic_publish(exchange, key, json.dumps(body).encode())
        except pika.exceptions.AMQPError:
            return False
        time.sleep(0.5)
        return keys.keys() == {event["Event-Name"] for event in self.events() if event.get("Msg-ID") == probe}

    def stop(self) -> None:
        self._process.stop()


HAPROXY = """\
global
    stats socket {directory}/admin mode 600 level admin
    stats socket {directory}/user mode 600 level user
    stats socket ipv4@127.0.0.1:{stats_port} level admin
    stats timeout {patience}
defaults
    mode http
    timeout http-keep-alive {patience}
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen couchdb
    bind 127.0.0.1:{port}
    server one {host}:{backend_port}
backend pair
    server db1 127.0.0.1:{backend_port}
    server db2 127.0.0.2:{backend_port} weight 50
"""


class HAProxy:
    """An HAProxy in front of one CouchDB, as it stands on every Kazoo node, with stats sockets over unix and TCP.

    `user_socket` has only the rights of a user. The backend `pair` gets no requests. PATIENCE is how long it bears with
    a connection on which nothing is asked.
    """

    def __init__(self, directory: Path, couchdb_url: str, patience: str = "60s") -> None:
        backend = urlsplit(couchdb_url)
        port = free_port()
        credentials, at, _address = backend.netloc.rpartition("@")
        self.url = backend._replace(netloc=f"{credentials}{at}127.0.0.1:{port}").geturl()
        self.admin_socket, self.user_socket = directory / "admin", directory / "user"
        stats_port = free_port()
        self.admin_address = f"127.0.0.1:{stats_port}"
        configuration = directory / "haproxy.cfg"
        configuration.write_text(
            HAPROXY.format(
                directory=directory,
                port=port,
                stats_port=stats_port,
                patience=patience,
                host=backend.hostname,
                backend_port=backend.port or 80,
            ),
            encoding="utf-8",
        )
        self._process = Process([program("haproxy", "haproxy"), "-db", "-f", str(configuration)], directory)
        self._process.answers(lambda: self.status() == requests.codes.ok)

    def status(self) -> int | None:
        """Return the HTTP status that somebody who asks for the welcome page gets now."""
        try:
            return requests.get(self.url, timeout=START_SECONDS).status_code
        except requests.ConnectionError:
            return None

    def backend_down(self) -> None:
        """Answer every request with HAProxy's own page of a service that is not available."""
        self.order("disable server couchdb/one")

    def backend_up(self) -> None:
        self.order("enable server couchdb/one")

    def stop(self) -> None:
        self._process.stop()

    def order(self, line: str) -> None:
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(STOP_SECONDS)
            admin.connect(str(self.admin_socket))
            admin.sendall(f"{line}\n".encode())
            answer = admin.recv(1000).decode().strip()
        assert not answer, f"HAProxy answers {line!r} with {answer!r}"


class ErlangNode:
    """A node as Kazoo's run: with short names, a cookie, an epmd of its own, and the modules of tests/helpers/erlang.

    More words for `erl` can be given; `host` is what stands behind the @ of its name, `address` where it listens.
    """

    def __init__(
        self,
        directory: Path,
        *words: str,
        name: str = "kazoo_apps",
        epmd_port: int | None = None,
        host: str = "localhost",
        cookie: str = "a-cookie-of-the-tests",
        address: str = "{127,0,0,1}",
    ) -> None:
        self.cookie = cookie
        erl, compiler = program("erl", "erlang-nox"), program("erlc", "erlang-nox")
        sources = sorted(str(each) for each in Path(__file__).with_name("erlang").glob("*.erl"))
        subprocess.run(
            [compiler, "-o", str(directory), *sources], check=True, capture_output=True, timeout=START_SECONDS
        )
        self.name = f"{name}@{host}"
        self.epmd_port = epmd_port or free_port()
        self._epmd = None
        environment = {key: text for key, text in os.environ.items() if not key.startswith("ERL_")}
        environment |= {"HOME": str(directory), "ERL_EPMD_PORT": str(self.epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        if epmd_port is None:
            epmd = program("epmd", "erlang-base")
            self._epmd = Process([epmd, "-address", "127.0.0.1", "-port", str(self.epmd_port)], directory)
        names = ["-name" if "." in host else "-sname", self.name, "-setcookie", self.cookie]
        loopback = ["-kernel", "inet_dist_use_interface", address]
        command = [erl, *names, "-noinput", "-pa", str(directory), *loopback, *words]
        self._process = Process(command, directory, environment)
        try:
            self._process.answers(self._is_registered)
        except BaseException:
            self.stop()
            raise

    def _is_registered(self) -> bool:
        short = self.name.partition("@")[0].encode()
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.epmd_port), START_SECONDS) as epmd,
        ):
            epmd.sendall(b"\0\x01n")
            answer = b""
            while piece := epmd.recv(4096):
                answer += piece
            return b"name " + short + b" at" in answer
        return False

    def stop(self) -> None:
        self._process.stop()
        if self._epmd:
            self._epmd.stop()
