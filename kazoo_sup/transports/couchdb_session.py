"""The HTTP session under the couchdb package: several coordinators, timeouts, TLS, and repeats where they are safe."""

from __future__ import annotations

import base64
import io
import json
import random
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kazoo_sup.errors import ServerUnreachable, SettingsError
from kazoo_sup.transports.couchdb_failures import SERVER, Failure, bad_answer, no_answer, unreadable_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kazoo_sup.transports.tls import Tls

JSON = "application/json"
FIRST_PAUSE = 0.1  # seconds; doubled after every failure, and jittered
LONGEST_RETRY_AFTER = 10.0  # seconds; a server that wants more time is reported instead
REPEATS = 6

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
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers = requests.structures.CaseInsensitiveDict(
            {"User-Agent": "kazoo-sup", "Accept-Encoding": "gzip", "Connection": "keep-alive"}
        )
        adapter = _Adapter(timeouts.read, pool_connections=len(endpoints), pool_maxsize=connections)
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, adapter)
        self._verify, self._cert = _verification(tls)

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
        return self._repeated(query)

    def close(self) -> None:
        """Close every idle connection."""
        self._http.close()

    def _repeated(self, query: _Request) -> tuple[int, dict[str, str], Any]:
        """Send the request until it is answered, as long as repeating can do no harm.

        Harmless are: any request that never got connected; any that was answered 429 or 503, which say that nothing
        was done; and one that only reads, whatever became of its answer.
        """
        pause, give_up_at = FIRST_PAUSE, 0.0
        for left in reversed(range(REPEATS)):
            try:
                return self._attempt(query)
            except Failure as failure:
                now = time.monotonic()
                give_up_at = give_up_at or now + self._timeouts.retry
                wait = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads the load, protects nothing
                if failure.retry_after is not None and self._timeouts.retry:
                    wait = max(wait, failure.retry_after)
                    give_up_at += failure.retry_after
                harmless = query.only_reads or not failure.lost
                too_late = now + wait > give_up_at or wait > LONGEST_RETRY_AFTER
                if not (failure.passing and harmless and left) or too_late:
                    raise failure.error from None
            time.sleep(wait)
            pause *= 2
        raise AssertionError  # the last round returns or raises

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
            return no_answer(problem, address=server.address, request=query.name, seconds=waited)

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
        try:
            parts = urlsplit(endpoint.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or parts.scheme not in {"http", "https"}:
            raise SettingsError(source=f"{SERVER} address", reason="it must read http://host:port or https://host:port")
        if "@" in parts.netloc:
            raise SettingsError(source=f"{SERVER} address", reason="user name and password do not belong into it")
        port = port or (443 if parts.scheme == "https" else 80)
        self.url = endpoint.url.rstrip("/")
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.proxies = {} if _is_loopback(host) else get_environ_proxies(endpoint.url)
        self.authorization: dict[str, str] = {}
        if endpoint.username:
            token = base64.b64encode(f"{endpoint.username}:{endpoint.password or ''}".encode())
            self.authorization["Authorization"] = f"Basic {token.decode()}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _verification(tls: Tls) -> tuple[bool | str, str | tuple[str, str] | None]:
    """Translate Tls to the `verify` and `cert` of requests."""
    for file in (tls.ca_file, tls.cert_file, tls.key_file):
        if file is not None and not file.is_file():
            raise SettingsError(source=str(file), reason="there is no such file")
    if not tls.verify:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # whoever set this knows
    cert: str | tuple[str, str] | None = None
    if tls.cert_file:
        cert = (str(tls.cert_file), str(tls.key_file)) if tls.key_file else str(tls.cert_file)
    return str(tls.ca_file) if tls.verify and tls.ca_file else tls.verify, cert


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


class _Adapter(HTTPAdapter):
    """Connections that may take the read timeout for sending too; urllib3 leaves the connect timeout on them."""

    def __init__(self, send_timeout: float, **pool: Any) -> None:
        class Sending:
            def connect(self) -> None:
                super().connect()  # type: ignore[misc]
                cast("HTTPConnection", self).sock.settimeout(send_timeout)

        class Plain(Sending, HTTPConnection):
            pass

        class Encrypted(Sending, HTTPSConnection):
            pass

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self._pools: dict[str, type[HTTPConnectionPool]] = {"http": PlainPool, "https": EncryptedPool}
        super().__init__(**pool)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager
