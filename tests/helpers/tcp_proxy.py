"""A TCP proxy for tests that can cut, freeze and delay the connections through it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

_PORTS = {"http": 5984, "amqp": 5672}


class TcpProxy:
    """Listens on `port` of 127.0.0.1 and passes everything on to the target, until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._flowing = threading.Event()
        self._flowing.set()
        self._delay = 0.0
        self._bytes_left: int | None = None
        self._when_used_up: Callable[[], None] = self.cut
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @classmethod
    def before(cls, url: str) -> Self:
        """Return a proxy before the server at URL."""
        parts = urlsplit(url)
        assert parts.hostname
        return cls(parts.hostname, parts.port or _PORTS[parts.scheme])

    def url(self, url: str) -> str:
        """Return URL with the proxy in place of its server, and the same credentials."""
        parts = urlsplit(url)
        credentials, at, _address = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{credentials}{at}127.0.0.1:{self.port}").geturl()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connections(self) -> int:
        """How many clients have connected."""
        return len(self._sockets) // 2

    def cut(self) -> None:
        """End all connections and take no new ones."""
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut_after(self, octets: int) -> None:
        """Cut when that many more bytes from the clients have been passed on, and more come."""
        self.do_after(octets, self.cut)

    @property
    def frozen(self) -> bool:
        """Whether it passes nothing on now."""
        return not self._flowing.is_set()

    def freeze(self) -> None:
        """Pass nothing on, in either direction, and keep the connections open."""
        self._flowing.clear()

    def freeze_after(self, octets: int) -> None:
        """Freeze when that many more bytes from the clients have been passed on, and more come."""
        self.do_after(octets, self.freeze)

    def do_after(self, octets: int, deed: Callable[[], None]) -> None:
        """Do something when that many more bytes from the clients have been passed on, before what comes then."""
        self._when_used_up, self._bytes_left = deed, octets

    def thaw(self) -> None:
        """Pass on what was held up by `freeze`, and all that follows."""
        self._flowing.set()

    def delay(self, seconds: float) -> None:
        """Hold up everything that passes, in both directions, for so long."""
        self._delay = seconds

    def close(self) -> None:
        """End everything and wait for the proxy's threads."""
        self.cut()
        self.thaw()
        self._threads[0].join()
        self.cut()  # what was being accepted at the first cut
        for thread in self._threads:
            thread.join()
        for each in [self._listener, *self._sockets]:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            try:
                server = socket.create_connection(self._target, timeout=600)
            except OSError:
                with contextlib.suppress(OSError):  # it has left
                    client.shutdown(socket.SHUT_RDWR)
                continue
            server.settimeout(None)
            self._sockets.append(server)
            for pair in ((client, server), (server, client)):
                self._threads.append(threading.Thread(target=self._pass_on, args=(*pair, pair[0] is client)))
                self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                time.sleep(self._delay)
                allowed = self._allowance(len(data)) if from_client else len(data)
                sink.sendall(data[:allowed])
                if allowed < len(data):
                    self._when_used_up()
                    self._flowing.wait()
                    sink.sendall(data[allowed:])
            sink.shutdown(socket.SHUT_WR)

    def _allowance(self, wanted: int) -> int:
        with self._lock:
            if self._bytes_left is None:
                return wanted
            allowed = min(wanted, self._bytes_left)
            self._bytes_left = None if allowed < wanted else self._bytes_left - allowed
            return allowed
