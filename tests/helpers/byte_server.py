"""A server for tests that sends just the bytes it is told to, however little sense they make."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

Answer = Callable[[bytes], Iterable[bytes]]
"""What to send, piece by piece, to somebody whose request begins with these bytes."""


class Silence(Exception):
    """Raised by an answer: send no more, and keep the connection open."""


class ByteServer:
    """Listens on `port` of 127.0.0.1, or on a socket at PATH; gives every connection an answer, then closes it."""

    def __init__(self, answer: Answer, path: Path | None = None) -> None:
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port: int = self._listener.getsockname()[1]
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen()
        self._answer = answer
        self._closing = threading.Event()
        self.requests: list[bytes] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._threads:
            each.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connected,)))
            self._threads[-1].start()

    def _serve(self, connected: socket.socket) -> None:
        with connected, contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            request = connected.recv(65_536)
            self.requests.append(request)
            try:
                for piece in self._answer(request):
                    if self._closing.is_set():
                        return
                    connected.sendall(piece)
            except Silence:
                self._closing.wait()
