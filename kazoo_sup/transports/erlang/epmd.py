"""The port mapper daemon, epmd, of a host: which port a node listens on, and which nodes there are.

Source: Erlang/OTP erts documentation, "Distribution Protocol", EPMD Protocol.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

PORT = 4369

_NAMES, _PLEASE = b"n", b"z"
_ANSWER = 119
_HEAD = struct.Struct(">BBHBBHHH")


class BadAnswer(ValueError):
    """What answered is not epmd."""


class Registered(NamedTuple):
    """A node that epmd knows: its port, and the oldest and the newest version of the handshake that it speaks."""

    port: int
    oldest: int
    newest: int


def question(name: str) -> bytes:
    """Return the question for the node NAME, without its host."""
    return _framed(_PLEASE + name.encode())


def names_question() -> bytes:
    """Return the question for the names of all nodes."""
    return _framed(_NAMES)


def answer(data: bytes) -> Registered | None:
    """Return what the whole ANSWER to `question` says; None where there is no such node. Raises BadAnswer."""
    if len(data) >= 2 and data[0] == _ANSWER and data[1] != 0:  # noqa: PLR2004 - answer and result
        return None
    try:
        code, _result, port, _kind, _protocol, newest, oldest, _size = _HEAD.unpack_from(data)
    except struct.error:
        raise BadAnswer from None
    if code != _ANSWER:
        raise BadAnswer
    return Registered(port, oldest, newest)


def names(data: bytes) -> list[str]:
    """Return the names, without host, in the whole answer to `names_question`. Raises BadAnswer."""
    if len(data) < 4:  # noqa: PLR2004 - its own port
        raise BadAnswer
    lines = data[4:].decode("utf-8", "replace").splitlines()
    return [words[1] for words in map(str.split, lines) if words[:1] == ["name"] and len(words) > 1]


def _framed(question: bytes) -> bytes:
    return len(question).to_bytes(2, "big") + question
