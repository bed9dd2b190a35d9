"""Who is waited for: what a run says of it to somebody who looks on."""

from __future__ import annotations

import re
import sys
import threading

import pytest

from helpers.byte_server import ByteServer, Silence
from kazoo_sup.cli import patience
from kazoo_sup.cli.patience import Patience
from kazoo_sup.errors import SupError
from kazoo_sup.transports import esl, http, kamailio, waits
from kazoo_sup.transports.amqp import Conversation
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.haproxy import StatsSocket
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server
from kazoo_sup.transports.waits import waiting_for


@pytest.fixture(autouse=True)
def _own_waits(monkeypatch):
    """Whom a thread of another test still waits for is nothing of these."""
    monkeypatch.setattr(waits, "_waits", {})
    monkeypatch.setattr(waits, "_told", set())


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(patience, "WONDERING", 0.0)
    monkeypatch.setattr(patience, "_LOOK_EVERY", 0.01)


def test_nobody_is_waited_for_outside_of_a_wait():
    assert waits.doing() == ""
    again = waiting_for("CouchDB", "192.0.2.1:5984")
    with waiting_for("CouchDB", "192.0.2.1:5984"), waiting_for("RabbitMQ", "192.0.2.2:15672"), again:
        assert waits.doing() == " waiting for CouchDB at 192.0.2.1:5984, RabbitMQ at 192.0.2.2:15672"
    with pytest.raises(ZeroDivisionError), waiting_for("CouchDB", "192.0.2.1:5984"):
        raise ZeroDivisionError
    assert waits.doing() == ""


def test_somebody_who_looks_on_is_told_once(at_once, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    said, told = [], threading.Event()

    def say(sentence):
        said.append(sentence)
        told.set()

    with Patience(say, quiet=False):
        for _again in range(3):
            with waiting_for("CouchDB", "192.0.2.1:5984"):
                assert told.wait(600)
    [sentence] = said
    assert re.fullmatch(r"waiting for CouchDB at 192\.0\.2\.1:5984 \(\d+ s so far\)", sentence)


@pytest.mark.parametrize(("terminal", "quiet"), [(False, False), (True, True)])
def test_nobody_is_told_where_nobody_looks(at_once, monkeypatch, terminal, quiet):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    before = set(threading.enumerate())
    with Patience(pytest.fail, quiet=quiet):
        assert set(threading.enumerate()) <= before


class TestEveryTransport:
    """Whatever waits for a server's answer says so meanwhile, and no more once that has come or failed."""

    @pytest.fixture
    def asked(self, monkeypatch):
        """Return a function that gives who was waited for while ASK waited for a server that says nothing."""

        class Noted(dict):
            def __setitem__(self, mark, wait):
                whom.add(wait.whom)
                super().__setitem__(mark, wait)

        whom = set()
        monkeypatch.setattr(waits, "_waits", Noted())

        def asked(ask):
            with pytest.raises(SupError):
                ask()
            assert waits.now() == []
            return whom

        return asked

    @pytest.fixture
    def silent(self):
        def say_nothing(_request):
            yield from ()
            raise Silence

        with ByteServer(say_nothing) as server:
            yield server

    def test_couchdb(self, asked, silent):
        url = f"http://127.0.0.1:{silent.port}"
        ask = CouchDB([Server(url)], timeouts=Timeouts(read=0.5, retry=0)).info
        assert asked(ask) == {f"CouchDB at 127.0.0.1:{silent.port}"}

    def test_other_http(self, asked, silent):
        there = http.Place(f"http://127.0.0.1:{silent.port}", "Telnyx")
        server = http.HTTP(there, timeouts=http.Timeouts(read=0.5, retry=0))
        assert asked(lambda: server.request("GET")) == {f"Telnyx at 127.0.0.1:{silent.port}"}

    def test_freeswitch(self, asked, silent):
        there = esl.Endpoint("FreeSWITCH fs1", "127.0.0.1", silent.port)
        ask = esl.EventSocket(there, connect_timeout=0.5, read_timeout=0.5).connect
        assert asked(ask) == {f"FreeSWITCH fs1 at 127.0.0.1:{silent.port}"}

    @pytest.mark.parametrize("scheme", ["binrpc", "http"])
    def test_kamailio(self, asked, silent, scheme):
        server = Server(f"{scheme}://127.0.0.1:{silent.port}")
        [said] = asked(lambda: kamailio.call(server, "core.version", connect=0.5, read=0.5))
        assert said.startswith("Kamailio at ")
        assert str(silent.port) in said

    def test_haproxy(self, asked, silent):
        stats = StatsSocket("HAProxy lb", f"tcp://127.0.0.1:{silent.port}", 0.5, 0.5)
        assert asked(lambda: list(stats.lines("show", "info"))) == {f"HAProxy lb at 127.0.0.1:{silent.port}"}

    def test_rabbitmq(self, asked, silent):
        talk = Conversation([f"amqp://127.0.0.1:{silent.port}"], [], name="sup@here", timeout=0.5)
        assert asked(talk.__enter__) == {f"RabbitMQ at 127.0.0.1:{silent.port}"}


def test_where_the_page_tells_of_every_server_nobody_is_told_meanwhile():
    with waits.waiting_for("CouchDB", "here"):
        with waits.told_anyway():
            assert waits.is_told()
            assert [each.whom for each in waits.now()] == ["CouchDB at here"]  # which -t still names
        assert not waits.is_told()
