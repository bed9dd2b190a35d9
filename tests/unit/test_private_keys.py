"""Private keys: which PEM files are taken, and that none is shown."""

from __future__ import annotations

import base64

import pytest

from kazoo_sup.kazoo.auth import private_keys
from kazoo_sup.kazoo.auth.private_keys import BadKey


def der(tag, content):
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def pem(content, label="RSA PRIVATE KEY"):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"


KEY = der(0x30, b"".join(der(0x02, bytes([number]) * 100) for number in range(9)))


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
        (pem(der(0x30, der(0x02, b"\1"))), "damaged"),
        (pem(b"\x30\x82"), "damaged"),
        (pem(KEY).replace("g", "*"), "damaged"),
    ],
)
def test_what_is_no_such_key_is_refused_without_being_shown(text, reason):
    with pytest.raises(BadKey, match=reason) as caught:
        private_keys.read(text, "key.pem")
    assert base64.b64encode(KEY).decode()[:20] not in str(caught.value)
