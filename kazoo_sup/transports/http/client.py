"""Any HTTP server that is asked for one thing at a time: timeouts, repeats where they are safe, credentials kept."""

from __future__ import annotations

import time
from http.client import responses
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from kazoo_sup.errors import Delivered, NotAuthorised, ServerRefused
from kazoo_sup.transports.http.connections import is_loopback
from kazoo_sup.transports.http.failures import Failure, redirected, seconds_asked, words
from kazoo_sup.transports.http.repeats import repeated
from kazoo_sup.transports.http.transport import Answer, Place, Request, Timeouts, Transport
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_READING = frozenset({"GET", "HEAD"})


class HTTP:
    """One server, spoken to under one URL; safe to use from several threads.

    Redirects are not followed, so credentials go to that server only. NotAuthorised and ServerRefused have the
    `content` of the answer.
    """

    def __init__(
        self,
        place: Place,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - immutable
        limits: Limits = Limits(),  # noqa: B008 - immutable
        tls: Tls = Tls(),  # noqa: B008 - immutable
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Connect to nothing yet.

        place: paths are appended to its URL
        limits: of what is read of an answer; its seconds hold beside those of TIMEOUTS
        secrets: texts that no error may show, should the server send them back
        tell: is told of every exchange in one line, without headers, query or content
        """
        self._place = place
        self.url, self.address = place.url, place.address
        self._secrets = [secret for secret in (*secrets, *place.secrets) if secret]
        self._retry = timeouts.retry
        self._tell = tell
        self._transport = Transport(timeouts=timeouts, limits=limits, tls=tls, headers=headers)

    @property
    def is_open_to_listeners(self) -> bool:
        """Whether what is sent can be read on the way: no TLS, and not to this machine itself."""
        return self.url.startswith("http://") and not is_loopback(self._place.host)

    def close(self) -> None:
        """Close the idle connection."""
        self._transport.close()

    def request(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        only_reads: bool | None = None,
        repeat: bool = True,
    ) -> Answer:
        """Send a request and return the answer, when it is a success (2xx).

        path: is appended to the URL as it stands, its segments escaped already
        query: of the URL, escaped here; a list stands for its values one after the other, under the same name
        repeat: whether it is to be sent again at all when it fails
        only_reads: whether it may be sent again whatever became of its answer; GET and HEAD may

        Raises ServerUnreachable, TimedOut, NotAuthorised (401, 403) and ServerRefused.
        """
        name = f"{method} {urlsplit(self.url + path).path}"
        path = f"{path}{'?' * bool(query)}{urlencode(query or {}, doseq=True)}"
        request = Request(method, path, name, headers or {}, body)
        reads = method in _READING if only_reads is None else only_reads

        def attempt() -> Answer:
            started = time.monotonic()
            try:
                answer = self._transport.exchange(self._place, request)
                if not answer.is_success:
                    raise self._refused(answer, name)
            except Failure as failure:
                self._tell(f"{name}: {failure.error} ({time.monotonic() - started:.1f} s)")
                raise
            self._tell(f"{name}: {answer.status}, {len(answer.body)} bytes ({time.monotonic() - started:.1f} s)")
            return answer

        return repeated(attempt, only_reads=reads, patience=self._retry if repeat else 0)

    def _refused(self, answer: Answer, name: str) -> Failure:
        status, headers, content = answer.status, answer.headers, answer.body
        if status < 400:  # noqa: PLR2004
            return redirected(status, headers, server=self._place.called, request=name)
        said = words(content, self._secrets)
        if status in {401, 403}:
            reason = f": {said}" if said else ""
            return Failure(
                NotAuthorised(
                    server=self._place.called, address=self.address, reason=reason, content=content, status=status
                )
            )
        reason = said or responses.get(status, "no reason given").lower()
        error = ServerRefused(server=self._place.called, status=status, request=name, reason=reason, content=content)
        if status == 429:  # noqa: PLR2004 - RFC 6585: too many requests, nothing was done
            return Failure(error, passing=True, retry_after=seconds_asked(headers.get("retry-after")))
        # Any 5xx may come from a gateway that lost patience with a server that goes on.
        if status < 500:  # noqa: PLR2004
            return Failure(error)
        error.delivered = Delivered.MAYBE
        return Failure(error, passing=True, retry_after=seconds_asked(headers.get("retry-after")))
