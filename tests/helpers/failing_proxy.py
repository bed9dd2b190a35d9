"""A reverse proxy on 127.0.0.1 in front of a CouchDB, for which some databases fail as those of a sick cluster do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

import requests

TIMEOUT = 600
_OF_THE_CONNECTION = {
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
    "accept-encoding",
    "content-encoding",
}
_SICK = {"error": "timeout", "reason": "The request could not be processed in a reasonable amount of time."}


class FailingProxy:
    """`failing` maps the beginning of a database's (plain) name to how it fails: a status, or `cut`.

    `only` is how the paths end that fail; all do where it is empty. `garble` is what JSON goes through on its way back.
    """

    def __init__(self, upstream: str, failing: dict[str, int | str]) -> None:
        self.failing = failing
        self.only = ""
        self.garble: Callable[[bytes], bytes] = lambda body: body
        self._server = _Server(upstream, self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, path: str) -> int | str | None:
        """Return how a request fails, None for one that is passed on."""
        place = path.lstrip("/").partition("?")[0]
        database = unquote(place.partition("/")[0])
        if not place.endswith(self.only):
            return None
        return next((how for name, how in self.failing.items() if database.startswith(name)), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str, proxy: FailingProxy) -> None:
        self.upstream, self.proxy = upstream, proxy
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None: ...

    def _pass(self) -> None:
        body = self._body()
        fault = self.server.proxy.fault(self.path)
        if fault == "cut":
            self.close_connection = True
        elif fault is not None:
            self._answer(int(fault), json.dumps(_SICK).encode(), {"Content-Type": "application/json"})
        else:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            url = self.server.upstream + self.path
            found = requests.request(self.command, url, data=body, headers=kept, timeout=TIMEOUT)
            is_json = found.content and "json" in found.headers.get("Content-Type", "")
            content = self.server.proxy.garble(found.content) if is_json else found.content
            self._answer(found.status_code, content, dict(found.headers))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_COPY = _pass  # noqa: N815 - names of the base class

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().strip(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
