"""What all transports do alike: where a server is, getting connected, for how long, in TLS, and why it failed.

Nothing of the network is imported before somebody connects.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from importlib import import_module
from itertools import count
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import concurrency
from kazoo_sup.errors import Delivered, ServerUnreachable, TimedOut

if TYPE_CHECKING:
    import socket
    import ssl
    from pathlib import Path
    from types import ModuleType

LONGEST = 300
"""Letters of what a server says that stand in a sentence of ours."""


class Address(NamedTuple):
    """A host, a name or an IP address, and a port of it. Its text is what people are shown."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Tls(NamedTuple):
    """How to trust a server that is spoken to in TLS, and how to be trusted by it.

    PEM files: the authorities to trust in place of the usual ones, our own certificate and its key. Without `verify`
    any server is believed.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """Return what Python's ssl makes such connections with. Raises OSError for a file that cannot be used."""
        import ssl

        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


LOOK, LATE = 0.001, 1.0
"""Seconds for which what has come is looked for once a deadline has passed, and for how long while more comes."""


class Deadline:
    """SECONDS from now, one limit for all that comes until then; DOING ends the sentence of its error."""

    def __init__(self, seconds: float, doing: str = "") -> None:
        """Start to count."""
        self.seconds = seconds
        self.doing = doing
        self._end = time.monotonic() + seconds
        self._late: float | None = None

    @property
    def left(self) -> float:
        """The seconds left; TimedOut when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    @property
    def wait(self) -> float:
        """The seconds that one read may wait: next to none once they have passed, for what has come already counts.

        This host may have been busy, or asleep. TimedOut where the other side goes on and on all the same.
        """
        now = time.monotonic()
        if now < self._end:
            return self._end - now
        self._late = self._late or now + LATE
        if now >= self._late:
            raise self.passed()
        return LOOK

    def passed(self) -> TimedOut:
        """Return the error of a deadline that has passed."""
        return TimedOut(seconds=self.seconds, doing=self.doing)


class Retry(NamedTuple):
    """How often and after which pauses something is tried again.

    first: seconds before the first repeat; every further pause is twice as long, up to `longest`
    tries: how often it is tried in all; None is without an end
    spread: by which part of itself a pause may be shorter or longer, so that not all come back at once
    longest_asked: seconds that a server may ask to be left alone; one that wants more is reported instead
    """

    first: float
    longest: float = inf
    tries: int | None = None
    spread: float = 0.0
    longest_asked: float = 0.0

    def pauses(self) -> Iterator[float]:
        """Give the pauses, one for each repeat."""
        from random import uniform

        for repeat in count() if self.tries is None else range(self.tries - 1):
            pause = min(self.first * 2.0**repeat, self.longest)
            yield pause * uniform(1 - self.spread, 1 + self.spread) if self.spread else pause  # noqa: S311 - spreads load


ASKING_AGAIN = Retry(first=0.1, tries=6, spread=0.5, longest_asked=10.0)
"""Of a request that only reads, or was not begun with."""

CONNECTING_AGAIN = Retry(first=1.0, longest=30.0)
"""Of a connection whose events are followed."""


def connect(
    address: Address | str,
    seconds: float,
    *,
    called: str,
    tls: Tls | None = None,
    buffer: int | None = None,
) -> socket.socket:
    """Return a connection to ADDRESS, a host's port or the path of a unix socket, made within SECONDS.

    called: what errors call the server
    tls: how to trust it, where it is spoken to in TLS
    buffer: bytes to ask for to hold what has come and was not read; they count only when asked for before connecting

    Raises ServerUnreachable; its `seconds` are set where there was no answer in that time.
    """
    try:
        connected = _connected(address, seconds, buffer)
    except (OSError, UnicodeError) as error:
        raise _unreachable(error, address, seconds, called) from error
    return connected if tls is None else encrypt(connected, tls, address, seconds, called=called)


def encrypt(
    connected: socket.socket, tls: Tls, address: Address | str, seconds: float, *, called: str, name: str = ""
) -> ssl.SSLSocket:
    """Return a connection spoken to in TLS from now on; where that fails it is closed.

    NAME is what the certificate must be for, if not the host of the ADDRESS. Otherwise as `connect`.
    """
    try:
        return tls.context().wrap_socket(connected, server_hostname=name or address[0])
    except (OSError, UnicodeError) as error:
        connected.close()
        raise _unreachable(error, address, seconds, called) from error
    except BaseException:
        connected.close()
        raise


def _unreachable(error: Exception, address: Address | str, seconds: float, called: str) -> ServerUnreachable:
    found = why(error)
    waited = seconds if found.cause is Cause.SILENCE else None
    reason = found.reason if waited is None else f"no answer within {seconds:g} s"
    if found.cause is Cause.UNTRUSTED:
        reason = reason.replace(_UNTRUSTED, "its certificate is not trusted")
    unreachable = ServerUnreachable(server=called, address=str(address), reason=reason)
    unreachable.seconds = waited
    return unreachable


def _connected(address: Address | str, seconds: float, buffer: int | None) -> socket.socket:
    """Connect as socket.create_connection does, with a BUFFER that is there before the connection is."""
    import socket

    if isinstance(address, str):
        return _reached(socket.AF_UNIX, address, seconds, buffer)
    problem = OSError("no address")
    for family, place in looked_up(*address, seconds):
        try:
            return _reached(family, place, seconds, buffer)
        except OSError as error:
            problem = error
    raise problem


def looked_up(
    host: str, port: int | None, seconds: float, *, datagrams: bool = False
) -> list[tuple[int, tuple[object, ...]]]:
    """Return family and place of each address of a HOST's PORT, found within SECONDS.

    The system's resolver knows no such limit, and hears no signal: a thread waits for it. Raises what it raises, which
    is what it says of a name server that does not answer where that is not known in time.
    """
    import socket

    kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
    found: list[tuple[int, tuple[object, ...]]] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            found.extend((each[0], each[4]) for each in socket.getaddrinfo(host, port, type=kind))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    if _is_numeric(host):
        ask()
    else:
        thread = threading.Thread(target=ask, name="resolver", daemon=True)
        thread.start()
        end = time.monotonic() + seconds
        while thread.is_alive():
            if (left := end - time.monotonic()) <= 0:
                raise socket.gaierror(socket.EAI_AGAIN, Cause.NO_NAME_SERVER.value)
            thread.join(min(left, concurrency.LOOK))
    if failed:
        raise failed[0]
    return found


def _is_numeric(host: str) -> bool:
    import socket

    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, UnicodeError, ValueError):
            socket.inet_pton(family, host.strip("[]"))
            return True
    return False


def _reached(family: int, place: str | tuple[object, ...], seconds: float, buffer: int | None) -> socket.socket:
    import socket

    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        if buffer is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        link.settimeout(seconds)
        link.connect(place)
    except BaseException:
        link.close()
        raise
    return link


class Cause(Enum):
    """What kind of failure it was."""

    NO_NAME = "no such host"
    NO_NAME_SERVER = "the name server does not answer"
    REFUSED = "connection refused"
    NO_CONNECTION = "no connection"
    UNTRUSTED = "certificate verify failed"
    TLS = "TLS"
    SILENCE = "no answer"
    CLOSED = "it closed the connection before its answer was complete"
    GARBLED = "its answer cannot be read"
    NOT_HTTP = "that is not HTTP"
    NO_LOGIN = "it refused the credentials"
    NO_ACCESS = "it refused access"


_UNTRUSTED = f"TLS: {Cause.UNTRUSTED.value}"


class Why(NamedTuple):
    """Why there is no connection, or no complete answer.

    reason: for the end of a sentence, without a full stop
    delivered: what may have become of what was sent
    passing: whether it may go better in a moment
    """

    cause: Cause
    reason: str
    delivered: Delivered
    passing: bool = True


def why(error: BaseException) -> Why:
    """Return what an error of the system, of ssl, requests, urllib3, http.client or pika comes down to.

    Only what is known to happen before a byte of a request leaves counts as not delivered; everything else, an error of
    TLS included, may have reached the server.
    """
    causes = list(_causes(error))
    for each in causes:
        if found := _of_system(each):
            return found
    for each in causes:
        if found := _of_library(each, causes):
            return found
    reason = one_line(str(error)) or type(error).__name__
    return Why(Cause.NO_CONNECTION, _lower(reason), Delivered.NO, passing=False)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from the outermost wrapper to the error of the system underneath."""
    queue: list[object] = [error]
    seen: set[int] = set()
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        tried = reversed(getattr(current, "exceptions", ()))  # pika's attempts, of which the last counts
        inner = [getattr(current, "reason", None), getattr(current, "exception", None), *tried]
        queue += [*current.args, *inner, current.__cause__, current.__context__]


def _of_system(error: BaseException) -> Why | None:
    """Judge what the system says whenever it says it."""
    import socket

    if isinstance(error, ConnectionRefusedError):
        return Why(Cause.REFUSED, Cause.REFUSED.value, Delivered.NO)
    if isinstance(error, socket.gaierror):
        cause = Cause.NO_NAME_SERVER if error.errno == socket.EAI_AGAIN else Cause.NO_NAME
        return Why(cause, cause.value, Delivered.NO, passing=cause is Cause.NO_NAME_SERVER)
    if isinstance(error, UnicodeError):
        return Why(Cause.NO_NAME, "that is not a host name", Delivered.NO, passing=False)
    ssl = _loaded("ssl")
    if ssl and isinstance(error, ssl.SSLCertVerificationError):
        reason = f"{_UNTRUSTED}: {one_line(error.verify_message)}"
        return Why(Cause.UNTRUSTED, reason, Delivered.NO, passing=False)
    if ssl and isinstance(error, ssl.SSLError):
        known: str | None = getattr(error, "reason", None)
        said = known.replace("_", " ").lower() if known else one_line(str(error))
        return Why(Cause.TLS, f"TLS: {said}", Delivered.MAYBE)
    return None


def _of_library(error: BaseException, causes: list[BaseException]) -> Why | None:
    """Judge what a library says, whose errors are known only where it has been imported."""
    if (urllib3 := _loaded("urllib3.exceptions")) and (found := _of_urllib3(error, causes, urllib3)):
        return found
    if _loaded("pika") and (found := _of_pika(error)):
        return found
    if isinstance(error, TimeoutError):
        return Why(Cause.SILENCE, Cause.SILENCE.value, Delivered.MAYBE)
    if isinstance(error, OSError) and error.strerror:
        cause = Cause.CLOSED if isinstance(error, ConnectionError) else Cause.NO_CONNECTION
        return Why(cause, _lower(error.strerror), Delivered.MAYBE)
    return None


def _loaded(name: str) -> ModuleType | None:
    """Return a module, whole, unless nobody has imported it; where another thread does just now, that is waited for."""
    return import_module(name) if name in sys.modules else None


def _of_urllib3(error: BaseException, causes: list[BaseException], urllib3: ModuleType) -> Why | None:
    if isinstance(error, urllib3.ProxyError):
        return Why(Cause.NO_CONNECTION, one_line(str(error.original_error)), Delivered.NO)
    if isinstance(error, urllib3.NewConnectionError):
        system = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), None)
        return Why(Cause.NO_CONNECTION, (system or Cause.NO_CONNECTION.value).lower(), Delivered.NO)
    if isinstance(error, urllib3.ConnectTimeoutError):
        return Why(Cause.SILENCE, Cause.NO_CONNECTION.value, Delivered.NO)
    if isinstance(error, urllib3.ReadTimeoutError):
        return Why(Cause.SILENCE, Cause.SILENCE.value, Delivered.MAYBE)
    if isinstance(error, urllib3.DecodeError):
        return Why(Cause.GARBLED, "its answer is not compressed as announced", Delivered.MAYBE)
    if isinstance(error, urllib3.ProtocolError):
        from http.client import HTTPException, IncompleteRead, RemoteDisconnected

        inner = (each for each in causes if isinstance(each, HTTPException))
        strange = any(not isinstance(each, IncompleteRead | RemoteDisconnected) for each in inner)
        return Why(Cause.NOT_HTTP if strange else Cause.CLOSED, Cause.CLOSED.value, Delivered.MAYBE)
    return None


def _of_pika(error: BaseException) -> Why | None:
    from pika import exceptions as pika
    from pika.adapters.utils import connection_workflow as workflow

    probable = (pika.ProbableAuthenticationError, pika.ProbableAccessDeniedError, pika.IncompatibleProtocolError)
    if isinstance(error, probable) and "StreamLostError" in str(error):  # pika keeps only its text
        return Why(Cause.CLOSED, "connection lost during the AMQP handshake", Delivered.NO)
    if isinstance(error, pika.ProbableAuthenticationError | pika.AuthenticationError):
        return Why(Cause.NO_LOGIN, "the broker refused the credentials", Delivered.NO, passing=False)
    if isinstance(error, pika.ProbableAccessDeniedError):
        reason = "the broker refused access to the virtual host"
        return Why(Cause.NO_ACCESS, reason, Delivered.NO, passing=False)
    if isinstance(error, pika.ConnectionClosed | pika.ChannelClosed):
        return Why(Cause.CLOSED, str(error.reply_text), Delivered.MAYBE)
    if isinstance(error, pika.AMQPHeartbeatTimeout):
        return Why(Cause.SILENCE, "no heartbeat from the broker", Delivered.MAYBE)
    if isinstance(error, pika.StreamLostError):
        return Why(Cause.CLOSED, "connection lost", Delivered.MAYBE)
    if isinstance(error, pika.ConnectionOpenAborted | workflow.AMQPConnectorStackTimeout):
        return Why(Cause.SILENCE, Cause.SILENCE.value, Delivered.NO)
    return None


def is_proxied(error: BaseException) -> bool:
    """Tell whether it was a proxy that could not be reached, or did not reach the server."""
    urllib3 = _loaded("urllib3.exceptions")
    return urllib3 is not None and any(isinstance(each, urllib3.ProxyError) for each in _causes(error))


def one_line(said: object) -> str:
    """Make one short line without a full stop out of whatever a server sent, in which nothing moves a cursor."""
    if said is None:
        return ""
    text = said[: 4 * LONGEST] if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).rstrip(".")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
