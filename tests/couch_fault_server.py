"""A small CouchDB for tests on 127.0.0.1 that keeps documents in memory and misbehaves on demand."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

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
    server: CouchFaultServer

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

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - http.server's names

    def send(self, done: Answer) -> None:
        body = b"" if self.command == "HEAD" else done.body
        head = "".join(f"{name}: {value}\r\n" for name, value in done.headers.items())
        length = f"Content-Length: {len(done.body)}\r\n\r\n"
        self.wfile.write(f"HTTP/1.1 {done.status} x\r\n{head}{length}".encode() + body)

    def log_message(self, *_: Any) -> None:
        pass


class CouchFaultServer(ThreadingHTTPServer):
    """A context manager; `url` is its address, `requests` what came in, `written` how often a document was stored."""

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
        self.databases: dict[str, dict[str, dict[str, Any]]] = {}
        self.attachments: dict[tuple[str, str, str], tuple[bytes, str]] = {}
        self.requests: list[Request] = []
        self.written: Counter[tuple[str, str]] = Counter()
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
        connection.settimeout(10)
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

    # -- CouchDB

    def respond(self, request: Request) -> Answer:
        path = urlsplit(request.path).path.strip("/")
        options = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        name, *below = [unquote(segment) for segment in path.split("/")]
        if not name:
            return answer(200, {"couchdb": "Welcome", "version": "3.4.2"})
        if name == "_all_dbs":
            return answer(200, sorted(self.databases))
        documents = self.databases.get(name)
        if not below and request.method == "PUT":
            if documents is not None:
                return answer(412, {"error": "file_exists", "reason": "The file already exists."})
            self.databases[name] = {}
            return answer(201, {"ok": True})
        if documents is None:
            return answer(404, {"error": "not_found", "reason": "Database does not exist."})
        if not below:
            if request.method == "DELETE":
                del self.databases[name]
            return answer(200, {"ok": True})
        match below:
            case ["_bulk_docs"]:
                return answer(201, [self.store(name, document) for document in json.loads(request.body)["docs"]])
            case ["_all_docs"]:
                return self.all_docs(documents, request, options)
            case ["_design", *_]:
                return answer(404, {"error": "not_found", "reason": "missing"})
            case [identifier, attachment]:
                return self.attachment((name, identifier, attachment), request, options)
        document = documents.get(below[0])
        if document is None or document.get("_deleted"):
            return answer(404, {"error": "not_found", "reason": "deleted" if document else "missing"})
        return answer(200, document)

    def store(self, database: str, document: dict[str, Any]) -> dict[str, Any]:
        documents, key = self.databases[database], document["_id"]
        before = documents.get(key)
        current = None if before is None or (before.get("_deleted") and "_rev" not in document) else before["_rev"]
        if current != document.get("_rev"):
            return {"id": key, "error": "conflict", "reason": "Document update conflict."}
        generation = int(before["_rev"].partition("-")[0]) if before else 0
        digest = hashlib.md5(json.dumps([document, generation], sort_keys=True).encode(), usedforsecurity=False)
        revision = f"{generation + 1}-{digest.hexdigest()}"
        documents[key] = {**document, "_rev": revision}
        self.written[database, key] += 1
        return {"ok": True, "id": key, "rev": revision}

    def all_docs(self, documents: dict[str, dict[str, Any]], request: Request, options: dict[str, str]) -> Answer:
        if request.method == "POST":
            keys = json.loads(request.body)["keys"]
        else:
            keys = sorted(key for key, document in documents.items() if not document.get("_deleted"))
            keys = [key for key in keys if key >= json.loads(options.get("startkey", '""'))]
            keys = [key for key in keys if "endkey" not in options or key <= json.loads(options["endkey"])]
            keys = keys[: int(options.get("limit", len(keys)))]
        rows = []
        for key in keys:
            document = documents.get(key)
            if document is None:
                rows.append({"key": key, "error": "not_found"})
                continue
            value = {"rev": document["_rev"], **({"deleted": True} if document.get("_deleted") else {})}
            row = {"id": key, "key": key, "value": value}
            if options.get("include_docs") == "true":
                row["doc"] = None if document.get("_deleted") else document
            rows.append(row)
        return answer(200, {"total_rows": len(documents), "offset": 0, "rows": rows})

    def attachment(self, place: tuple[str, str, str], request: Request, options: dict[str, str]) -> Answer:
        if request.method == "PUT":
            document = dict(self.databases[place[0]].get(place[1], {"_id": place[1]}))
            if document.pop("_rev", None) != options.get("rev"):
                return answer(409, {"error": "conflict", "reason": "Document update conflict."})
            stub = {place[2]: {"stub": True}}
            document["_attachments"] = document.get("_attachments", {}) | stub
            self.attachments[place] = request.body, request.headers["Content-Type"]
            return answer(201, self.store(place[0], document | ({"_rev": options["rev"]} if "rev" in options else {})))
        if place not in self.attachments:
            return answer(404, {"error": "not_found", "reason": "Document is missing attachment"})
        content, content_type = self.attachments[place]
        return Answer(200, content, {"Content-Type": content_type})
