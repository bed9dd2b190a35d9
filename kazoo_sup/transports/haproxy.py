"""HAProxy's runtime API: one command on each connection to a stats socket, over unix or TCP.

An answer is lines of text, ended by an empty one and the end of the connection. One that misses the empty line was cut
off. What is not an answer is a sentence that refuses the command.

Source: HAProxy management guide, "Unix Socket commands"; cli.c (cli_io_handler).
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from urllib.parse import urlsplit

from kazoo_sup.errors import Delivered, SettingsError, TimedOut, TransportError, UsageError
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import LATE, LOOK, Address, Deadline, connect, one_line
from kazoo_sup.transports.waits import waiting_for

LIMIT = 16 * 2**20
"""Bytes that one answer may have when nothing else is said; twenty thousand servers have statistics of so many."""

LONGEST_LINE = 2**20
"""Bytes that one line of an answer may have."""

_PIECE = 65_536
_EMPTY_LINES = 1000
"""Empty lines one after another that an answer may have."""

_LONGEST_COMMAND = 8000  # bytes; HAProxy's buffer has 16 kB, its reserve taken off

# A blank ends a word and a line break a command, ";" begins another, "<<" a payload, "\" escapes; "@" first in a
# command asks a master process for one of its workers.
_UNSAFE = re.compile(r"[^!-~]|[;<>\\\"'#@|]")


class UnsafeWord(TransportError, UsageError):
    """{word} cannot be in a command to HAProxy; nothing was sent"""

    word: str
    delivered: Delivered = Delivered.NO


class HAProxyRefused(TransportError):
    """{server} refused {command!r}: {reason}"""

    server: str
    address: str
    command: str
    reason: str


class PermissionDenied(HAProxyRefused):
    """{server} refused {command!r}: its socket {address} lacks the level for that (stats socket … level admin)"""

    remedy = "give the socket the level admin in the configuration of HAProxy: stats socket … level admin"


class CutOff(TransportError):
    """{server} at {address} closed the connection before its answer to {command!r} was complete"""

    server: str
    address: str
    command: str
    delivered: Delivered = Delivered.MAYBE


class HAProxyUnreadable(TransportError):
    """{server} at {address} answered {command!r} with what cannot be read: {reason}"""

    server: str
    address: str
    command: str
    reason: str
    delivered: Delivered = Delivered.MAYBE


@dataclass(frozen=True, slots=True)
class StatsSocket:
    """A stats socket: `unix:/path` or `tcp://host:port`. NAME is what people call the server. Times are in seconds.

    `read_timeout` is for all the waiting that one answer costs; what the caller does between two lines does not count
    there, but it does for `limits`, which no answer may pass however much comes.
    """

    name: str
    url: str
    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    limits: Limits = Limits()  # noqa: RUF009 - immutable

    @property
    def address(self) -> str:
        """The path or host:port that is shown to people."""
        parts = urlsplit(self.url)
        return parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2]

    def order(self, *words: str) -> None:
        """Send a command that is answered with nothing when it was carried out, and with a reason when it was not.

        Raises HAProxyRefused with that reason, and what `lines` raises.
        """
        answer = list(self.lines(*words))
        if answer:
            raise self._refused(" ".join(words), answer[0])

    def lines(self, *words: str, begins: str = "", limit: int = LIMIT) -> Iterator[str]:
        """Send a command and give the lines of its answer as they come, without the empty ones at its end.

        BEGINS is a regular expression that the first line must match; any other is the reason of a refusal. Letters
        that are not printable are replaced.

        Raises UnsafeWord before anything is sent; ServerUnreachable, HAProxyRefused, PermissionDenied, CutOff,
        HAProxyUnreadable (longer than LIMIT bytes, or one line than LONGEST_LINE), TimedOut, or SettingsError.
        """
        command = " ".join(words)
        for word in words:
            if not word or _UNSAFE.search(word):
                raise UnsafeWord(word=repr(word))
        if len(command) > _LONGEST_COMMAND:
            raise UnsafeWord(word=f"{command[:40]!r}…")
        return self._checked(command, begins, limit)

    def _checked(self, command: str, begins: str, limit: int) -> Iterator[str]:
        first = True
        with waiting_for(self.name, self.address), self._connected() as connected:
            for line in self._unended(connected, command, limit):
                if first and (line == "Permission denied" or not re.match(begins, line)):
                    raise self._refused(command, line)
                first = False
                yield line
        if first and begins:
            raise self._unreadable(command, "there is nothing in it")

    def _unended(self, connected: socket.socket, command: str, limit: int) -> Iterator[str]:
        """Yield the lines before the empty ones that end the answer."""
        empty = 0
        for line in self._raw(connected, command, limit):
            text = line.decode("utf-8", "replace").rstrip("\r")
            if not text.strip():
                empty += 1
                if empty > _EMPTY_LINES:
                    raise self._unreadable(command, "it does not end")
                continue
            yield from repeat("", empty)
            empty = 0
            yield text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)
        if not empty:
            raise self._cut_off(command)

    def _raw(self, connected: socket.socket, command: str, limit: int) -> Iterator[bytes]:
        doing = f" waiting for {self.name} at {self.address} to answer {command!r}"
        waiting = _Waiting(self.read_timeout, doing)
        whole = Deadline(self.limits.seconds, doing)
        try:
            waiting.before(connected)
            connected.sendall(f"{command}\n".encode("ascii"))
            waiting.after()
            rest = bytearray()
            while whole.wait:
                waiting.before(connected)
                piece = connected.recv(_PIECE)
                waiting.after()
                if not piece:
                    break
                limit -= len(piece)
                *lines, last = piece.split(b"\n")
                if lines:
                    yield bytes(rest + lines[0])
                    yield from lines[1:]
                    rest.clear()
                rest += last
                if limit < 0:
                    raise self._unreadable(command, "it does not end")
                if len(rest) > LONGEST_LINE:
                    raise self._unreadable(command, f"a line has more than {LONGEST_LINE} bytes")
        except TimeoutError:
            raise waiting.passed() from None
        except OSError:
            raise self._cut_off(command) from None
        if rest:
            raise self._cut_off(command)

    def _connected(self) -> socket.socket:
        parts = urlsplit(self.url)
        place: Address | str = parts.path
        if parts.scheme != "unix":
            if parts.port is None:
                raise SettingsError(source=self.name, reason="the address of a stats socket over TCP needs a port")
            place = Address(parts.hostname or "", parts.port)
        return connect(place, self.connect_timeout, called=self.name)

    def _refused(self, command: str, line: str) -> HAProxyRefused:
        kind = PermissionDenied if line == "Permission denied" else HAProxyRefused
        reason = one_line(line)
        if line.startswith("Unknown command"):
            reason = "it does not know this command"
        return kind(server=self.name, address=self.address, command=command, reason=reason)

    def _cut_off(self, command: str) -> CutOff:
        return CutOff(server=self.name, address=self.address, command=command)

    def _unreadable(self, command: str, reason: str) -> HAProxyUnreadable:
        return HAProxyUnreadable(server=self.name, address=self.address, command=command, reason=reason)


class _Waiting:
    """Adds up the time spent waiting: a server that sends a byte now and then must come to an end, too."""

    def __init__(self, seconds: float, doing: str) -> None:
        self._seconds = seconds
        self._doing = doing
        self._left = seconds
        self._since = 0.0

    def before(self, connected: socket.socket) -> None:
        if self._left < -LATE:
            raise self.passed()
        connected.settimeout(max(self._left, LOOK))
        self._since = time.monotonic()

    def after(self) -> None:
        left = self._left - (time.monotonic() - self._since)
        self._left = max(left, 0.0) if self._left > 0 else left  # as Deadline.wait: what has come already counts

    def passed(self) -> TimedOut:
        return TimedOut(seconds=self._seconds, doing=self._doing)
