"""Any HTTP server that is asked for one thing at a time: timeouts, repeats where they are safe, credentials kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import urllib3

from kazoo_sup.errors import NotAuthorised, ServerRefused, SupError, TimedOut
from kazoo_sup.transports.http_connections import (
    basic_authorization,
    is_loopback,
    new_session,
    proxies,
    server_of,
    verification,
)
from kazoo_sup.transports.http_failures import Failure, no_answer, redirected, seconds_asked, sentence, words
from kazoo_sup.transports.http_repeats import repeated
from kazoo_sup.transports.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PIECE = 65_536
LARGEST = 16 * 2**20
"""Bytes of an answer that are read at most."""

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to get connected, between two bytes either way, for a whole answer, and spent on repeats."""

    connect: float = 5.0
    read: float = 30.0
    whole: float = 60.0
    retry: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HTTP:
    """One server, spoken to under one URL; safe to use from several threads.

    Redirects are not followed, so credentials go to that server only. Its errors have the facts `content`, the body of
    an answer that is no success, and `lost` when the request may have taken effect all the same.
    """

    def __init__(
        self,
        url: str,
        *,
        server: str,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        secrets: Sequence[str] = (),
        timeouts: Timeouts = Timeouts(),
        tls: Tls = Tls(),  # noqa: B008 - immutable
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Connect to nothing yet.

        url: to which paths are appended; without credentials
        server: what errors call it
        login: user name and password of HTTP's own authentication
        secrets: texts that no error may show, should the server send them back
        tell: is told of every exchange in one line, without headers, query or content

        Raises SettingsError for a URL that is none.
        """
        self.url = url.rstrip("/")
        self._server = server
        self._host, self.address = server_of(url, server)
        self._authorization = basic_authorization(*login) if login else {}
        self._secrets = [secret for secret in (*secrets, login[1] if login else "") if secret]
        self._timeouts = timeouts
        self._tell = tell
        self._session = new_session(headers or {}, timeouts.read, pools=1, connections=1)
        self._verify, self._cert = verification(tls)

    @property
    def is_open_to_listeners(self) -> bool:
        """Whether what is sent can be read on the way: no TLS, and not to this machine itself."""
        return self.url.startswith("http://") and not is_loopback(self._host)

    def close(self) -> None:
        """Close the idle connection."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        only_reads: bool | None = None,
    ) -> Answer:
        """Send a request and return the answer, when it is a success (2xx).

        path: is appended to the URL as it stands, its segments escaped already
        query: of the URL, escaped here
        only_reads: whether it may be sent again whatever became of its answer; GET and HEAD may

        Raises ServerUnreachable, TimedOut, NotAuthorised (401, 403) and ServerRefused.
        """
        url = f"{self.url}{path}{'?' * bool(query)}{urlencode(query or {})}"
        name = f"{method} {urlsplit(url).path}"
        reads = method in _READING if only_reads is None else only_reads

        def attempt() -> Answer:
            started = time.monotonic()
            try:
                answer = self._exchange(method, url, name, body, headers or {})
            except Failure as failure:
                self._tell(f"{name}: {failure.error} ({time.monotonic() - started:.1f} s)")
                raise
            self._tell(f"{name}: {answer.status}, {len(answer.body)} bytes ({time.monotonic() - started:.1f} s)")
            return answer

        return repeated(attempt, only_reads=reads, patience=self._timeouts.retry)

    def _exchange(self, method: str, url: str, name: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        started = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                data=body,
                headers={**headers, **self._authorization},
                timeout=(self._timeouts.connect, self._timeouts.read),
                proxies=proxies(url, self._host),
                verify=self._verify,
                cert=self._cert,
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = self._content(response, name, started)
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            seconds = time.monotonic() - started
            failure = no_answer(problem, server=self._server, address=self.address, request=name, seconds=seconds)
            raise failure from None
        found = {key.lower(): value for key, value in response.headers.items()}
        if response.status_code < 300:  # noqa: PLR2004
            return Answer(response.status_code, found, content)
        raise self._refused(response.status_code, response.headers, content, name)

    def _content(self, response: Any, name: str, started: float) -> bytes:
        """Read the whole answer, unless it is too large or comes too slowly."""
        content = bytearray()
        while piece := response.raw.read(_PIECE, decode_content=True):
            content += piece
            if len(content) > LARGEST:
                raise self._given_up(response.status_code, name, f"its answer is larger than {LARGEST} bytes")
            if time.monotonic() - started > self._timeouts.whole:
                waited = round(time.monotonic() - started, 1)
                doing = f" waiting for {self._server} at {self.address} to answer {name}"
                raise Failure(TimedOut(seconds=waited, doing=doing), lost=True)
        return bytes(content)

    def _given_up(self, status: int, name: str, reason: str) -> Failure:
        return Failure(ServerRefused(server=self._server, status=status, request=name, reason=reason), lost=True)

    def _refused(self, status: int, headers: Mapping[str, str], content: bytes, name: str) -> Failure:
        if status < 400:  # noqa: PLR2004
            return redirected(status, headers, server=self._server, request=name)
        said = self._masked(words(content))
        error: SupError
        if status in {401, 403}:
            reason = f": {said}" if said else ""
            error = NotAuthorised(server=self._server, address=self.address, reason=reason, content=content)
            return Failure(error)
        reason = said or responses.get(status, "no reason given").lower()
        error = ServerRefused(server=self._server, status=status, request=name, reason=reason, content=content)
        if status == 429:  # noqa: PLR2004 - RFC 6585: too many requests, nothing was done
            return Failure(error, passing=True, retry_after=seconds_asked(headers.get("Retry-After")))
        # Any 5xx may come from a gateway that lost patience with a server that goes on.
        gave_way = status >= 500  # noqa: PLR2004
        retry_after = seconds_asked(headers.get("Retry-After")) if gave_way else None
        return Failure(error, lost=gave_way, passing=gave_way, retry_after=retry_after)

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "****")
        return sentence(text)
