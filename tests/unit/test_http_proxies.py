"""The proxies of the environment: which is taken for whom, and what is said to it and through it."""

from __future__ import annotations

import shutil
import ssl
import subprocess

import pytest

from helpers.fault_server import Answer, FaultServer
from helpers.http_proxy import HttpProxy
from kazoo_sup.errors import Delivered, ServerUnreachable
from kazoo_sup.transports.http import HTTP, Place, Timeouts
from kazoo_sup.transports.net import Tls

ONCE = Timeouts(retry=0)
ANN = "Basic YW5uOnNANGNyZXQ="


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Give a function that sets variables in an environment that had none of the kind."""
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)

    def set_variables(**variables):
        for name, text in variables.items():
            monkeypatch.setenv(name, text)

    return set_variables


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with cert.pem, for couch.example.com and localhost and signed by itself, and its key.pem."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    name = ["-subj", "/CN=x", "-addext", "subjectAltName=DNS:couch.example.com,DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem"]
    subprocess.run([*make, "-out", "cert.pem", *name], cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


@pytest.fixture
def context(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "cert.pem", files / "key.pem")
    return context


class Echo(FaultServer):
    def respond(self, request):
        return Answer(200, request.body or b"hello", {})


@pytest.fixture
def encrypted(context):
    with Echo(tls=context) as server:
        yield server


def asked(url, tls=Tls(), body=None):  # noqa: B008 - immutable
    client = HTTP(Place(url, "the carrier"), timeouts=ONCE, tls=tls)
    try:
        return [client.request("POST" if body else "GET", "/a b", query={"q": "1"}, body=body).body for _ in range(2)]
    finally:
        client.close()


def test_what_is_not_encrypted_is_asked_of_the_proxy(environment):
    with HttpProxy(1) as proxy:
        environment(http_proxy=f"http://ann:s%404cret@{proxy.host}")
        assert asked("http://couch.example.com:5984/x") == [b'{"via": "proxy"}'] * 2
    assert proxy.asked == [("http://couch.example.com:5984/x/a%20b?q=1", ANN)] * 2


@pytest.mark.parametrize("in_tls", [False, True])
def test_what_is_encrypted_goes_through_the_proxy(environment, encrypted, context, files, in_tls):
    with HttpProxy(encrypted.server_port, tls=context if in_tls else None) as proxy:
        environment(https_proxy=f"http{'s' * in_tls}://ann:s%404cret@{proxy.host}")
        large = b"x" * 1_000_000
        assert asked("https://couch.example.com/x", Tls(ca_file=files / "cert.pem"), large) == [large] * 2
    assert proxy.asked == [("couch.example.com:443", ANN)]
    assert [request.path for request in encrypted.requests] == ["/x/a%20b?q=1"] * 2
    assert encrypted.requests[0].headers["Host"] == "couch.example.com"
    assert "Proxy-Authorization" not in encrypted.requests[0].headers


@pytest.mark.parametrize("in_tls", [False, True])
def test_the_server_behind_a_proxy_must_be_trusted_too(environment, encrypted, context, files, in_tls):
    with HttpProxy(encrypted.server_port, tls=context if in_tls else None) as proxy:
        environment(https_proxy=f"http{'s' * in_tls}://{proxy.host}")
        with pytest.raises(ServerUnreachable, match="certificate verify failed"):
            asked("https://other.example.com", Tls(ca_file=files / "cert.pem"))
    assert not encrypted.requests


def test_a_proxy_that_refuses_says_why(environment):
    with HttpProxy(1, refuses=403) as proxy:
        environment(https_proxy=f"http://{proxy.host}")
        with pytest.raises(
            ServerUnreachable, match="the proxy of the environment: Tunnel connection failed: 403"
        ) as error:
            asked("https://couch.example.com")
    assert error.value.delivered is Delivered.NO


def test_whom_this_machine_trusts_is_trusted(monkeypatch, encrypted, files):
    url = f"https://localhost:{encrypted.server_port}"
    with pytest.raises(ServerUnreachable, match="certificate verify failed"):
        asked(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "cert.pem"))
    assert asked(url) == [b"hello"] * 2
