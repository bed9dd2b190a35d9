"""A zone for tests with all kinds of servers in it, real ones where they can be had, of which some are dead.

The dead ones refuse connections, or take them and say nothing, or say what makes no sense.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from helpers import real_servers
from helpers.byte_server import ByteServer, Silence
from helpers.esl_server import EslServer, gateway
from helpers.kazoo_nodes import KazooNode, gregorian

ABOUT = {"data": {"message": "invalid credentials"}, "error": "401", "status": "error", "version": "4.3.142"}
PAGE = "<!DOCTYPE html><html><head><title>Monster UI</title></head></html>"


class _Pages(BaseHTTPRequestHandler):
    """A Crossbar that lets nobody in below /v2, and a Monster UI elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        crossbar = self.path.startswith("/v2")
        body = json.dumps({**ABOUT, "request_id": "0123"}) if crossbar else PAGE
        self.send_response(401 if crossbar else 200)
        self.send_header("Content-Type", "application/json" if crossbar else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - as in http.server


@contextlib.contextmanager
def pages() -> Iterator[str]:
    """Give the URL of a web server that is a Crossbar and a Monster UI."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _silence(_request: bytes) -> Iterator[bytes]:
    raise Silence
    yield b""


def _nonsense(_request: bytes) -> Iterator[bytes]:
    yield b"220 mail.example.com ESMTP\r\n\r\n\n"


class ZoneBench:
    """A zone of thirty endpoints, of which eleven are dead; `file` is a settings file with it.

    Given are a broker with its management API, an HAProxy in front of a CouchDB, that CouchDB, and a Kamailio.
    """

    def __init__(
        self,
        directory: Path,
        *,
        rabbitmq: real_servers.RabbitMQ,
        haproxy: real_servers.HAProxy,
        couchdb_url: str,
        kamailio: real_servers.Kamailio,
    ) -> None:
        self.file = directory / "sup.yaml"
        self._given = rabbitmq, haproxy, couchdb_url, kamailio
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._open:
            self.zone = self._zone()
            self._open = self._open.pop_all()
        self.file.write_text(yaml.safe_dump({"zones": {"east": self.zone}}), encoding="utf-8")
        self.file.chmod(0o600)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def names(self) -> list[str]:
        """The names of all endpoints, as the rows of the page have them."""
        kinds = ("freeswitch", "kamailio", "haproxy", "rabbitmq_api", "crossbar", "monster_ui")
        named = [name for kind in kinds for name in self.zone[kind]]
        return [
            *named,
            *(urlsplit(url).netloc.rpartition("@")[2] for url in (*self.zone["amqp"], *self.zone["couchdb"])),
        ]

    def _dead(self, scheme: str, how: str) -> str:
        if how == "refuses":
            return f"{scheme}://127.0.0.1:{real_servers.free_port()}"
        server = self._open.enter_context(ByteServer(_silence if how == "silent" else _nonsense))
        return f"{scheme}://127.0.0.1:{server.port}"

    def _freeswitches(self) -> dict[str, str]:
        found = {}
        for number in range(1, 7):
            server = self._open.enter_context(EslServer())
            found[f"fs{number}.example.com"] = f"esl://:ClueCon@127.0.0.1:{server.port}"
        server.gateways = [
            gateway("carrier1", state="REGED"),
            gateway("carrier2", state="FAIL_WAIT", status="DOWN"),
            gateway("carrier3", state="NOREG", status="DOWN"),
        ]
        for number, how in enumerate(("refuses", "silent", "nonsense"), 7):
            found[f"fs{number}.example.com"] = self._dead("esl", how)
        return found

    def _zone(self) -> dict[str, Any]:
        rabbitmq, haproxy, couchdb_url, kamailio = self._given
        web = self._open.enter_context(pages())
        nodes = ["kazoo_apps@apps1.example.com", "ecallmgr@apps1.example.com", "kazoo_apps@apps2.example.com"]
        for name in nodes[:2]:
            advert = {"WhApps": {app: {"Startup": gregorian() - 90_000} for app in ("crossbar", "callflow", "sysconf")}}
            self._open.enter_context(KazooNode(rabbitmq.url, name, advert={"Expires": 15_000, **advert}))
        return {
            "freeswitch": self._freeswitches(),
            "kamailio": {
                **{f"proxy{number}.example.com": url for number, url in enumerate(kamailio.urls.values(), 1)},
                "proxy6.example.com": self._dead("http", "refuses"),
                "proxy7.example.com": self._dead("http", "silent"),
            },
            "haproxy": {
                "lb1.example.com": f"unix:{haproxy.admin_socket}",
                "lb2.example.com": f"tcp://{haproxy.admin_address}",
                "lb3.example.com": self._dead("tcp", "silent"),
                "lb4.example.com": self._dead("tcp", "nonsense"),
            },
            "rabbitmq_api": {"mq1.example.com": rabbitmq.api_url},
            "crossbar": {"api1.example.com": f"{web}/v2", "api2.example.com": self._dead("http", "silent")},
            "monster_ui": {"ui1.example.com": web, "ui2.example.com": self._dead("http", "refuses")},
            "amqp": [rabbitmq.url, self._dead("amqp", "silent")],
            "couchdb": [couchdb_url, haproxy.url, self._dead("http", "nonsense")],
            "kazoo_nodes": nodes,
        }
