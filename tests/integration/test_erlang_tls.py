"""A node whose distribution is encrypted and that wants a certificate of whoever connects."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

import pytest

from helpers import real_servers

pytestmark = pytest.mark.integration

DAYS = "2"


class Authority(NamedTuple):
    """Who signs certificates, in a directory."""

    directory: object

    @classmethod
    def made(cls, directory):
        directory.mkdir()
        made = cls(directory)
        ca = ["-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS, "-subj", f"/CN={directory.name}"]
        made.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", *ca)
        made.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "asked", "-subj", "/CN=one")
        (directory / "more").write_text("subjectAltName=DNS:localhost\n")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS, "-extfile", "more"]
        made.openssl("x509", "-req", "-in", "asked", "-out", "cert.pem", *signed)
        return made

    def openssl(self, *words):
        command = [real_servers.program("openssl", "openssl"), *words]
        subprocess.run(command, cwd=self.directory, check=True, capture_output=True, timeout=real_servers.START_SECONDS)

    def settings(self, **more):
        """Return what is written of it as the settings' erlang_tls."""
        files = {"ca_file": "ca.pem", "cert_file": "cert.pem", "key_file": "key.pem"}
        given = {name: str(self.directory / file) for name, file in files.items()} | more
        return f"{{{', '.join(f'{name}: {value}' for name, value in given.items() if value)}}}"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return Authority.made(tmp_path_factory.mktemp("tls") / "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority.made(tmp_path_factory.mktemp("tls") / "stranger")


@pytest.fixture(scope="module")
def encrypted(trusted, tmp_path_factory):
    directory = tmp_path_factory.mktemp("encrypted")
    files = {"certfile": "cert.pem", "keyfile": "key.pem", "cacertfile": "ca.pem"}
    plainly = ", ".join(f'{{{name}, "{trusted.directory / file}"}}' for name, file in files.items())
    options = directory / "distribution"
    options.write_text(
        f"[{{server, [{plainly}, {{verify, verify_peer}}, {{fail_if_no_peer_cert, true}}]}},\n"
        f" {{client, [{plainly}, {{verify, verify_peer}}]}}].\n"
    )
    words = ("-proto_dist", "inet_tls", "-ssl_dist_optfile", str(options))
    node = real_servers.ErlangNode(directory, *words, name="encrypted")
    yield node
    node.stop()


@pytest.fixture
def call(sup, encrypted, tmp_path):
    """Call erlang:node() on that node with what the settings say of its certificates, if anything."""
    file = tmp_path / "tls.yaml"

    def run(tls, *words):
        file.write_text("zones:\n  local:\n    " + (f"erlang_tls: {tls}\n" if tls else "timeouts: {connect: 30}\n"))
        env = {
            "ERL_EPMD_PORT": str(encrypted.epmd_port),
            "KAZOO_COOKIE": encrypted.cookie,
            "SUP_HOST": "localhost",
            "SUP_AMQP_URL": "",
        }
        return sup("--config", str(file), "-n", "encrypted", *(words or ("erlang", "node")), env=env)

    return run


def test_both_show_certificates_that_the_other_trusts(call, trusted):
    assert call(trusted.settings())[:2] == (0, "encrypted@localhost\n")


def test_large_answers_and_printed_text_come_through(call, trusted):
    done = call(trusted.settings(), "probe_maintenance", "binary", "300000")
    assert done.stdout == f'<<"{"x" * 300_000}">>\n'
    done = call(trusted.settings(), "probe_maintenance", "noisy", "500")
    assert done.stdout.splitlines() == [*(str(number) for number in range(1, 501)), "ok"]


def test_a_node_of_another_authority_is_not_believed(call, stranger):
    done = call(stranger.settings())
    assert (done.code, done.stdout) == (1, "")
    assert "certificate is not trusted" in done.stderr


def test_the_node_believes_no_stranger(call, stranger, trusted):
    done = call(stranger.settings(ca_file=str(trusted.directory / "ca.pem")))
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("sup: ")


def test_nothing_is_verified_where_the_settings_say_so(call, trusted):
    assert call(trusted.settings(ca_file="", verify="false"))[:2] == (0, "encrypted@localhost\n")


def test_without_the_setting_it_is_said_that_the_node_may_encrypt(call):
    done = call("")
    assert (done.code, done.stdout) == (1, "")
    assert "encrypts its distribution" in done.stderr


def test_a_wrong_cookie_is_refused_there_too(call, trusted):
    done = call(trusted.settings(), "-c", "wrong", "erlang", "node")
    assert done.code == 1
    assert "refused the cookie" in done.stderr
