"""What comes over a connection to a node beside results: nothing of it is lost, and a connection that waits is kept."""

from __future__ import annotations

import socket
import threading

import pytest
from test_erlang_client import IO, WORKER
from test_erlang_releases import COOKIE, OURS, RELEASES, Acceptor

from kazoo_sup.terms.shapes import Pid
from kazoo_sup.terms.values import OK, Atom
from kazoo_sup.transports.erlang.channel import TICK
from kazoo_sup.transports.erlang.connection import Endpoint, Node
from kazoo_sup.transports.erlang.external import decode, decode_first, encode
from kazoo_sup.transports.erlang.failures import NodeLost

LONG = 600
PID = Pid("sup_1@ops.example.org", 1, 0, 9)


class PlayedNode:
    """A node that has one connection, over which a test says and hears what it likes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._there = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        self._connection, _from = self._listener.accept()
        self._connection.settimeout(LONG)
        node = Acceptor(RELEASES[-1], caller="")
        while not node.done:
            self._connection.sendall(node.receive(self._connection.recv(65_536)))
        self._there.set()

    def frame(self) -> bytes:
        """Return the next frame that comes, with its length."""
        assert self._there.wait(LONG)
        head = self._exactly(4)
        return head + self._exactly(int.from_bytes(head, "big"))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._connection.recv(size - len(data))
            assert piece, "it was closed"
            data += piece
        return data

    def called(self):
        """Take a call; return what its result has to refer to, and who called."""
        data = self.frame()
        _control, end = decode_first(data[5:])
        _call, (pid, reference), _asked = decode(data[5 + end :])
        return pid, reference

    def say(self, *frames: bytes) -> None:
        self._connection.sendall(b"".join(frames))

    def close(self) -> None:
        self._listener.close()
        if self._there.is_set():
            self._connection.close()


def frame(to, message):
    body = b"\x70" + encode((2, Atom(""), to)) + encode(message)
    return len(body).to_bytes(4, "big") + body


def printing(to, text):
    return frame(to, (IO, WORKER, 1, (Atom("put_chars"), Atom("unicode"), text)))


@pytest.fixture
def played():
    node = PlayedNode()
    yield node
    node.close()


@pytest.fixture
def link(played):
    there = Endpoint(name=OURS, cookie=COOKIE, host="127.0.0.1", port=played.port)
    with Node(there, own_host="ops.example.org", connect_timeout=LONG, largest=1 << 20) as link:
        yield link


def calling(link, **more):
    """Call a function aside; return what waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(link.call("m", "f", [], **more)), daemon=True)
    thread.start()

    def result():
        thread.join(LONG)
        return decode(results[0])

    return result


def test_what_is_printed_in_one_piece_with_a_result_is_shown_with_what_comes_next(played, link):
    shown = []
    first = calling(link, show=shown.append)
    pid, reference = played.called()
    played.say(frame(pid, (reference, 1)), printing(pid, "and then\n"))
    assert (first(), shown) == (1, [])
    second = calling(link, show=shown.append)
    played.frame()  # the answer to who prints
    pid, reference = played.called()
    played.say(frame(pid, (reference, 2)))
    assert (second(), shown) == (2, ["and then\n"])


def test_what_is_asked_for_in_one_piece_with_a_result_is_answered(played, link):
    first = calling(link)
    pid, reference = played.called()
    request = (IO, WORKER, 7, (Atom("get_line"), Atom("unicode"), "name? "))
    played.say(frame(pid, (reference, 1)), frame(pid, request))
    assert first() == 1
    second = calling(link, ask=lambda prompt, _secret: f"to {prompt}\n")
    pid, reference = played.called()
    data = played.frame()
    _control, end = decode_first(data[5:])
    assert decode(data[5 + end :]) == (Atom("io_reply"), 7, "to name? \n")
    played.say(frame(pid, (reference, 2)))
    assert second() == 2


class TestAttended:
    def test_ticks_are_answered_and_what_is_printed_is_shown(self, played, link):
        shown, told = [], threading.Event()

        def show(text):
            shown.append(text)
            told.set()

        with link.attended(show):
            played.say(TICK)
            assert played.frame() == TICK
            played.say(printing(PID, "meanwhile\n"))
            assert told.wait(LONG)
        assert shown == ["meanwhile\n"]

    def test_functions_may_be_called_meanwhile(self, played, link):
        with link.attended(lambda _text: None):
            result = calling(link)
            pid, reference = played.called()
            played.say(frame(pid, (reference, OK)), TICK)
            assert result() == OK
            assert played.frame() == TICK

    def test_a_node_that_goes_away_is_told_by_the_next_call(self, played, link):
        with link.attended(lambda _text: None):
            played.say(TICK)
            assert played.frame() == TICK
            played.close()
        with pytest.raises(NodeLost):
            link.call("m", "f", [])
