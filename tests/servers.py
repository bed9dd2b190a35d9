"""Real servers for tests: private ones on free loopback ports, each with all its files in one directory.

Every class starts its server when it is made (or with `start`), waits until it answers, and ends it with `stop`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pika
import pika.exceptions
import requests

from kazoo_sup.lab import server

START_SECONDS = 120
"""How long a server may take to answer, on a machine that has other things to do."""

STOP_SECONDS = 30
PAUSE = 0.1


class NotInstalled(Exception):
    """A server's program is missing."""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a loopback port that nobody listens on, from below those that the kernel hands to clients."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket(socket.AF_INET, kind) as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def until(true: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> Any:
    """Wait until TRUE returns something true, and return that; WHAT names it when it does not come."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(PAUSE)


def program(name: str, package: str, *elsewhere: str) -> str:
    """Return the path of a server's program; NotInstalled says which Debian package brings it."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", *elsewhere]))
    if not found:
        raise NotInstalled(f"there is no {name} on this machine: apt-get install {package}")
    return found


class Process:
    """A server in the foreground: its output in a file, ended by its process id."""

    def __init__(self, command: list[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = directory / f"{Path(command[0]).name}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def answers(self, ask: Callable[[], Any]) -> None:
        """Wait until ASK returns something true; fail with the log's end when the server has ended instead."""

        def asked() -> Any:
            assert self._process.poll() is None, f"{self._process.args[0]} has ended:\n{self.text()[-3000:]}"
            return ask()

        try:
            until(asked, f"{self._process.args[0]} to answer")
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
    """A broker with an epmd of its own, so that it never meets another Erlang node of this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._program = program("rabbitmq-server", "rabbitmq-server", "/usr/lib/rabbitmq/bin")
        # The one in the PATH becomes the user rabbitmq when root calls it; the one behind it stays who it is.
        if os.access(behind := "/usr/lib/rabbitmq/bin/rabbitmq-server", os.X_OK):
            self._program = behind
        port, self._epmd_port = free_port(), free_port()
        self._port = port
        self.url = f"amqp://guest:guest@127.0.0.1:{port}"
        self._environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))},
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
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
        self._epmd = Process([program("epmd", "erlang-base"), "-address", "127.0.0.1", "-port", str(self._epmd_port)], directory)
        self._broker: Process | None = None
        self.start()

    def start(self) -> None:
        """Start the broker, unless it runs, with what it knew when it was stopped."""
        if self._broker is None:
            self._broker = Process([self._program], self._directory, self._environment)
            self._broker.answers(self._takes_connections)

    def stop(self) -> None:
        """End the broker; it can be started again, under the same address."""
        if self._broker:
            self._broker.stop()
            self._broker = None

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
