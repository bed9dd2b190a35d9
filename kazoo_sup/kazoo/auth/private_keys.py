"""RSA private keys in PEM files (RFC 7468), in the one form that Kazoo stores: PKCS #1 (RFC 8017, A.1.2), in clear."""

from __future__ import annotations

import re

from kazoo_sup.errors import UsageError
from kazoo_sup.kazoo.auth import rsa_signature

CONTENT_TYPE = "application/x-pem-file"
FILE_NAME = "private_key.pem"

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_RSA = "RSA PRIVATE KEY"


class BadKey(UsageError):
    """{file}: {reason}"""

    file: str
    reason: str


def read(text: str, file: str) -> str:
    """Return the first key of a PEM file, alone and in the lines of 64 characters that Kazoo writes.

    What else is in the file never appears in an error. Raises BadKey, and NoCryptography.
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
        key = rsa_signature.private_key(block[0].encode())
    except ValueError:
        raise BadKey(file=file, reason="its PEM block is damaged") from None
    return f"{rsa_signature.traditional(key)}\n"
