"""The handshake with nodes of each release, which do as the documentation has it and as their own sources do.

Flags and what is mandatory: erts/emulator/beam/dist.h and kernel's dist_util.erl of each release; messages: erts'
documentation, "Distribution Protocol". A node here takes apart what it is sent, and refuses what its release would.
"""

from __future__ import annotations

import contextlib
import hashlib
import socketserver
import struct
import threading
from dataclasses import dataclass, field

import pytest

from kazoo_sup.terms.values import OK, Atom
from kazoo_sup.transports.erlang import epmd
from kazoo_sup.transports.erlang.client import Client, Connected, Returned
from kazoo_sup.transports.erlang.connection import Endpoint, Node
from kazoo_sup.transports.erlang.external import decode, decode_first, encode
from kazoo_sup.transports.erlang.failures import NodeRefused
from kazoo_sup.transports.erlang.handshake import BadHandshake, Handshake, PeerNotProven

COOKIE, NAME, OURS = "kept secret", "sup_1@ops.example.org", "kazoo_apps@apps1.example.org"
CHALLENGE, CREATION = 0x01020304, 0xB0000001

PUBLISHED, EXTENDED_REFERENCES, DIST_MONITOR, DIST_MONITOR_NAME, HIDDEN_ATOM_CACHE = 0x1, 0x4, 0x8, 0x20, 0x40
HDR_ATOM_CACHE, FRAGMENTS, HANDSHAKE_23, UNLINK_ID, DIGEST_25 = 0x2000, 0x800000, 0x1000000, 0x2000000, 0x4000000
EXTENDED_PIDS_PORTS, NEW_FLOATS, UTF8_ATOMS, BIG_CREATION = 0x100, 0x800, 0x10000, 0x40000
V4_NC = 1 << 34

MANDATORY_9 = EXTENDED_REFERENCES | EXTENDED_PIDS_PORTS
MANDATORY_21 = MANDATORY_9 | UTF8_ATOMS | 0x80 | 0x10
MANDATORY_23 = MANDATORY_21 | BIG_CREATION
MANDATORY_25 = MANDATORY_23 | NEW_FLOATS | 0x20000 | 0x200 | 0x400 | HANDSHAKE_23
MANDATORY_26 = MANDATORY_25 | V4_NC | UNLINK_ID

FLAGS_19 = 0x77FFC
"""Those of make_this_flags/2 of OTP 19."""
FLAGS_22 = FLAGS_19 & ~HIDDEN_ATOM_CACHE | 0x80000 | 0x100000 | 0x400000 | FRAGMENTS
FLAGS_23 = FLAGS_22 | HANDSHAKE_23 | 1 << 32
FLAGS_25 = 0xD07DF7FBD
"""As one was seen to send them."""
FLAGS_26 = FLAGS_25 | PUBLISHED | 0x8000000
FLAGS_27 = FLAGS_26 & ~MANDATORY_25 | DIGEST_25
"""Since OTP 25 the one flag may stand for all that were mandatory then (expand_mandatory_25_flag/1)."""


@dataclass
class Release:
    """What nodes of a release say and want; `newest` and `oldest` are the versions that they tell their epmd."""

    name: str
    newest: int
    oldest: int
    flags: int
    mandatory: int
    takes: bytes = b"nN"
    """With which octets a name may begin."""
    monitors_to_print: bool = False
    """Whether io cannot print to a node that cannot be monitored (bif.c:remote_monitor of OTP 20 and before)."""


RELEASES = [
    Release("19", 5, 5, FLAGS_19, MANDATORY_9, b"n", monitors_to_print=True),
    Release("20", 5, 5, FLAGS_19 | 0x80000, MANDATORY_9 | UTF8_ATOMS, b"n", monitors_to_print=True),
    Release("22", 5, 5, FLAGS_22, MANDATORY_21, b"n"),
    Release("23", 6, 5, FLAGS_23, MANDATORY_23),
    Release("25.0", 6, 5, FLAGS_25, MANDATORY_25, b"N"),
    Release("25.3", 6, 5, FLAGS_25, MANDATORY_25),
    Release("26", 6, 6, FLAGS_26, MANDATORY_26),
    Release("27", 6, 6, FLAGS_27, MANDATORY_26),
]
each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda each: each.name)


class Refused(Exception):
    """The node closes the connection."""


@dataclass
class Acceptor:
    """A node that is called: messages in, messages out."""

    release: Release
    status: bytes = b"ok"
    caller: str = NAME
    """Who it hears; with "" anybody."""
    cookie: str = COOKIE
    residue: bytes = b""
    """What follows the name in messages of version 6: it must be passed over."""
    octets: int = 2
    done: bool = False
    creation: int | None = None
    _received: bytes = b""
    _state: str = "name"
    _flags: int = 0
    said: list[str] = field(default_factory=list)

    def receive(self, data: bytes) -> bytes:
        self._received += data
        answer = b""
        while len(self._received) >= self.octets and not self.done:
            end = self.octets + int.from_bytes(self._received[: self.octets], "big")
            if len(self._received) < end:
                break
            message, self._received = self._received[self.octets : end], self._received[end:]
            answer += b"".join(self._framed(each) for each in getattr(self, f"_{self._state}")(message))
        return answer

    def _framed(self, message: bytes) -> bytes:
        return len(message).to_bytes(self.octets, "big") + message

    def _name(self, message: bytes):
        if message[:1] not in [bytes((octet,)) for octet in self.release.takes]:
            raise Refused(f"a name of the kind {message[:1]!r}")
        if message[:1] == b"n":
            version, self._flags = struct.unpack_from(">HI", message, 1)
            name = message[7:]
            assert version == 5
            mask = 0xFFFFFFFF
        else:
            self._flags, self.creation, size = struct.unpack_from(">QIH", message, 1)
            name, mask = message[15 : 15 + size], -1
        assert self.caller in ("", name.decode())
        assert not self._flags & (PUBLISHED | HDR_ATOM_CACHE | FRAGMENTS)
        if missing := self.release.mandatory & mask & ~self._flags:
            raise Refused(f"it lacks {missing:#x}")
        assert self._flags & DIST_MONITOR or not self.release.monitors_to_print
        yield b"s" + self.status
        if self.status == b"alive":
            self._state = "go_on"
        else:
            yield from self._challenge()

    def _go_on(self, message: bytes):
        assert message == b"strue"
        yield from self._challenge()

    def _challenge(self):
        old = self.creation is None
        self._state = "complement" if old and self._is_new else "reply"
        if self._is_new:
            head = b"N" + struct.pack(">QIIH", self.release.flags, CHALLENGE, CREATION, len(OURS))
            yield head + OURS.encode("latin-1") + self.residue
        else:
            yield b"n" + struct.pack(">HII", 5, self.release.flags & 0xFFFFFFFF, CHALLENGE) + OURS.encode("latin-1")

    @property
    def _is_new(self) -> bool:
        """Whether version 6 goes on: both know it."""
        return self.release.newest == 6 and bool(self._flags & HANDSHAKE_23)

    def _complement(self, message: bytes):
        tag, high, self.creation = struct.unpack(">cII", message)
        assert tag == b"c"
        self._flags |= high << 32
        if missing := self.release.mandatory & ~self._flags:
            raise Refused(f"it lacks {missing:#x}")
        self._state = "reply"
        return []

    def _reply(self, message: bytes):
        tag, challenge, digest = struct.unpack(">cI16s", message)
        assert tag == b"r"
        if digest != _digest(self.cookie, CHALLENGE):
            raise Refused("another cookie")
        self.done = True
        yield b"a" + _digest(self.cookie, challenge)


def _digest(cookie: str, challenge: int) -> bytes:
    return hashlib.md5(f"{cookie}{challenge}".encode()).digest()


def ours(version: int, octets: int = 2) -> Handshake:
    return Handshake(NAME, COOKIE, version, challenge=0xA0B0C0D0, creation=9, length_octets=octets)


def shake_hands(handshake: Handshake, node: Acceptor, size: int = 1 << 16) -> None:
    """Let both speak until neither has more to say; octets come SIZE at a time."""
    outgoing = handshake.begin()
    while outgoing:
        answer = node.receive(outgoing)
        outgoing = b""
        for start in range(0, len(answer), size):
            said, rest = handshake.receive(answer[start : start + size])
            outgoing += said
            assert not rest


@each_release
class TestEachRelease:
    def test_its_epmd_tells_which_version_to_speak(self, release):
        told = struct.pack(">BBHBBHHH", 119, 0, 11500, 77, 0, release.newest, release.oldest, 10) + b"kazoo_apps\0\0"
        assert epmd.answer(told) == epmd.Registered(11500, release.oldest, release.newest)

    @pytest.mark.parametrize("status", [b"ok", b"ok_simultaneous", b"alive"])
    def test_both_are_done(self, release, status):
        handshake, node = ours(release.newest), Acceptor(release, status)
        shake_hands(handshake, node)
        assert (handshake.done, node.done, handshake.peer) == (True, True, OURS)
        assert not handshake.flags & (HDR_ATOM_CACHE | FRAGMENTS)

    @pytest.mark.parametrize("octets", [2, 4])
    def test_wherever_it_is_cut(self, release, octets):
        whole = Acceptor(release, b"alive", octets=octets)
        recorded: list[bytes] = []
        receive = whole.receive
        whole.receive = lambda data: recorded.append(receive(data)) or recorded[-1]  # type: ignore[method-assign]
        shake_hands(ours(release.newest, octets), whole)
        answers = b"".join(recorded)
        for cut in range(1, len(answers)):
            handshake = ours(release.newest, octets)
            handshake.begin()
            first, _none = handshake.receive(answers[:cut])
            second, rest = handshake.receive(answers[cut:])
            assert (handshake.done, rest, handshake.peer) == (True, b"", OURS)
            assert first + second
        for size in (1, 2, 3, 7):
            shake_hands(ours(release.newest, octets), Acceptor(release, octets=octets), size)

    def test_the_first_frame_may_come_with_the_last_word_of_the_handshake(self, release):
        client = Client(ours(release.newest), 1 << 20)
        client.begin()
        node = Acceptor(release)
        answers = node.receive(client.outgoing())
        client.receive(answers)
        ack = node.receive(client.outgoing())
        number = client.call("erlang", "node", [])
        [(_pid, reference)] = [message[1] for message in _sent(client.outgoing())]
        to = decode(encode(_pid))
        body = b"\x70" + encode((2, Atom(""), to)) + encode((reference, OK))
        events = client.receive(ack + len(body).to_bytes(4, "big") + body)
        assert events == [Connected(OURS), Returned(number, encode(OK))]

    def test_one_with_another_cookie_is_not_believed(self, release):
        with pytest.raises(Refused, match="cookie"):
            shake_hands(ours(release.newest), Acceptor(release, cookie="another"))
        node = Acceptor(release)
        handshake = ours(release.newest)
        answer = node.receive(handshake.begin())
        handshake.receive(answer)
        with pytest.raises(PeerNotProven):
            handshake.receive(node._framed(b"a" + bytes(16)))


def _sent(data: bytes):
    while data:
        size = int.from_bytes(data[:4], "big")
        if size:
            _control, end = decode_first(data[5 : 4 + size])
            yield decode(data[5 + end : 4 + size])
        data = data[4 + size :]


class TestBetweenVersions:
    @pytest.mark.parametrize("name", ["23", "25.3", "26"])
    def test_an_old_name_is_completed_where_the_node_goes_on_with_the_newer_version(self, name):
        [release] = [each for each in RELEASES if each.name == name]
        handshake, node = ours(5), Acceptor(release)
        shake_hands(handshake, node)
        assert (handshake.done, node.done, node.creation) == (True, True, 9)

    @pytest.mark.parametrize("name", ["23", "26", "27"])
    def test_what_follows_the_name_in_later_releases_is_passed_over(self, name):
        [release] = [each for each in RELEASES if each.name == name]
        handshake = ours(6)
        shake_hands(handshake, Acceptor(release, residue=b"more than we know"))
        assert (handshake.done, handshake.peer) == (True, OURS)

    def test_after_alive_the_challenge_comes_at_once(self):
        handshake = ours(6)
        node = Acceptor(RELEASES[-1], b"alive")
        shake_hands(handshake, node)
        assert handshake.done
        again = ours(6)
        with pytest.raises(BadHandshake, match="where its challenge belongs"):
            again.receive(b"\0\x06salive\0\x03sok")

    def test_the_one_flag_stands_for_all_that_were_mandatory_in_25(self):
        handshake = ours(6)
        shake_hands(handshake, Acceptor(RELEASES[-1]))
        assert handshake.flags & MANDATORY_25 == MANDATORY_25

    @pytest.mark.parametrize(
        "missing", [EXTENDED_REFERENCES, EXTENDED_PIDS_PORTS, NEW_FLOATS, UTF8_ATOMS, BIG_CREATION]
    )
    def test_a_node_that_cannot_take_what_is_sent_is_too_old(self, missing):
        old = Release("older", 5, 5, FLAGS_19 & ~missing, 0, b"n")
        with pytest.raises(BadHandshake, match=f"too old: it lacks the capabilities {missing:#x}"):
            shake_hands(ours(5), Acceptor(old))


class TestBehindATunnel:
    """There nobody tells which version the node speaks."""

    @pytest.fixture
    def listening(self):
        """Give a function that lets a node of a release listen; it gives the port, and the names that it hears."""
        servers = []

        def start(release):
            heard: list[bytes] = []

            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    node = Acceptor(release, caller="")
                    with contextlib.suppress(Refused, OSError):
                        while data := self.request.recv(65_536):
                            if node.creation is None and node._flags == 0:
                                heard.append(data[2:3])
                            self.request.sendall(node.receive(data))

            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.append(server)
            return server.server_address[1], heard

        yield start
        for each in servers:
            each.shutdown()
            each.server_close()

    def connected(self, port):
        there = Endpoint(name=OURS, cookie=COOKIE, host="127.0.0.1", port=port)
        return Node(there, own_host="ops.example.org", connect_timeout=30, largest=1 << 20)

    @each_release
    def test_the_newer_name_is_tried_and_then_the_older(self, listening, release):
        port, heard = listening(release)
        with self.connected(port):
            pass
        assert heard == ([b"N"] if release.newest == 6 else [b"N", b"n"])

    def test_one_that_closes_both_is_refused_once(self, listening):
        port, heard = listening(Release("none", 6, 6, FLAGS_26, MANDATORY_26, b""))
        with pytest.raises(NodeRefused, match="it closed the connection") as refused:
            self.connected(port).connect()
        assert (heard, refused.value.identifier) == ([b"N", b"n"], "NodeRefused")
