"""RSA signatures with a private key in PEM form: PKCS #1 v1.5 with SHA-256, which is RS256 of JSON web tokens.

RFC 8017, 8.2.1 and A.1.2; RFC 7518, 3.3. Keys in PKCS #8 form are read too (RFC 5208).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

_PEM = re.compile(rb"-----BEGIN (RSA )?PRIVATE KEY-----(.+?)-----END (RSA )?PRIVATE KEY-----", re.DOTALL)
_SEQUENCE = 0x30
_SHA_256 = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo in front of the digest
_LONG_LENGTH = 0x80
_SHORTEST_PADDING = 11


def sign(pem: bytes, message: bytes) -> bytes:
    """Return the signature of MESSAGE by the private key in PEM. Raises ValueError for what is no such key."""
    modulus, exponent = private_key(pem)
    size = (modulus.bit_length() + 7) // 8
    digest = _SHA_256 + hashlib.sha256(message).digest()
    if size < len(digest) + _SHORTEST_PADDING:
        raise ValueError("the key is too short for SHA-256")
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    return pow(int.from_bytes(padded), exponent, modulus).to_bytes(size)


def private_key(pem: bytes) -> tuple[int, int]:
    """Return modulus and private exponent of a key in PEM form. Raises ValueError."""
    found = _PEM.search(pem)
    if not found:
        raise ValueError("it holds no RSA private key in PEM form")
    try:
        der = base64.b64decode(found[2], validate=False)
        parts = _sequence(der)
        if not found[1]:
            parts = _sequence(parts[2])
        _version, modulus, _public, exponent = (int.from_bytes(each) for each in parts[:4])
    except (binascii.Error, IndexError, ValueError) as error:
        raise ValueError("its RSA private key cannot be read") from error
    return modulus, exponent


def _sequence(der: bytes) -> list[bytes]:
    """Return the contents of the elements of the sequence that DER holds."""
    if der[0] != _SEQUENCE:
        raise ValueError("no sequence")
    content, _rest = _element(der)
    parts = []
    while content:
        part, content = _element(content)
        parts.append(part)
    return parts


def _element(der: bytes) -> tuple[bytes, bytes]:
    length, start = der[1], 2
    if length & _LONG_LENGTH:
        start += length & ~_LONG_LENGTH
        length = int.from_bytes(der[2:start])
    if start + length > len(der):
        raise ValueError("cut off")
    return der[start : start + length], der[start + length :]
