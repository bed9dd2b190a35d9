"""An HTTP server for tests on 127.0.0.1 that misbehaves on demand."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

HAPROXY_503 = (
    b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"
)


@dataclass
class Answer:
    """What the server would send, unless a fault sends something else."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Request:
    method: str
    path: str  # as it came, escaped
    headers: dict[str, str]
    body: bytes


def answer(status: int, value: Any = None, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode() + b"\n", {"Content-Type": "application/json", **headers})


Fault = "Callable[[Handler, Callable[[], Answer]], None]"  # carry_out does the request and returns its answer


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer with this and do nothing; header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, carry_out: handler.send(Answer(status, body, named))


def says_in_chunks(status: int, body: bytes, content_type: str) -> Fault:
    def fault(handler, carry_out):
        chunks = b"".join(
            b"%x\r\n%s\r\n" % (len(body[i : i + 1000]), body[i : i + 1000]) for i in range(0, len(body), 1000)
        )
        head = f"HTTP/1.1 {status} x\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        handler.wfile.write(head.encode() + chunks + b"0\r\n\r\n")

    return fault


def hangs_up(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Close the connection without having done anything."""
    handler.close_connection = True


def resets(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request, then reset the connection instead of answering."""
    carry_out()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def stores_then_hangs_up(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request, then close the connection instead of answering."""
    carry_out()
    handler.close_connection = True


def stores_then_stalls(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request, then say nothing until the server is stopped."""
    carry_out()
    handler.server.stopped.wait(10)
    handler.close_connection = True


def stores_then_says(status: int, body: bytes = b"") -> Fault:
    """Do the request, but answer with this, as a proxy does whose patience is at an end."""

    def fault(handler, carry_out):
        carry_out()
        handler.send(Answer(status, body, {}))

    return fault


def arrives_twice(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request twice, as a proxy that repeats it, and answer what came of the second time."""
    carry_out()
    handler.send(carry_out())


def breaks_off(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request and send only half of the answer's body."""
    done = carry_out()
    head = f"HTTP/1.1 {done.status} x\r\nContent-Type: application/json\r\nContent-Length: {len(done.body)}\r\n\r\n"
    handler.wfile.write(head.encode() + done.body[: len(done.body) // 2])
    handler.close_connection = True


def breaks_off_cleanly(handler: Handler, carry_out: Callable[[], Answer]) -> None:
    """Do the request and send half of the answer's body as if that were all, as CouchDB does with a failing view."""
    done = carry_out()
    handler.send(Answer(done.status, done.body[: len(done.body) // 2], done.headers))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultServer

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        self.server.requests.append(request)
        fault = self.server.next_fault(request)

        def carry_out() -> Answer:
            with self.server.lock:
                return self.server.respond(request)

        if fault:
            fault(self, carry_out)
        else:
            self.send(carry_out())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815 - http.server's names

    def send(self, done: Answer) -> None:
        body = b"" if self.command == "HEAD" else done.body
        head = "".join(f"{name}: {value}\r\n" for name, value in done.headers.items())
        length = f"Content-Length: {len(done.body)}\r\n\r\n"
        self.wfile.write(f"HTTP/1.1 {done.status} x\r\n{head}{length}".encode() + body)

    def log_message(self, *_: Any) -> None:
        pass


class FaultServer(ThreadingHTTPServer):
    """A context manager; `url` is its address, `requests` what came in. What it answers is a matter of `respond`."""

    daemon_threads = False
    request_queue_size = 50

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' * bool(tls)}://{f'[{host}]' if ':' in host else host}:{self.server_port}"
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self._faults: list[tuple[str, Any]] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.shutdown()
        self._thread.join()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def get_request(self) -> Any:
        connection, address = super().get_request()
        connection.settimeout(600)
        self.connections.append(connection)
        return connection, address

    def handle_error(self, *_: Any) -> None:
        """Let a broken TLS handshake pass in silence."""

    def fails(self, *faults: Any, to: str = "") -> None:
        """Meet the next requests whose method and path contain `to` with these faults, one each."""
        self._faults += [(to, fault) for fault in faults]

    def next_fault(self, request: Request) -> Any:
        with self.lock:
            for index, (to, fault) in enumerate(self._faults):
                if to in f"{request.method} {request.path}":
                    del self._faults[index]
                    return fault
        return None

    def sent(self, method: str = "", path: str = "") -> list[Request]:
        """The requests with this method whose path contains `path`."""
        return [each for each in self.requests if method in each.method and path in each.path]

    def respond(self, request: Request) -> Answer:
        """Do what is asked for, and return the answer to it."""
        raise NotImplementedError
