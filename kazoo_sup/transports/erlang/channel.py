"""What two nodes say to one another once they are connected: octets in, events and octets out, no socket.

Every message is a frame of a length in four octets, the octet 112, a control message and, for some, the message itself.
An empty frame is a tick, which is answered with one: who is silent for too long counts as gone.

Source: Erlang/OTP erts documentation, "Distribution Protocol".
"""

from __future__ import annotations

from typing import NamedTuple

from kazoo_sup.terms.shapes import Pid
from kazoo_sup.terms.values import Atom
from kazoo_sup.transports.erlang.external import BadExternal, decode_first, encode

TICK = b"\0\0\0\0"

_PLAIN = 112
_SEND, _REG_SEND, _SEND_SENDER = 2, 6, 22
_SEND_PARTS = 3
_UNUSED = Atom("")
_LONGEST_CONTROL = 65_536


class BadFrame(ValueError):
    """What is wrong with a frame."""


class FrameTooLarge(BadFrame):
    """The peer would send a message of so many octets."""

    def __init__(self, size: int) -> None:
        """Keep SIZE."""
        super().__init__(f"a message of {size} octets")
        self.size = size


class Received(NamedTuple):
    """A message to the process TO; `message` is its external form, version octet included."""

    to: Pid
    message: bytes


class Channel:
    """The frames of one connection."""

    def __init__(self, largest: int) -> None:
        """Take how many octets a message may have."""
        self._largest = largest
        self._received = bytearray()
        self._ticks = 0

    def receive(self, data: bytes) -> list[Received]:
        """Take in DATA; return the messages that are whole. Raises BadFrame, FrameTooLarge."""
        self._received += data
        found = []
        at = 0
        while (end := self._frame(at)) is not None:
            if end == at + 4:
                self._ticks += 1
            elif (message := self._read(at + 4, end)) is not None:
                found.append(message)
            at = end
        del self._received[:at]
        return found

    def outgoing(self) -> bytes:
        """Return the answers to ticks that have come since the last time."""
        ticks, self._ticks = self._ticks, 0
        return TICK if ticks else b""

    def _frame(self, at: int) -> int | None:
        """Return where the frame that begins AT ends, None while it is not whole."""
        if len(self._received) < at + 4:
            return None
        size = int.from_bytes(self._received[at : at + 4], "big")
        if size > self._largest:
            raise FrameTooLarge(size)
        end = at + 4 + size
        return end if len(self._received) >= end else None

    def _read(self, at: int, end: int) -> Received | None:
        """Return the message in a frame without its length, None for what is not a message to a process of ours."""
        if self._received[at] != _PLAIN:
            raise BadFrame(f"a frame of the unknown kind {self._received[at]}")
        head = bytes(self._received[at + 1 : min(end, at + 1 + _LONGEST_CONTROL)])
        try:
            control, size = decode_first(head)
        except BadExternal as bad:
            raise BadFrame(f"a control message that cannot be read: {bad}") from None
        if not isinstance(control, tuple) or not control:
            raise BadFrame("a control message that is not a tuple")
        if control[0] in (_SEND, _SEND_SENDER) and len(control) == _SEND_PARTS and isinstance(control[2], Pid):
            return Received(control[2], bytes(self._received[at + 1 + size : end]))
        return None


def send_registered(sender: Pid, name: str, message: object) -> bytes:
    """Return the frame that sends MESSAGE to the process registered as NAME on the peer."""
    return _framed(encode((_REG_SEND, sender, _UNUSED, Atom(name))), message)


def send(to: Pid, message: object) -> bytes:
    """Return the frame that sends MESSAGE to a process of the peer."""
    return _framed(encode((_SEND, _UNUSED, to)), message)


def _framed(control: bytes, message: object) -> bytes:
    body = bytes((_PLAIN,)) + control + encode(message)
    return len(body).to_bytes(4, "big") + body
