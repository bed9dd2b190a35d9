"""A stand-in for Kamailio's RPC interface: over any of its transports it answers with the bytes that it is told."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kazoo_sup.settings import Server
from kazoo_sup.transports.kamailio import binrpc

WAYS = ("http", "binrpc", "unix", "udp", "fifo")
STREAMS = ("http", "binrpc", "fifo")

HOLD = b""
"""Among pieces: say nothing more and keep the connection open."""

Answer = Callable[[int], Iterable[bytes]]
"""Given the number of a request, the pieces to send, each by itself."""


class FakeKamailio:
    """Takes requests WAY in the background; `requests` holds what came, read as far as the transport goes."""

    def __init__(self, way: str, directory: Path, answer: Answer) -> None:
        self.requests: list[bytes] = []
        self._answer = answer
        self._over = threading.Event()
        self._directory = directory
        self._listener = getattr(self, f"_open_{way}")()
        serve = self._serve_datagrams if way in ("unix", "udp") else getattr(self, f"_serve_{way}")
        self._thread = threading.Thread(target=serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(600)
        if isinstance(self._listener, int):
            os.close(self._listener)
        else:
            self._listener.close()

    def _open_http(self) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 0))
        self.server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}/RPC")
        return listener

    def _open_binrpc(self) -> socket.socket:
        path = self._directory / "ctl"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        self.server = Server(f"binrpc:{path}")
        return listener

    def _open_unix(self) -> socket.socket:
        path = self._directory / "datagrams"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(str(path))
        self.server = Server(f"unix:{path}")
        return listener

    def _open_udp(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind(("127.0.0.1", 0))
        self.server = Server(f"udp://127.0.0.1:{listener.getsockname()[1]}")
        return listener

    def _open_fifo(self) -> int:
        path = self._directory / "fifo"
        os.mkfifo(path)
        self.server = Server(f"fifo:{path}")
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def _connections(self) -> Iterable[socket.socket]:
        self._listener.settimeout(0.02)
        while not self._over.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                connection.settimeout(600)
                with connection:
                    yield connection

    def _serve_http(self) -> None:
        for connection in self._connections():
            with connection.makefile("rb") as stream:
                head = b""
                while line := stream.readline().strip():
                    head += line + b"\n"
                body = stream.read(int(head.lower().partition(b"content-length: ")[2].split()[0]))
            self.requests.append(head + body)
            self._send(json.loads(body)["id"], connection.sendall)

    def _serve_binrpc(self) -> None:
        for connection in self._connections():
            with connection.makefile("rb") as stream:
                packet = binrpc.read_packet(stream.read, 1 << 20)
            self.requests.append(json.dumps(packet.values).encode())
            self._send(packet.cookie, connection.sendall)

    def _serve_datagrams(self) -> None:
        self._listener.settimeout(0.02)
        while not self._over.is_set():
            with suppress(OSError):
                request, sender = self._listener.recvfrom(1 << 16)
                self.requests.append(request)
                self._send(json.loads(request)["id"], lambda piece, sender=sender: self._listener.sendto(piece, sender))

    def _serve_fifo(self) -> None:
        from kazoo_sup.transports.kamailio import fifo as kamailio_fifo

        while not self._over.wait(0.002):
            with suppress(BlockingIOError):
                request = os.read(self._listener, 1 << 16)
                self.requests.append(request)
                read: dict[str, Any] = json.loads(request)
                try:
                    writer = os.open(kamailio_fifo.REPLIES / read["reply_name"], os.O_WRONLY | os.O_NONBLOCK)
                except OSError:
                    continue  # nobody waits for the answer any more
                os.set_blocking(writer, True)
                self._send(read["id"], lambda piece, writer=writer: os.write(writer, piece))
                os.close(writer)

    def _send(self, number: int, send: Callable[[bytes], Any]) -> None:
        with suppress(OSError):
            for piece in self._answer(number):
                if self._over.wait(10 if piece == HOLD else 0):
                    return
                send(piece)


def reply(way: str, number: int, result: Any = "fine") -> bytes:
    """Return a whole good answer to request NUMBER, as it goes over the WAY; over BINRPC a text."""
    if way == "binrpc":
        return packet(binrpc.REPLY, number, result)
    return framed(way, json.dumps({"jsonrpc": "2.0", "result": result, "id": number}).encode())


def refusal(way: str, number: int, code: int, message: str) -> bytes:
    """Return an answer that refuses request NUMBER."""
    if way == "binrpc":
        return packet(binrpc.FAULT, number, code, message)
    error = {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": number}
    return framed(way, json.dumps(error).encode(), status=code)


def framed(way: str, body: bytes, status: int = 200) -> bytes:
    """Return BODY as the transport WAY carries it."""
    if way != "http":
        return body
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def packet(kind: int, cookie: int, *values: str | int) -> bytes:
    """Return a BINRPC packet of KIND with VALUES, up to 65 535 bytes long."""
    whole = binrpc.request("", values, 1)
    records = whole[whole.index(b"\x11\0") + 2 :]  # behind the empty name of the method
    return bytes((0xA1, kind << 4 | 1 << 2 | 3)) + len(records).to_bytes(2, "big") + cookie.to_bytes(4, "big") + records
