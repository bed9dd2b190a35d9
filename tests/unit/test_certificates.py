"""When the certificate of a real TLS server expires."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime

import pytest

from helpers import real_servers
from kazoo_sup.errors import ServerUnreachable, TimedOut
from kazoo_sup.transports.certificates import expiry
from kazoo_sup.transports.net import Tls

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A directory with a certificate that is its own authority and holds for ten days."""
    directory = tmp_path_factory.mktemp("tls")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-keyout", "key.pem"]
    named = ["-out", "cert.pem", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make, *named], cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture
def port(made):
    """The port of a server that shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "cert.pem", made / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connected, _ = listener.accept()
                with connected, contextlib.suppress(OSError), context.wrap_socket(connected, server_side=True) as talk:
                    talk.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_trusted_certificate_says_until_when_it_holds(made, port):
    found = expiry("127.0.0.1", port, Tls(ca_file=made / "cert.pem"), 10)
    assert 9 <= (found - datetime.now(UTC)).days <= 10


def test_one_that_is_not_trusted_says_why(port):
    with pytest.raises(ServerUnreachable, match="its certificate is not trusted: self.signed certificate"):
        expiry("127.0.0.1", port, Tls(), 10)


def test_where_nobody_listens_there_is_none():
    with pytest.raises(ServerUnreachable, match="connection refused"):
        expiry("127.0.0.1", real_servers.free_port(), Tls(), 10)


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimedOut):
        expiry("127.0.0.1", silent.getsockname()[1], Tls(), 0.2)


def test_a_server_without_tls_is_none():
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def serve():
            connected, _ = plain.accept()
            with connected:
                connected.recv(1000)
                connected.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ServerUnreachable):
            expiry("127.0.0.1", plain.getsockname()[1], Tls(), 10)
        thread.join()
