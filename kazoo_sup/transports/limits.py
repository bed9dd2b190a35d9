"""What any server's answer may take: so much memory, so much time."""

from __future__ import annotations

from typing import NamedTuple

from kazoo_sup.errors import ServerRefused

_MEGABYTE = 10**6
_BYTES_OF_A_VALUE = 16
"""JSON whose values take fewer bytes than these on the average takes many times its size once it is read."""


class Limits(NamedTuple):
    """The largest answer that is read into memory, in MB once it is decompressed, and the longest wait for a whole one.

    What is passed on piece by piece, as attachments are, has no limit in size, and the time is that of each piece.
    """

    megabytes: float = 64.0
    seconds: float = 300.0

    @property
    def size(self) -> int:
        """The size in bytes."""
        return int(self.megabytes * _MEGABYTE)

    @property
    def values(self) -> int:
        """How many values an answer may hold, in whatever way it writes them."""
        return self.size // _BYTES_OF_A_VALUE

    def allows(self, content: bytes | bytearray) -> bool:
        """Return whether CONTENT, JSON, may be read: one that consists of brackets and commas must be smaller."""
        if len(content) > self.size:
            return False
        return len(content) <= self.values or sum(map(content.count, (b",", b"[", b"{"))) <= self.values

    def oversized(self, *, server: str, request: str, status: int = 200) -> OversizedAnswer:
        """Return the error of an answer that is not read to its end."""
        reason = f"its answer is larger than {self.megabytes:g} MB, the setting limits.megabytes"
        return OversizedAnswer(server=server, status=status, request=request, reason=reason)


class OversizedAnswer(ServerRefused):
    """{server} was asked for {request}: {reason}"""
