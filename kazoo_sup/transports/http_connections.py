"""The connections of requests as all HTTP of ours wants them: send timeouts, TLS as configured, nothing of ~/.netrc."""

from __future__ import annotations

import base64
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kazoo_sup.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kazoo_sup.transports.tls import Tls


def new_session(headers: Mapping[str, str], send_timeout: float, *, pools: int, connections: int) -> requests.Session:
    """Return a session with these headers that keeps up to `connections` idle connections to each of `pools` servers.

    It takes nothing from ~/.netrc or REQUESTS_CA_BUNDLE.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers = requests.structures.CaseInsensitiveDict({"User-Agent": "kazoo-sup", **headers})
    adapter = _Adapter(send_timeout, pool_connections=pools, pool_maxsize=connections)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def server_of(url: str, server: str) -> tuple[str, str]:
    """Return the host of a URL, and its address as people write it, host:port.

    Raises SettingsError for a URL that is none or carries credentials; it calls the server SERVER.
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
    """Tell whether a host is this machine."""
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
    return str(tls.ca_file) if tls.verify and tls.ca_file else tls.verify, cert


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
