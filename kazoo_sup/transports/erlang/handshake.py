"""The handshake of two nodes, as the one that connects sees it: octets in, octets out, no socket.

Version 6 is spoken, or version 5 to a node whose epmd says that it knows no other (OTP before 23). We are a hidden node
(no PUBLISHED flag), and offer neither an atom cache nor fragments, so that every message comes in one plain frame. That
we can be monitored must be said: before OTP 21 a node's `io` cannot print to us otherwise (bif.c:remote_monitor).

Source: Erlang/OTP erts documentation, "Distribution Protocol", kernel dist_util.erl (handshake_we_started/1,
expand_mandatory_25_flag/1); the values of the flags are those of the header erts/emulator/beam/dist.h and of the wire,
where the documentation has another for MANDATORY_25_DIGEST.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

EXTENDED_REFERENCES = 0x4
DIST_MONITOR = 0x8
FUN_TAGS = 0x10
NEW_FUN_TAGS = 0x80
EXTENDED_PIDS_PORTS = 0x100
EXPORT_PTR_TAG = 0x200
BIT_BINARIES = 0x400
NEW_FLOATS = 0x800
UNICODE_IO = 0x1000
SMALL_ATOM_TAGS = 0x4000
UTF8_ATOMS = 0x10000
MAP_TAG = 0x20000
BIG_CREATION = 0x40000
HANDSHAKE_23 = 0x1000000
UNLINK_ID = 0x2000000
MANDATORY_25_DIGEST = 0x4000000
V4_NC = 1 << 34

MANDATORY_25 = (
    EXTENDED_REFERENCES
    | FUN_TAGS
    | NEW_FUN_TAGS
    | EXTENDED_PIDS_PORTS
    | EXPORT_PTR_TAG
    | BIT_BINARIES
    | NEW_FLOATS
    | UTF8_ATOMS
    | MAP_TAG
    | BIG_CREATION
    | HANDSHAKE_23
)
"""What every node since OTP 25 can take; one that says MANDATORY_25_DIGEST need not say each."""

FLAGS = MANDATORY_25 | DIST_MONITOR | UNICODE_IO | SMALL_ATOM_TAGS | UNLINK_ID | MANDATORY_25_DIGEST | V4_NC
"""What we can take. The peer refuses a node that lacks what it holds to be mandatory."""

NEEDED = EXTENDED_REFERENCES | EXTENDED_PIDS_PORTS | NEW_FLOATS | UTF8_ATOMS | BIG_CREATION
"""What the peer must be able to take, since we send it."""

OLDEST, NEWEST = 5, 6
"""The versions of the handshake that are spoken here."""

_LONGEST = 65_535


class HandshakeFailed(Exception):
    """The peer said or did what ends the handshake."""


class NameRefused(HandshakeFailed):
    """The peer knows our name already, or does not let us in: its words."""


class BadHandshake(HandshakeFailed):
    """The peer said what does not belong here: what."""


class PeerNotProven(HandshakeFailed):
    """The peer does not know the cookie that it accepted from us."""


class Handshake:
    """One handshake, from our side."""

    def __init__(
        self, name: str, cookie: str, version: int, challenge: int, creation: int, length_octets: int = 2
    ) -> None:
        """Take what our side is and knows.

        name: our node's full name
        cookie: the secret both sides know
        version: 5 or 6
        challenge: a number below 2**32 that nobody can foretell
        creation: tells this node of our name from earlier ones
        length_octets: how many octets tell a message's length: 2, over TLS 4
        """
        self.name, self.cookie = name, cookie
        self.version, self.challenge, self.creation = version, challenge, creation
        self.length_octets = length_octets
        self.peer = ""
        """The peer's full name, once it is known."""
        self.flags = 0
        """What both sides can take, once that is known."""
        self.done = False
        self.heard = False
        """Whether the peer has said anything."""
        self._received = bytearray()
        self._state = "status"

    def begin(self) -> bytes:
        """Return what is sent first: our name."""
        name = self.name.encode()
        if self.version >= NEWEST:
            return self._framed(b"N" + struct.pack(">QIH", FLAGS, self.creation, len(name)) + name)
        return self._framed(b"n" + struct.pack(">HI", self.version, FLAGS & 0xFFFFFFFF) + name)

    def receive(self, data: bytes) -> tuple[bytes, bytes | None]:
        """Take in DATA; return what is to be sent and, once it is done, the octets that follow the handshake.

        Raises NameRefused, BadHandshake, PeerNotProven.
        """
        self._received += data
        self.heard = self.heard or bool(data)
        answer = b""
        while not self.done and (message := self._message()) is not None:
            answer += self._take(message)
        if not self.done:
            return answer, None
        rest = bytes(self._received)
        self._received.clear()
        return answer, rest

    def _framed(self, message: bytes) -> bytes:
        return len(message).to_bytes(self.length_octets, "big") + message

    def _message(self) -> bytes | None:
        head = self.length_octets
        if len(self._received) < head:
            return None
        size = int.from_bytes(self._received[:head], "big")
        if not 0 < size <= _LONGEST:
            raise BadHandshake(f"a message of {size} octets")
        if len(self._received) < head + size:
            return None
        message = bytes(self._received[head : head + size])
        del self._received[: head + size]
        return message

    def _take(self, message: bytes) -> bytes:
        match self._state:
            case "status":
                return self._take_status(message)
            case "challenge":
                return self._take_challenge(message)
        return self._take_proof(message)

    def _take_status(self, message: bytes) -> bytes:
        if message[:1] != b"s":
            raise BadHandshake(f"{message[:20]!r} where its status belongs")
        status = message[1:].decode("latin-1")
        if status == "alive":
            # A connection from a node of our name is taken for a live one; this one shall replace it. No other status
            # follows.
            self._state = "challenge"
            return self._framed(b"strue")
        if status not in ("ok", "ok_simultaneous"):
            raise NameRefused(status)
        self._state = "challenge"
        return b""

    def _take_challenge(self, message: bytes) -> bytes:
        try:
            flags, challenge, name = _challenge(message)
        except (struct.error, ValueError):
            raise BadHandshake(f"{message[:20]!r} where its challenge belongs") from None
        if flags & MANDATORY_25_DIGEST:
            flags |= MANDATORY_25
        if missing := NEEDED & ~flags:
            raise BadHandshake(f"it is too old: it lacks the capabilities {missing:#x}")
        self.peer, self.flags = name, flags & FLAGS
        self._state = "proof"
        reply = b"r" + struct.pack(">I", self.challenge) + _digest(self.cookie, challenge)
        if message[:1] == b"N" and self.version < NEWEST:
            # It speaks the newer version: what our name lacked is added.
            return self._framed(b"c" + struct.pack(">II", FLAGS >> 32, self.creation)) + self._framed(reply)
        return self._framed(reply)

    def _take_proof(self, message: bytes) -> bytes:
        if message[:1] != b"a" or not hmac.compare_digest(message[1:], _digest(self.cookie, self.challenge)):
            raise PeerNotProven
        self.done = True
        return b""


def _challenge(message: bytes) -> tuple[int, int, str]:
    """Return flags, challenge and name out of the peer's message."""
    if message[:1] == b"N":
        flags, challenge, _creation, size = struct.unpack_from(">QIIH", message, 1)
        name = message[19 : 19 + size]
        if len(name) != size:
            raise ValueError("it breaks off")
    elif message[:1] == b"n":
        _version, flags, challenge = struct.unpack_from(">HII", message, 1)
        name = message[11:]
    else:
        raise ValueError("it is something else")
    return flags, challenge, name.decode("latin-1")


def _digest(cookie: str, challenge: int) -> bytes:
    return hashlib.md5(f"{cookie}{challenge}".encode(), usedforsecurity=False).digest()
