"""The connections of requests as all HTTP of ours wants them: send timeouts, TLS as configured, nothing of ~/.netrc."""

from __future__ import annotations

import base64
import io
import os
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kazoo_sup.errors import SettingsError, TimedOut
from kazoo_sup.transports.http.library import HTTPAdapter, get_environ_proxies, requests
from kazoo_sup.transports.net import Deadline, looked_up
from kazoo_sup.transports.waits import passed

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping, Sequence

    from _typeshed import WriteableBuffer

    from kazoo_sup.transports.net import Tls

LONGEST_IDLE = 20.0
"""Seconds after which a connection that was not used is not used again.

Servers and proxies close theirs, which shows; firewalls forget them, which does not: what is sent then is lost.
"""


def new_session(
    headers: Mapping[str, str],
    send_timeout: float,
    whole: float,
    *,
    pools: int,
    connections: int,
    socket_options: Sequence[tuple[int, int, int]] = (),
    context: ssl.SSLContext | None = None,
) -> requests.Session:
    """Return a session with these headers that keeps up to `connections` idle connections to each of `pools` servers.

    Sending may pause for SEND_TIMEOUT seconds; an answer must be complete WHOLE seconds after its request, or it ends
    in a TimeoutError. It takes nothing from ~/.netrc or REQUESTS_CA_BUNDLE.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers = requests.structures.CaseInsensitiveDict({"User-Agent": "kazoo-sup", **headers})
    more = {"ssl_context": context} if context is not None else {}
    adapter = _Adapter(send_timeout, whole, socket_options, more, pools, connections)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def server_of(url: str, server: str) -> tuple[str, str]:
    """Return the host of a URL, and its address as people write it, host:port.

    Raises SettingsError for a URL that is malformed or carries credentials; it calls the server SERVER.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in {"http", "https"}:
        raise SettingsError(source=f"{server} address", reason="it must read http://host:port or https://host:port")
    if "@" in parts.netloc:
        raise SettingsError(source=f"{server} address", reason="user name and password do not belong into it")
    port = port or (443 if parts.scheme == "https" else 80)
    return host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def basic_authorization(username: str, password: str) -> dict[str, str]:
    """Return the header for HTTP's Basic authentication, in UTF-8 (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}


def proxies(url: str, host: str) -> dict[str, str]:
    """Return the proxies of the environment (HTTP_PROXY, NO_PROXY …) for a URL; none for loopback addresses."""
    return {} if is_loopback(host) else get_environ_proxies(url)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def verification(tls: Tls) -> tuple[bool | str, str | tuple[str, str] | None]:
    """Translate Tls to the `verify` and `cert` of requests."""
    for file in (tls.ca_file, tls.cert_file, tls.key_file):
        if file is not None and not file.is_file():
            raise SettingsError(source=str(file), reason="there is no such file")
    if not tls.verify:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # whoever set this knows
    cert: str | tuple[str, str] | None = None
    if tls.cert_file:
        cert = (str(tls.cert_file), str(tls.key_file)) if tls.key_file else str(tls.cert_file)
    if not tls.verify:
        return False, cert
    return str(tls.ca_file) if tls.ca_file else _usual_authorities(), cert


def _usual_authorities() -> str | bool:
    """Return where the authorities are that this machine trusts, True (for those of requests) where it names none.

    Where a variable SSL_CERT_FILE or SSL_CERT_DIR says so, they are there (see ssl.get_default_verify_paths).
    """
    import ssl

    found = ssl.get_default_verify_paths()
    if found.cafile:
        return found.cafile
    return found.capath if found.capath and any(os.scandir(found.capath)) else True


def more_time(response: requests.Response) -> None:
    """Begin again to count the time of a streamed answer: so much of it has come."""
    if (clock := getattr(response.raw, "clock", None)) is not None:
        clock.start()


class _Clock:
    """The end of the time that an answer may take, and when the connection was used last."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.start()

    def start(self) -> None:
        self._deadline = Deadline(self._seconds)
        self._used = passed()

    @property
    def idle(self) -> float:
        return passed() - self._used

    @property
    def wait(self) -> float:
        try:
            return self._deadline.wait
        except TimedOut:
            raise TimeoutError from None


class _TimedSocket:
    """A connected socket whose reader obeys a clock beside the socket's own timeout, which each byte starts again."""

    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock

    def __getattr__(self, name: str) -> object:
        return getattr(self._socket, name)

    def makefile(self, *_mode: object, **_buffering: object) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._socket, self._clock))


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock
        self._pause = connected.gettimeout()
        # While this file is open the connection stays so, as with any other file of a socket.
        self._open = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        wait = self._clock.wait
        self._socket.settimeout(wait if self._pause is None else min(wait, self._pause))
        try:
            return int(self._socket.recv_into(buffer))
        finally:
            if self._socket.fileno() >= 0:
                self._socket.settimeout(self._pause)

    def close(self) -> None:
        self._open.close()
        super().close()


class _Adapter(HTTPAdapter):
    """Connections that may take the read timeout for sending too, where urllib3 leaves the connect timeout on them.

    Their answers obey a clock.
    """

    def __init__(
        self,
        send_timeout: float,
        whole: float,
        socket_options: Sequence[tuple[int, int, int]],
        more: Mapping[str, Any],
        pools: int,
        connections: int,
    ) -> None:
        class Sending:
            def _new_conn(self) -> socket.socket:
                connection = cast("HTTPConnection", self)
                with suppress(UnicodeError):  # urllib3 tells of those
                    looked_up(connection.host, connection.port, cast("float", connection.timeout))
                return cast("socket.socket", super()._new_conn())  # type: ignore[misc]

            def connect(self) -> None:
                super().connect()  # type: ignore[misc]
                connection = cast("HTTPConnection", self)
                connection.sock.settimeout(send_timeout)
                self.clock = _Clock(whole)
                connection.sock = cast("Any", _TimedSocket(connection.sock, self.clock))

            @property
            def is_connected(self) -> bool:
                """Tell the pool whether to use it once more, which asks before each request but the first."""
                return self.clock.idle < LONGEST_IDLE and bool(super().is_connected)  # type: ignore[misc]

            def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's response, with a clock
                self.clock.start()
                response = super().getresponse()  # type: ignore[misc]
                response.clock = self.clock
                return response

        class Plain(Sending, HTTPConnection):
            default_socket_options: ClassVar = [*HTTPConnection.default_socket_options, *socket_options]

        class Encrypted(Sending, HTTPSConnection):
            default_socket_options: ClassVar = [*HTTPSConnection.default_socket_options, *socket_options]

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self._more = more
        self._pools: dict[str, type[HTTPConnectionPool]] = {"http": PlainPool, "https": EncryptedPool}
        super().__init__(pool_connections=pools, pool_maxsize=connections)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **{**more, **self._more})
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **more: object) -> object:
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = self._pools
        return manager
