"""An answer that is there counts, be it that its time was over before this host came to read it."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace

import pytest

from kazoo_sup.errors import TimedOut
from kazoo_sup.transports import haproxy, net
from kazoo_sup.transports.esl import connection as esl
from kazoo_sup.transports.http.connections import _Clock, _TimedReader
from kazoo_sup.transports.kamailio import ctl, datagram
from kazoo_sup.transports.net import Deadline


@pytest.fixture
def asleep(monkeypatch):
    """Have an hour pass between any two looks at the clock."""
    hours = iter(range(10**6))
    monkeypatch.setattr(net, "time", SimpleNamespace(monotonic=lambda: 3600.0 * next(hours)))


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_what_has_come_is_looked_for_once_a_deadline_has_passed():
    deadline = Deadline(-1)
    assert 0 < deadline.wait <= net.LOOK
    with pytest.raises(TimedOut):
        deadline.left  # noqa: B018 - raises


def test_who_sends_on_and_on_comes_to_an_end(asleep):
    deadline = Deadline(1)
    assert deadline.wait == net.LOOK
    with pytest.raises(TimedOut):
        deadline.wait  # noqa: B018 - raises


@pytest.mark.parametrize("seconds", [-1, 0])
def test_datagrams_of_kamailio(seconds):
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.send(json.dumps({"jsonrpc": "2.0", "result": "pong", "id": 7}).encode())
        assert datagram._answer(ours, 7, SimpleNamespace(waiting=""), seconds) == "pong"


def test_pieces_of_a_ctl_socket(pair):
    pair[1].sendall(b"abcd")
    assert ctl._exactly(pair[0], 4, None, Deadline(-1)) == b"abcd"


def test_a_body_over_http(pair):
    pair[1].sendall(b"abcd")
    assert _TimedReader(pair[0], _Clock(-1)).read(4) == b"abcd"
    with pytest.raises(TimeoutError):
        _TimedReader(pair[0], _Clock(-1)).read(4)


def test_lines_of_haproxy(pair):
    waiting = haproxy._Waiting(0.0, "")
    pair[1].sendall(b"abcd")
    waiting.before(pair[0])
    assert pair[0].recv(4) == b"abcd"
    waiting.after()
    waiting._left = -2 * net.LATE
    with pytest.raises(TimedOut):
        waiting.before(pair[0])


def test_a_stall_while_haproxy_is_read_leaves_what_came_meanwhile(monkeypatch, pair):
    clock = iter([0.0, 3600.0, 3600.0, 3600.0])
    monkeypatch.setattr(haproxy, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    waiting = haproxy._Waiting(5.0, "")
    for _ in range(2):
        waiting.before(pair[0])
        waiting.after()
    assert pair[0].gettimeout() == net.LOOK


def test_frames_of_an_event_socket(pair):
    connected = esl.EventSocket(esl.Endpoint("fs", "here", 1, None, "x"), connect_timeout=1, read_timeout=0)
    connected._socket = pair[0]
    pair[1].sendall(b"Content-Type: command/reply\nReply-Text: +OK\n\n")
    assert connected._head_by(Deadline(-1)).reply == "+OK"
    with pytest.raises(TimedOut):
        connected._head_by(Deadline(-1))
