"""RSA private keys in PEM files (RFC 7468), in the one form that Kazoo stores: PKCS #1 (RFC 8017, A.1.2), in clear."""

from __future__ import annotations

import base64
import binascii
import re
import textwrap

from kazoo_sup.errors import UsageError

CONTENT_TYPE = "application/x-pem-file"
FILE_NAME = "private_key.pem"

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_RSA = "RSA PRIVATE KEY"
_INTEGERS = 9
"""Version, modulus, both exponents, both primes, the two exponents of them, the coefficient."""

_SEQUENCE, _INTEGER = 0x30, 0x02
_LONG = 0x80


class BadKey(UsageError):
    """{file}: {reason}"""


def read(text: str, file: str) -> str:
    """Return the first key of a PEM file, alone and in the lines of 64 characters that Kazoo writes.

    What else stands in the file never appears in an error. Raises BadKey.
    """
    block = _BLOCK.search(text)
    if block is None:
        raise BadKey(file=file, reason="there is no PEM block in it")
    if block[1] != _RSA:
        reason = f"it holds a {block[1].lower()}; Kazoo takes an {_RSA}, which `openssl rsa -traditional` makes of it"
        raise BadKey(file=file, reason=reason)
    if ":" in block[2]:
        raise BadKey(file=file, reason="the key is encrypted; `openssl rsa -traditional` takes the passphrase off")
    try:
        der = base64.b64decode("".join(block[2].split()), validate=True)
    except binascii.Error:
        der = b""
    if not _is_key(der):
        raise BadKey(file=file, reason="its PEM block is damaged")
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {_RSA}-----\n{body}\n-----END {_RSA}-----\n\n"


def _is_key(der: bytes) -> bool:
    """Tell whether DER is one sequence of as many integers as a private key has, and nothing else."""
    outer = _value(der, 0, _SEQUENCE)
    if outer is None or outer[1] != len(der):
        return False
    position, count = outer[0], 0
    while position < len(der):
        inner = _value(der, position, _INTEGER)
        if inner is None:
            return False
        position, count = inner[1], count + 1
    return count == _INTEGERS


def _value(der: bytes, position: int, tag: int) -> tuple[int, int] | None:
    """Return where the contents of a value of this tag begin and end; None where there is none."""
    if position + 2 > len(der) or der[position] != tag:
        return None
    length, begin = der[position + 1], position + 2
    if length >= _LONG:
        width = length - _LONG
        length, begin = int.from_bytes(der[begin : begin + width], "big"), begin + width
    return (begin, begin + length) if begin + length <= len(der) else None
