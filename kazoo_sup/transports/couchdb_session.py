"""The HTTP session under the couchdb package: several coordinators, timeouts, TLS, and repeats where they are safe."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import urllib3

from kazoo_sup.errors import ServerUnreachable, SettingsError
from kazoo_sup.transports.couchdb_failures import SERVER, bad_answer, unreadable_answer
from kazoo_sup.transports.http_connections import basic_authorization, new_session, proxies, server_of, verification
from kazoo_sup.transports.http_failures import Failure, no_answer
from kazoo_sup.transports.http_repeats import repeated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import requests

    from kazoo_sup.transports.tls import Tls

JSON = "application/json"

# What only reads although it is a POST (CouchDB docs, "API reference"); the queries of a view are told by their path.
READING_POSTS = frozenset(
    {
        "_all_docs",
        "_bulk_get",
        "_changes",
        "_dbs_info",
        "_design_docs",
        "_explain",
        "_find",
        "_missing_revs",
        "_revs_diff",
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address under which the cluster answers; `url` carries no credentials but may carry a path."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to get connected, between two bytes either way, and spent on repeating what failed (0: never repeat)."""

    connect: float = 3.0
    read: float = 30.0
    retry: float = 3.0


class Session:
    """What couchdb.Server(url, session=…) needs of a session: `request`, over requests.

    It differs from couchdb.http.Session on purpose: JSON is handed over decoded and without its Content-Type, so that
    the package passes it on as it is and a cut-off answer is noticed where it can still be asked for again; and errors
    are this project's, but for ResourceNotFound and PreconditionFailed. An error after which the request may have taken
    effect all the same has the fact `lost` (see `answer_was_lost`).

    Nothing is taken from ~/.netrc or REQUESTS_CA_BUNDLE. The proxies of the environment (HTTP_PROXY, NO_PROXY …) are
    used, except for loopback addresses. Redirects are not followed.
    """

    def __init__(self, endpoints: Sequence[Endpoint], timeouts: Timeouts, tls: Tls, connections: int) -> None:
        """Keep up to `connections` idle connections to each endpoint; nothing is connected yet."""
        if not endpoints:
            raise SettingsError(source=SERVER, reason="no address is configured")
        self._servers = [_Server(endpoint) for endpoint in endpoints]
        self._current = 0
        self._timeouts = timeouts
        headers = {"Accept-Encoding": "gzip", "Connection": "keep-alive"}
        self._http = new_session(headers, timeouts.read, pools=len(endpoints), connections=connections)
        self._verify, self._cert = verification(tls)

    @property
    def url(self) -> str:
        """The address to build URLs upon; requests go to whichever endpoint answers."""
        return self._servers[0].url

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        credentials: object = None,  # noqa: ARG002 - each endpoint has its own
        num_redirects: int = 0,  # noqa: ARG002 - none are followed
    ) -> tuple[int, dict[str, str], Any]:
        """Send one request as couchdb.http.Resource asks for it and return (status, headers, data).

        body: bytes or an open binary file as they are, anything else as JSON
        headers: an Accept other than JSON makes `data` a BinaryIO that reads from the connection
        data: the decoded JSON, None for HEAD
        """
        headers = {"Accept": JSON, **(headers or {})}
        if body is not None and not isinstance(body, bytes) and not hasattr(body, "read"):
            body = encode(body)
            headers["Content-Type"] = JSON
        path = url.removeprefix(self.url) or "/"
        query = _Request(method.upper(), path, headers, body)
        # 429 and 503 say that nothing was done; a request that only reads may always be sent again.
        return repeated(lambda: self._attempt(query), only_reads=query.only_reads, patience=self._timeouts.retry)

    def close(self) -> None:
        """Close every idle connection."""
        self._http.close()

    def _attempt(self, query: _Request) -> tuple[int, dict[str, str], Any]:
        """Ask the endpoint that answered last; where there is no connection, the next one, each at most once."""
        unconnected: list[Failure] = []
        first, count = self._current, len(self._servers)
        for turn in range(first, first + count):
            try:
                answer = self._exchange(self._servers[turn % count], query)
            except Failure as failure:
                if failure.connected:
                    self._current = (turn + bool(failure.passing)) % count
                    raise
                unconnected.append(failure)
            else:
                self._current = turn % count
                return answer
        raise _together(unconnected)

    def _exchange(self, server: _Server, query: _Request) -> tuple[int, dict[str, str], Any]:
        started = time.monotonic()

        def failed(problem: Exception) -> Failure:
            waited = time.monotonic() - started
            return no_answer(problem, server=SERVER, address=server.address, request=query.name, seconds=waited)

        try:
            response = self._http.request(
                query.method,
                server.url + query.path,
                data=query.content(),
                headers={**query.headers, **server.authorization},
                timeout=(self._timeouts.connect, self._timeouts.read),
                proxies=server.proxies,
                verify=self._verify,
                cert=self._cert,
                allow_redirects=False,
                stream=True,
            )
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            raise failed(problem) from None
        success = response.status_code < 300  # noqa: PLR2004
        headers = {name.lower(): value for name, value in response.headers.items()}
        if success and query.headers["Accept"] != JSON:
            return response.status_code, headers, io.BufferedReader(_Content(response, failed))
        try:
            content = response.content
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            if success:
                raise failed(problem) from None
            content = b""  # the status says enough
        if not success:
            raise bad_answer(
                response.status_code,
                response.headers,
                content,
                address=server.address,
                request=query.name,
                credentials=bool(server.authorization),
            )
        headers.pop("content-type", None)
        if query.method == "HEAD" or response.status_code == 204:  # noqa: PLR2004
            return response.status_code, headers, None
        try:
            return response.status_code, headers, json.loads(content)
        except ValueError:
            raise unreadable_answer(response.status_code, content, request=query.name) from None


def encode(value: Any) -> bytes:
    """Encode JSON as compact UTF-8; half surrogate pairs, which UTF-8 cannot hold, stay the escapes they came as."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


class _Request:
    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes | BinaryIO | None) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def only_reads(self) -> bool:
        if self.method in {"GET", "HEAD"}:
            return True
        *above, last = ["", *self.path.partition("?")[0].split("/")]
        return self.method == "POST" and (last in READING_POSTS or above[-1] == "_view")

    def content(self) -> BinaryIO | None:
        """The body from its start, as a file: it is sent block by block, so a timeout is for a block, not for all."""
        if self.body is None or isinstance(self.body, bytes):
            return io.BytesIO(self.body) if self.body else None
        self.body.seek(0)
        return self.body


class _Server:
    """An endpoint as requests go to it."""

    def __init__(self, endpoint: Endpoint) -> None:
        host, self.address = server_of(endpoint.url, SERVER)
        self.url = endpoint.url.rstrip("/")
        self.proxies = proxies(endpoint.url, host)
        self.authorization: dict[str, str] = {}
        if endpoint.username:
            self.authorization = basic_authorization(endpoint.username, endpoint.password or "")


def _together(failures: list[Failure]) -> Failure:
    """Make one failure of the failures to connect to each endpoint."""
    if len(failures) == 1:
        return failures[0]
    addresses = ", ".join(str(failure.error.facts["address"]) for failure in failures)
    reasons = "; ".join(dict.fromkeys(str(failure.error.facts["reason"]) for failure in failures))
    error = ServerUnreachable(server=SERVER, address=addresses, reason=reasons)
    return Failure(error, connected=False, passing=any(failure.passing for failure in failures))


class _Content(io.RawIOBase):
    """The content of an answer, read from the connection piece by piece; hands out errors of ours."""

    def __init__(self, response: requests.Response, failed: Any) -> None:
        self._response, self._failed = response, failed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._response.raw.read(len(buffer), decode_content=True)
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            raise self._failed(problem).error from None
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._response.close()
        super().close()
