"""Connections that nobody uses for a while: they are closed elsewhere, and whoever types the next line never knows."""

from __future__ import annotations

import socket

import pexpect
import pytest

from helpers import real_servers
from helpers.real_servers import SUP, until
from kazoo_sup.transports.amqp import Message, Publisher, PublishResult

pytestmark = pytest.mark.integration

PATIENCE = "200ms"
"""How long this HAProxy bears with a connection on which nothing is asked."""


@pytest.fixture
def proxy(tmp_path, cluster):
    """Give an HAProxy in front of the seeded CouchDB that soon closes what is idle."""
    directory = tmp_path / "haproxy"
    directory.mkdir()
    try:
        proxy = real_servers.HAProxy(directory, cluster, PATIENCE)
    except real_servers.NotInstalled as missing:
        pytest.fail(str(missing))
    yield proxy
    proxy.stop()


@pytest.fixture
def shell(environment, proxy):
    """Start the shell on a terminal, its CouchDB behind that HAProxy."""
    env = {**environment, "SUP_COUCHDB_URL": proxy.url, "SUP_AMQP_URL": "", "TERM": "dumb", "SUP_ZONE": "east"}
    terminal = pexpect.spawn(SUP, ["--no-events", "shell"], env=env, encoding="utf-8", timeout=600, dimensions=(40, 99))
    terminal.expect_exact("sup east> ")
    yield terminal
    terminal.close(force=True)


def typed(shell, text):
    shell.sendline(text)
    shell.expect_exact("sup east> ")
    return shell.before.partition("\r\n")[2].replace("\r\n", "\n").replace("\x1b[?2004l\r", "")


def nobody_is_connected(proxy):
    """Wait until HAProxy has closed every connection to the CouchDB behind it."""

    def sessions():
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(real_servers.STOP_SECONDS)
            admin.connect(str(proxy.admin_socket))
            admin.sendall(b"show stat\n")
            answer = b"".join(iter(lambda: admin.recv(65536), b"")).decode()
        names, *rows = [line.split(",") for line in answer.splitlines() if line]
        [row] = [row for row in rows if row[:2] == ["couchdb", "FRONTEND"]]
        return int(row[names.index("scur")])

    until(lambda: sessions() == 0, "HAProxy to close the connection")


def test_the_shell_goes_on_when_what_was_idle_is_closed(shell, proxy):
    for value in ("one", "two", "three"):
        assert "sup:" not in typed(shell, f"kapps_config set_default my_category key {value} --yes")
        nobody_is_connected(proxy)
        assert typed(shell, "kapps_config get my_category key").endswith(f'<<"{value}">>\n')
        nobody_is_connected(proxy)


def test_a_question_may_be_answered_when_what_was_idle_is_closed(shell, proxy):
    for answer, stored in (("n", "undefined"), ("y", '<<"one">>')):
        shell.sendline("kapps_config set_default speech tts_provider one")
        shell.expect_exact("Go on?")
        nobody_is_connected(proxy)
        typed(shell, answer)
        assert typed(shell, "kapps_config get speech tts_provider").endswith(f"{stored}\n")


def test_an_order_to_haproxy_may_be_thought_about(shell, proxy):
    shell.sendline(f"haproxy maintenance couchdb one unix:{proxy.admin_socket}")
    shell.expect_exact("Go on?")
    nobody_is_connected(proxy)
    assert "-> MAINT" in typed(shell, "y")


def test_a_publisher_whose_connection_was_closed_while_idle_publishes(rabbitmq):
    failed = []
    message = Message("configuration", "topic", "doc_edited.idle", b"{}")
    with Publisher([rabbitmq.url], on_failed=lambda some, _reason: failed.extend(some)) as publisher:
        for _ in range(2):
            publisher.send([message])
            until(lambda: not publisher._unsettled(), "the broker to confirm")
            rabbitmq.control("close_all_connections", "idle")
            until(lambda: publisher._lost_while_idle, "the connection to be lost")
        publisher.send([message])
        assert publisher.close() == PublishResult(3, 0, None)
    assert failed == []
