"""One exchange with an HTTP server: the only place that calls requests, and that takes its errors."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import urllib3

from kazoo_sup.errors import Delivered
from kazoo_sup.transports.http.connections import (
    basic_authorization,
    more_time,
    new_session,
    proxies,
    server_of,
    verification,
)
from kazoo_sup.transports.http.content import PIECE, pieces
from kazoo_sup.transports.http.failures import Failure, no_answer
from kazoo_sup.transports.net import Tls
from kazoo_sup.transports.waits import waiting_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    import requests
    from _typeshed import WriteableBuffer

    from kazoo_sup.transports.limits import Limits

LARGEST_REFUSAL = 2**20
"""Bytes that are read of an answer that is not a success; its status says most of it."""


class Timeouts(NamedTuple):
    """Seconds: to get connected, between two bytes either way, spent on repeats, and for a whole answer.

    A whole answer has the time of the limits as well, and only that where `whole` is None. Nothing is repeated with 0
    for `retry`.
    """

    connect: float = 3.0
    read: float = 30.0
    retry: float = 3.0
    whole: float | None = None


class Place:
    """A server as requests go to it: its URL without credentials, what people call it, and who we are there."""

    def __init__(
        self, url: str, called: str, login: tuple[str, str] | None = None, *, address: str = "", directly: bool = False
    ) -> None:
        """Take what is known of it; ADDRESS is what people are shown where it is not to be host:port.

        DIRECTLY leaves out the proxies of the environment, which are never used for this machine itself.
        Raises SettingsError for what is not such a URL.
        """
        self.url, self.called = url.rstrip("/"), called
        self.host, found = server_of(url, called)
        self.address = address or found
        self.proxies = {} if directly else proxies(url, self.host)
        self.authorization = basic_authorization(*login) if login else {}
        encoded = [each.partition(" ")[2] for each in self.authorization.values()]
        self.secrets = (login[1], *encoded) if login else ()


class Request(NamedTuple):
    """What is asked: PATH is appended to the URL as it stands, its segments escaped already, and its query too.

    name: what people are told that was asked
    body: a file is read from its start
    unread: what is said to have become of it when its answer is not read to the end
    """

    method: str
    path: str
    name: str
    headers: Mapping[str, str] = {}
    body: bytes | BinaryIO | None = None
    unread: Delivered = Delivered.MAYBE

    def content(self) -> BinaryIO | None:
        """The body from its start, as a file: it is sent block by block, so a timeout is for a block, not for all."""
        if self.body is None or isinstance(self.body, bytes):
            return io.BytesIO(self.body) if self.body else None
        self.body.seek(0)
        return self.body


class Answer(NamedTuple):
    """An answer: the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether its status says that it did what was asked."""
        return self.status < 300  # noqa: PLR2004


class Transport:
    """Connections to one server, or to several that are one cluster; safe to use from several threads.

    Nothing is taken from ~/.netrc or REQUESTS_CA_BUNDLE. Redirects are not followed, so credentials go to those servers
    only.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts,
        limits: Limits,
        tls: Tls | ssl.SSLContext = Tls(),  # noqa: B008 - immutable
        headers: Mapping[str, str] | None = None,
        pools: int = 1,
        connections: int = 1,
        socket_options: Sequence[tuple[int, int, int]] = (),
    ) -> None:
        """Keep up to `connections` idle connections to each of `pools` servers; nothing is connected yet.

        limits: of what is read of an answer, unless it is opened; their seconds hold beside those of TIMEOUTS
        tls: a context of Python's ssl trusts what that does
        headers: of every request
        socket_options: to be set before connecting
        """
        self._timeouts, self._limits = timeouts, limits
        whole = limits.seconds if timeouts.whole is None else min(timeouts.whole, limits.seconds)
        context = None if isinstance(tls, Tls) else tls
        self._session = new_session(
            {"Accept-Encoding": "gzip", **(headers or {})},
            timeouts.read,
            whole,
            pools=pools,
            connections=connections,
            socket_options=socket_options,
            context=context,
        )
        self._verify, self._cert = verification(tls) if isinstance(tls, Tls) else (True, None)

    def close(self) -> None:
        """Close every idle connection."""
        self._session.close()

    def exchange(self, place: Place, request: Request) -> Answer:
        """Send a request and return its answer, whatever that says.

        Raises Failure: with OversizedAnswer for one over the limits, and for want of an answer with ServerUnreachable
        or TimedOut.
        """
        with waiting_for(place.called, place.address):
            response, failed = self._sent(place, request)
            return self._whole(response, place, request, failed)

    def open(self, place: Place, request: Request) -> Answer | BinaryIO:
        """Send a request and return the content of a success, to be read from the connection; else the whole answer.

        The time for an answer is there the time for a piece, and it may be of any size. Raises Failure; whoever reads
        meets its error.
        """
        with waiting_for(place.called, place.address):
            response, failed = self._sent(place, request)
            if response.status_code >= 300:  # noqa: PLR2004
                return self._whole(response, place, request, failed)
        return io.BufferedReader(_Content(response, place, failed), PIECE)

    def _sent(self, place: Place, request: Request) -> tuple[requests.Response, Callable[[Exception], Failure]]:
        started = time.monotonic()

        def failed(problem: Exception) -> Failure:
            waited = time.monotonic() - started
            return no_answer(problem, server=place.called, address=place.address, request=request.name, seconds=waited)

        try:
            response = self._session.request(
                request.method,
                place.url + request.path,
                data=request.content(),
                headers={**request.headers, **place.authorization},
                timeout=(self._timeouts.connect, self._timeouts.read),
                proxies=place.proxies,
                verify=self._verify,
                cert=self._cert,
                allow_redirects=False,
                stream=True,
            )
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            raise failed(problem) from None
        return response, failed

    def _whole(
        self, response: requests.Response, place: Place, request: Request, failed: Callable[[Exception], Failure]
    ) -> Answer:
        """Read an answer, unless it is too large; of one that is not a success only so much."""
        status, content = response.status_code, bytearray()
        headers = {key.lower(): value for key, value in response.headers.items()}
        success = status < 300  # noqa: PLR2004
        try:
            with response:
                for piece in pieces(response):
                    content += piece
                    if len(content) > (self._limits.size if success else LARGEST_REFUSAL):
                        break
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            if success:
                raise failed(problem) from None
            content = bytearray()  # the status says enough
        if success and not self._limits.allows(content):
            oversized = self._limits.oversized(server=place.called, request=request.name, status=status)
            oversized.delivered = request.unread
            raise Failure(oversized)
        return Answer(status, headers, bytes(content))


class _Content(io.RawIOBase):
    """The content of an answer, read from the connection piece by piece; hands out errors of ours."""

    def __init__(self, response: requests.Response, place: Place, failed: Callable[[Exception], Failure]) -> None:
        self._response, self._place, self._failed = response, place, failed
        self._pieces = pieces(response)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left:
            try:
                with waiting_for(self._place.called, self._place.address):
                    self._left = memoryview(next(self._pieces, b""))
            except (OSError, urllib3.exceptions.HTTPError) as problem:
                raise self._failed(problem).error from None
            more_time(self._response)
        room = memoryview(buffer)
        length = min(len(room), len(self._left))
        room[:length], self._left = self._left[:length], self._left[length:]
        return length

    def close(self) -> None:
        self._response.close()
        super().close()
