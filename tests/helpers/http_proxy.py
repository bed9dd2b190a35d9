"""A forward proxy on 127.0.0.1, as a company has one before the internet; it takes every host for one server."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl


class _Handler(BaseHTTPRequestHandler):
    server: HttpProxy
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        """Connect to the server, and pass on what comes."""
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        self.close_connection = True
        if self.server.refuses:
            self.send_error(self.server.refuses)
            return
        with socket.create_connection(self.server.target, timeout=600) as upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(upstream, self.connection))
            back.start()
            _pass_on(self.connection, upstream)
            back.join()

    def do_GET(self) -> None:
        """Answer with what was asked."""
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        content = b'{"via": "proxy"}'
        self.wfile.write(
            b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
        )
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


class HttpProxy(ThreadingHTTPServer):
    """A context manager. `asked` are the targets of requests with the credentials shown; REFUSES is a status for all.

    With TLS it is spoken to in TLS itself.
    """

    daemon_threads = True

    def __init__(self, port: int, *, tls: ssl.SSLContext | None = None, refuses: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.target, self.refuses = ("127.0.0.1", port), refuses
        self.asked: list[tuple[str, str | None]] = []
        self.host = f"{'localhost' if tls else '127.0.0.1'}:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Let a broken connection pass in silence."""
