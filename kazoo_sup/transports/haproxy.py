"""HAProxy's runtime API: one command on each connection to a stats socket, over unix or TCP.

An answer is lines of text, ended by an empty one and the end of the connection. One that misses the empty line was cut
off. What is no answer is a sentence that refuses the command.

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

from kazoo_sup.errors import ServerUnreachable, SettingsError, SupError, TimedOut, UsageError

LIMIT = 64 * 2**20
"""Bytes that one answer may have when nothing else is said."""

LONGEST_LINE = 2**20
"""Bytes that one line of an answer may have."""

_PIECE = 65_536
_LONGEST_COMMAND = 8000  # bytes; HAProxy's buffer has 16 kB, its reserve taken off
_LONGEST_REASON = 300

# A blank ends a word and a line break a command, ";" begins another, "<<" a payload, "\" escapes; "@" first in a
# command asks a master process for one of its workers.
_UNSAFE = re.compile(r"[^!-~]|[;<>\\\"'#@|]")


class UnsafeWord(UsageError):
    """{word} cannot stand in a command to HAProxy; nothing was sent"""


class Refused(SupError):
    """{server} refused {command!r}: {reason}"""


class PermissionDenied(Refused):
    """{server} refused {command!r}: its socket {address} has not the level for that (stats socket … level admin)"""


class CutOff(SupError):
    """{server} at {address} closed the connection before its answer to {command!r} was complete"""


class UnreadableAnswer(SupError):
    """{server} at {address} answered {command!r} with what cannot be read: {reason}"""


@dataclass(frozen=True, slots=True)
class StatsSocket:
    """A stats socket: `unix:/path` or `tcp://host:port`. NAME is what people call the server. Times are in seconds.

    `read_timeout` is for all the waiting that one answer costs; what the caller does between two lines does not count.
    """

    name: str
    url: str
    connect_timeout: float = 5.0
    read_timeout: float = 60.0

    @property
    def address(self) -> str:
        """The path or host:port that is shown to people."""
        parts = urlsplit(self.url)
        return parts.path if parts.scheme == "unix" else parts.netloc.rpartition("@")[2]

    def order(self, *words: str) -> None:
        """Send a command that is answered with nothing when it was carried out, and with a reason when it was not.

        Raises Refused with that reason, and what `lines` raises.
        """
        answer = list(self.lines(*words))
        if answer:
            raise self._refused(" ".join(words), answer[0])

    def lines(self, *words: str, begins: str = "", limit: int = LIMIT) -> Iterator[str]:
        """Send a command and give the lines of its answer as they come, without the empty ones at its end.

        BEGINS is a regular expression that the first line must match; any other is the reason of a refusal. Letters
        that are not printable are replaced.

        Raises UnsafeWord before anything is sent; ServerUnreachable, Refused, PermissionDenied, CutOff,
        UnreadableAnswer (longer than LIMIT bytes, or one line than LONGEST_LINE), TimedOut, or SettingsError.
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
        with self._connected() as connected:
            for line in self._unended(connected, command, limit):
                if first and (line == "Permission denied" or not re.match(begins, line)):
                    raise self._refused(command, line)
                first = False
                yield line
        if first and begins:
            raise self._unreadable(command, "there is nothing in it")

    def _unended(self, connected: socket.socket, command: str, limit: int) -> Iterator[str]:
        """Give the lines before the empty ones that end the answer."""
        empty = 0
        for line in self._raw(connected, command, limit):
            text = line.decode("utf-8", "replace").rstrip("\r")
            if not text.strip():
                empty += 1
                continue
            yield from repeat("", empty)
            empty = 0
            yield text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)
        if not empty:
            raise self._cut_off(command)

    def _raw(self, connected: socket.socket, command: str, limit: int) -> Iterator[bytes]:
        waiting = _Waiting(self.read_timeout, f" waiting for {self.name} to answer {command!r}")
        try:
            waiting.before(connected)
            connected.sendall(f"{command}\n".encode("ascii"))
            waiting.after()
            rest = bytearray()
            while True:
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
        try:
            if parts.scheme == "unix":
                return self._connected_to_path(parts.path)
            if parts.port is None:
                raise SettingsError(source=self.name, reason="the address of a stats socket over TCP needs a port")
            return socket.create_connection((parts.hostname or "", parts.port), self.connect_timeout)
        except TimeoutError:
            raise self._unreachable(f"no answer within {self.connect_timeout:g} s") from None
        except UnicodeError:
            raise self._unreachable("that is no host name") from None
        except OSError as error:
            raise self._unreachable(_reason(error)) from None

    def _connected_to_path(self, path: str) -> socket.socket:
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.settimeout(self.connect_timeout)
            connected.connect(path)
        except BaseException:
            connected.close()
            raise
        return connected

    def _refused(self, command: str, line: str) -> Refused:
        kind = PermissionDenied if line == "Permission denied" else Refused
        reason = line[:_LONGEST_REASON].strip().rstrip(".")
        if line.startswith("Unknown command"):
            reason = "it does not know this command"
        return kind(server=self.name, address=self.address, command=command, reason=reason)

    def _unreachable(self, reason: str) -> ServerUnreachable:
        return ServerUnreachable(server=self.name, address=self.address, reason=reason)

    def _cut_off(self, command: str) -> CutOff:
        return CutOff(server=self.name, address=self.address, command=command)

    def _unreadable(self, command: str, reason: str) -> UnreadableAnswer:
        return UnreadableAnswer(server=self.name, address=self.address, command=command, reason=reason)


class _Waiting:
    """Adds up the time spent waiting: a server that sends a byte now and then must come to an end, too."""

    def __init__(self, seconds: float, doing: str) -> None:
        self._seconds = seconds
        self._doing = doing
        self._left = seconds
        self._since = 0.0

    def before(self, connected: socket.socket) -> None:
        if self._left <= 0:
            raise self.passed()
        connected.settimeout(self._left)
        self._since = time.monotonic()

    def after(self) -> None:
        self._left -= time.monotonic() - self._since

    def passed(self) -> TimedOut:
        return TimedOut(seconds=self._seconds, doing=self._doing)


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the name server does not answer" if error.errno == socket.EAI_AGAIN else "no such host"
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
