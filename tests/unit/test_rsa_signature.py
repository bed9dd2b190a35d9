"""RSA signatures, held against OpenSSL's."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest

from kazoo_sup.kazoo.auth import rsa_signature, tokens


@pytest.fixture(params=[True, False], ids=["PKCS 1", "PKCS 8"], scope="module")
def key(request, tmp_path_factory):
    """A private key in either form, as a file."""
    file = tmp_path_factory.mktemp("key") / "private_key.pem"
    form = ["-traditional"] if request.param else []
    subprocess.run(["openssl", "genrsa", *form, "-out", file, "1024"], check=True, capture_output=True)
    assert (b"BEGIN RSA PRIVATE" in file.read_bytes()) == request.param
    return file


def is_signed(key, message, signature, tmp_path):
    public, signed = tmp_path / "public.pem", tmp_path / "signature"
    subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    signed.write_bytes(signature)
    command = ["openssl", "dgst", "-sha256", "-verify", public, "-signature", signed]
    return subprocess.run(command, input=message, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("message", [b"", b"hello", b"x" * 100_000])
def test_openssl_takes_it_for_its_own(key, message, tmp_path):
    signature = rsa_signature.sign(key.read_bytes(), message)
    assert is_signed(key, message, signature, tmp_path)
    assert not is_signed(key, message + b".", signature, tmp_path)


def test_a_token_is_three_parts_of_which_the_last_signs_the_others(key, tmp_path):
    token = tokens.signed({"account_id": "é"}, key.read_bytes(), "kid1")
    header, claims, signature = token.split(".")
    assert "=" not in token
    assert json.loads(_decoded(header)) == {"alg": "RS256", "typ": "JWT", "kid": "kid1"}
    assert json.loads(_decoded(claims)) == {"account_id": "é"}
    assert is_signed(key, f"{header}.{claims}".encode(), _decoded(signature), tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no key", slice(0, 200), slice(100, None)])
def test_what_is_no_key_is_refused(key, damage):
    pem = key.read_bytes()[damage] if isinstance(damage, slice) else damage
    with pytest.raises(ValueError, match="RSA private key"):
        rsa_signature.sign(pem, b"x")


def test_a_key_whose_content_is_damaged_is_refused(key):
    first, body = key.read_bytes().split(b"\n", 1)
    with pytest.raises(ValueError, match="cannot be read"):
        rsa_signature.private_key(first + b"\nAAAA" + body)


def _decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
