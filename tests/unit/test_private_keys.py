"""Private keys: which PEM files are taken, and that none is shown."""

from __future__ import annotations

import base64
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kazoo_sup.kazoo.auth import private_keys
from kazoo_sup.kazoo.auth.private_keys import BadKey
from kazoo_sup.kazoo.auth.rsa_signature import NoCryptography


def pem(content, label="RSA PRIVATE KEY"):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"


KEY = generate_private_key(65537, 1024).private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def test_a_key_is_written_in_lines_of_64_and_nothing_else_of_the_file():
    text = private_keys.read(f"Some words before\n{pem(KEY)}and after", "key.pem")
    lines = text.splitlines()
    assert lines[0] == "-----BEGIN RSA PRIVATE KEY-----"
    assert {len(line) for line in lines[1:-3]} == {64}
    assert base64.b64decode("".join(lines[1:-2])) == KEY
    assert private_keys.read(text, "key.pem") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no PEM block"),
        (pem(KEY, "PRIVATE KEY"), "openssl rsa -traditional"),
        (pem(KEY, "CERTIFICATE"), "a certificate"),
        (pem(KEY).replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1), "encrypted"),
        (pem(KEY[:-1]), "damaged"),
        (pem(KEY + b"\0"), "damaged"),
        (pem(b"\x30\x03\x02\x01\x01"), "damaged"),
        (pem(b"\x30\x82"), "damaged"),
        (pem(KEY).replace("\nMII", "\n*II", 1), "damaged"),
    ],
)
def test_what_is_no_such_key_is_refused_without_being_shown(text, reason):
    with pytest.raises(BadKey, match=reason) as caught:
        private_keys.read(text, "key.pem")
    assert base64.b64encode(KEY).decode()[:20] not in str(caught.value)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(NoCryptography, match=r"pip install 'kazoo-sup\[auth\]'"):
        private_keys.read(pem(KEY), "key.pem")
