"""What all transports do alike."""

import errno
import importlib
import itertools
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import closing

import pytest
import requests
import urllib3
from pika import exceptions as pika

from kazoo_sup.errors import Delivered, ServerUnreachable, TimedOut
from kazoo_sup.transports import absent, kamailio
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.net import Address, Cause, Deadline, Retry, connect, looked_up, one_line, why
from kazoo_sup.transports.server import Server

NO, MAYBE = Delivered.NO, Delivered.MAYBE


def wrapped(error: Exception) -> Exception:
    """Return an error as requests hands it on."""
    return requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", error))


@pytest.mark.parametrize(
    ("error", "cause", "reason", "delivered"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), Cause.REFUSED, "connection refused", NO),
        (socket.gaierror(socket.EAI_NONAME, "Name unknown"), Cause.NO_NAME, "no such host", NO),
        (socket.gaierror(socket.EAI_AGAIN, "x"), Cause.NO_NAME_SERVER, "the name server does not answer", NO),
        ("\udc80".join, Cause.NO_NAME, "that is not a host name", NO),
        (OSError(errno.EHOSTUNREACH, "No route to host"), Cause.NO_CONNECTION, "no route to host", MAYBE),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), Cause.CLOSED, "connection reset", MAYBE),
        (TimeoutError("timed out"), Cause.SILENCE, "no answer", MAYBE),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong"),
            Cause.TLS,
            "TLS: [SSL: WRONG_VERSION_NUMBER] wrong",
            MAYBE,
        ),
        (
            wrapped(ConnectionResetError()),
            Cause.CLOSED,
            "it closed the connection before its answer was complete",
            MAYBE,
        ),
        (urllib3.exceptions.DecodeError("x"), Cause.GARBLED, "its answer is not compressed as announced", MAYBE),
        (pika.ProbableAuthenticationError("x"), Cause.NO_LOGIN, "the broker refused the credentials", NO),
        (pika.ConnectionClosedByBroker(320, "CONNECTION_FORCED"), Cause.CLOSED, "CONNECTION_FORCED", MAYBE),
        (ValueError("Odd."), Cause.NO_CONNECTION, "odd", NO),
    ],
)
def test_errors_of_others_are_told_in_our_words(error, cause, reason, delivered):
    if callable(error):
        with pytest.raises(UnicodeError) as raised:
            "\udc80".encode()
        error = raised.value
    found = why(error)
    assert (found.cause, found.reason, found.delivered) == (cause, reason, delivered)


def test_the_last_of_several_attempts_of_pika_counts():
    attempts = [OSError(errno.ENETUNREACH, "Network is unreachable"), OSError(errno.EHOSTUNREACH, "No route to host")]
    error = pika.AMQPConnectionError()
    error.exceptions = attempts
    assert why(error).reason == "no route to host"


HALF_IMPORTED = """
import sys, threading
half, go = threading.Event(), threading.Event()
sys.halves = half, go
from kazoo_sup.transports.net import why

found = []
importing = threading.Thread(target=__import__, args=("pika",))
telling = threading.Thread(target=lambda: found.append(why(ConnectionResetError(104, "Connection reset")).reason))
importing.start()
half.wait()
telling.start()
telling.join(0.5)
go.set()
telling.join()
print(found)
"""


def test_an_error_is_told_while_another_thread_imports_a_library(tmp_path):
    adapters = tmp_path / "pika" / "adapters" / "utils"
    adapters.mkdir(parents=True)
    for package in (adapters, adapters.parent):
        (package / "__init__.py").touch()
    (adapters / "connection_workflow.py").write_text("class AMQPConnectorStackTimeout(Exception): pass\n")
    (tmp_path / "pika" / "exceptions.py").write_text("def __getattr__(name): return type(name, (Exception,), {})\n")
    (tmp_path / "pika" / "__init__.py").write_text(
        "import sys\nfrom pika import exceptions\nhalf, go = sys.halves\nhalf.set()\ngo.wait()\n"
        "from pika.adapters.utils import connection_workflow\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", HALF_IMPORTED],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("['connection reset']\n", "")


def test_an_address_is_shown_as_people_write_it():
    assert str(Address("h", 80)) == "h:80"
    assert str(Address("::1", 80)) == "[::1]:80"


@pytest.mark.parametrize("buffer", [None, 1 << 16])
def test_who_is_not_reached_is_named_with_the_reason(tmp_path, buffer):
    with pytest.raises(ServerUnreachable, match="^cannot reach X at 127.0.0.1:1: connection refused$") as error:
        connect(Address("127.0.0.1", 1), 1, called="X", buffer=buffer)
    assert (error.value.delivered, error.value.seconds) == (NO, None)
    with pytest.raises(ServerUnreachable, match=f"^cannot reach X at {tmp_path}/no: no such file or directory$"):
        connect(f"{tmp_path}/no", 1, called="X")


def test_who_says_nothing_was_waited_for(monkeypatch):
    def silent(*_):
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", silent)
    with pytest.raises(ServerUnreachable, match="no answer within 0.5 s") as error:
        connect(Address("127.0.0.1", 1), 0.5, called="X")
    assert error.value.seconds == 0.5


@pytest.fixture
def mute_name_server(monkeypatch):
    """A resolver that does not come back before the test ends, as while no name server answers."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [over.wait()][:0])
    yield
    over.set()


@pytest.mark.usefixtures("mute_name_server")
class TestMuteNameServer:
    SENTENCE = "the name server does not answer$"

    @pytest.mark.parametrize("buffer", [None, 1000])
    def test_it_is_given_up_in_the_time_of_a_connection(self, buffer):
        with pytest.raises(ServerUnreachable, match=self.SENTENCE):
            connect(Address("there.example", 1), 0.01, called="it", buffer=buffer)

    def test_over_http_too(self):
        server, timeouts = Server("http://there.example:1"), Timeouts(connect=0.01, retry=0)
        couchdb = CouchDB([server], timeouts=timeouts)
        with closing(couchdb), pytest.raises(ServerUnreachable, match=self.SENTENCE):
            couchdb.info()

    def test_over_datagrams_too(self):
        with pytest.raises(ServerUnreachable, match=self.SENTENCE):
            kamailio.call(Server("udp://there.example:1"), "core.version", connect=0.01, read=1)

    def test_a_signal_does_not_wait_for_it(self):
        def ring(*_):
            raise InterruptedError

        before = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            with pytest.raises(InterruptedError):
                looked_up("there.example", 1, 3600)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def test_a_deadline_ends():
    assert 59 < Deadline(60).left <= 60
    with pytest.raises(TimedOut, match=r"^timed out after 0 s waiting for x$"):
        _ = Deadline(0, " waiting for x").left


def test_pauses_grow_to_the_longest_and_come_to_an_end_or_not():
    assert list(Retry(1, tries=4).pauses()) == [1, 2, 4]
    assert list(itertools.islice(Retry(1, longest=3).pauses(), 5)) == [1, 2, 3, 3, 3]
    assert all(0.5 <= pause <= 1.5 for pause in itertools.islice(Retry(1, longest=1, spread=0.5).pauses(), 50))


def test_what_servers_say_is_one_short_line():
    assert one_line("a\x1b[2J\r\n b. ") == "a [2J b"
    assert one_line({"a": 1}) == '{"a": 1}'
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line(None) == ""


def test_modules_that_are_absent_for_a_while(monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    before = sys.modules["json"]
    with absent("json", "this"):
        for name in ("json", "this"):
            with pytest.raises(ImportError):
                importlib.import_module(name)
    assert sys.modules["json"] is before
    assert "this" not in sys.modules
